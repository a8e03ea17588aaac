//! Where the samples of all threads are put together: what the whole run saw, moment by moment.

use std::collections::BTreeMap;

use crate::{
    figures,
    plan::{Plan, nanoseconds},
    record::{
        distribution::Distribution,
        flights::{Flights, Landing},
        order::{Order, Place},
        sample::{ByNode, SAMPLE, Sample, Totals},
    },
};

/// What all threads received so far.
#[derive(Debug)]
pub struct Collection {
    /// For each thread, the moment that its last sample began with.
    progress: Vec<u64>,
    /// Moments that some thread may still add to.
    open: BTreeMap<u64, Open>,
    moments: Vec<Moment>,
    /// By publisher; the receivers are threads.
    flights: Vec<Flights>,
    channels: Vec<Channel>,
    skipped: Vec<u64>,
    duplicated: Vec<u64>,
    /// From the intended sending to each client.
    pub latency: Distribution,
    /// From the actual sending to each client.
    pub sent_latency: Distribution,
    /// What the latency would be if everything had been sent as soon as its socket took it.
    pub prompt_latency: Distribution,
    /// The first of these once more, where a hub has several nodes.
    pub by_node: Option<ByNode>,
    /// From the intended sending to the last client.
    pub last_receiver: Distribution,
    /// The same by stage, if there are any.
    pub last_receiver_by_stage: Vec<Distribution>,
    /// From the first client to the last.
    pub spread: Distribution,
    /// Messages in a frame.
    pub batch: Distribution,
}

/// The messages of one channel, as the threads say they were ordered.
#[derive(Debug)]
struct Channel {
    /// Of all threads, which are its receivers.
    order: Order,
    /// By thread: the highest place that it gave a message which landed there.
    landed: Vec<Place>,
}

/// What came in one moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When it ended, in seconds since the first message.
    pub at_seconds: f64,
    /// Messages to clients, per second.
    pub delivered_per_second: f64,
    /// Latency that half did not exceed, in nanoseconds; `None` if nothing was measured.
    pub p50_ns: Option<u64>,
    /// Latency that 99 of a hundred did not exceed.
    pub p99_ns: Option<u64>,
    /// The same to the last receivers of the messages that reached them all.
    pub last_receiver_p99_ns: Option<u64>,
}

#[derive(Debug, Default)]
struct Open {
    totals: Totals,
    latency: Distribution,
    last_receiver: Distribution,
}

impl Collection {
    /// Nothing yet, of a planned run.
    pub fn new(plan: &Plan) -> Self {
        let flights = (0..plan.publishers).map(|publisher| {
            let channel = plan.channel(publisher);
            let listens = |&thread: &usize| {
                plan.clients_of(thread).any(|client| {
                    let is_own = client == publisher && !plan.is_own_receiver();
                    plan.channel(client) == channel && plan.role(client).stays() && !is_own
                })
            };
            let threads = (0..plan.threads).filter(listens).count();
            Flights::new(u32::try_from(threads).expect("threads are few"))
        });
        let channel = || Channel {
            order: Order::new(1, plan.threads),
            landed: vec![Place::default(); plan.threads],
        };
        Self {
            progress: vec![0; plan.threads],
            open: BTreeMap::new(),
            moments: Vec::new(),
            flights: flights.collect(),
            channels: std::iter::repeat_with(channel)
                .take(plan.channels)
                .collect(),
            skipped: vec![0; plan.threads],
            duplicated: vec![0; plan.threads],
            latency: Distribution::default(),
            sent_latency: Distribution::default(),
            prompt_latency: Distribution::default(),
            by_node: (plan.nodes > 1).then(ByNode::default),
            last_receiver: Distribution::default(),
            last_receiver_by_stage: vec![Distribution::default(); plan.stages.len()],
            spread: Distribution::default(),
            batch: Distribution::default(),
        }
    }

    /// Adds what one thread received.
    pub fn add(&mut self, sample: &Sample) {
        self.latency.add(&sample.latency);
        self.sent_latency.add(&sample.sent_latency);
        self.prompt_latency.add(&sample.prompt_latency);
        if let (Some(by_node), Some(more)) = (&mut self.by_node, &sample.by_node) {
            by_node.own.add(&more.own);
            by_node.other.add(&more.other);
        }
        self.batch.add(&sample.batch);
        self.skipped[sample.thread] = sample.skipped;
        self.duplicated[sample.thread] = sample.duplicated;
        let open = self.open.entry(sample.moment).or_default();
        open.totals += sample.totals;
        open.latency.add(&sample.latency);
        open.latency.add(&sample.ramp_latency);
        for landed in &sample.landed {
            let flights = &mut self.flights[usize::from(landed.publisher)];
            let Landing {
                first_ns,
                last_ns,
                place,
            } = landed.landing;
            let of = usize::from(landed.publisher) % self.channels.len();
            let channel = &mut self.channels[of];
            let landing = flights.arrived(landed.sequence, first_ns, last_ns, |among_all| {
                // A thread is believed in the order that it found, and was told of what is not in that.
                if place.follows(channel.landed[sample.thread]) {
                    channel.landed[sample.thread] = place;
                    let name = (landed.publisher, landed.sequence);
                    channel.order.saw(0, sample.thread, name, among_all);
                }
            });
            if let Some((landing, intended_ns)) = landing.zip(landed.measured_ns) {
                let latency_ns = landing.last_ns.saturating_sub(intended_ns);
                open.last_receiver.record(latency_ns);
                if let Some(stage) = landed.stage {
                    self.last_receiver_by_stage[stage.index].record(latency_ns);
                }
                if landed.stage.is_none_or(|stage| stage.holds_still) {
                    self.last_receiver.record(latency_ns);
                    self.spread.record(landing.last_ns - landing.first_ns);
                }
            }
        }
        self.progress[sample.thread] = sample.moment;
        let done = self.progress.iter().min().copied().unwrap_or(0);
        self.finish(done);
    }

    /// Ends all moments, since no more samples come.
    pub fn end(&mut self) {
        self.finish(u64::MAX);
        let orders = self.channels.iter_mut();
        orders.for_each(|channel| channel.order.end());
    }

    /// The moments that are over.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The last moment that is over.
    pub fn latest(&self) -> Option<&Moment> {
        self.moments.last()
    }

    /// Messages in another order in one thread than in another.
    pub fn disordered(&self) -> u64 {
        let orders = self.channels.iter().map(|channel| &channel.order);
        orders.map(Order::disordered).sum()
    }

    /// Messages that clients were passed over with up to now.
    pub fn skipped(&self) -> u64 {
        self.skipped.iter().sum()
    }

    /// Messages that came to clients again up to now.
    pub fn duplicated(&self) -> u64 {
        self.duplicated.iter().sum()
    }

    fn finish(&mut self, before: u64) {
        let rest = self.open.split_off(&before);
        for (moment, open) in std::mem::replace(&mut self.open, rest) {
            let p99 = |of: &Distribution| (of.count() > 0).then(|| of.quantile(0.99));
            let end = u32::try_from(moment + 1).unwrap_or(u32::MAX);
            self.moments.push(Moment {
                at_seconds: (SAMPLE * end).as_secs_f64(),
                delivered_per_second: figures::per_second(
                    open.totals.messages,
                    nanoseconds(SAMPLE),
                ),
                p50_ns: (open.latency.count() > 0).then(|| open.latency.quantile(0.5)),
                p99_ns: p99(&open.latency),
                last_receiver_p99_ns: p99(&open.last_receiver),
            });
        }
    }
}
