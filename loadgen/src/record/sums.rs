//! What adds up over all threads of a run.

use std::collections::BTreeMap;

use crate::record::{
    distribution::Distribution,
    echoes,
    end::{End, Stays},
    heard::Heard,
    integrity::Counts,
    pings,
    recovery::Recovery,
    stages::Part,
};

/// What adds up over all threads.
#[derive(Debug, Default)]
pub struct Sums {
    /// How deliveries went to those who were there from the begin.
    pub counts: Counts,
    /// Deliveries in another order than to other clients of the same thread.
    pub disordered: u64,
    /// Deliveries that are missing at the end: skipped, or never come to a client that was still there.
    pub lost: u64,
    /// Whether some was still under way when the user had nobody wait for it any more: it is neither delivered nor lost.
    pub unawaited: bool,
    /// Deliveries that disconnected clients did not get any more.
    pub missed: u64,
    /// Deliveries to the very client that sent the message.
    pub to_sender: u64,
    /// What came of what they said themselves to those who get no copy of it.
    pub echoes: echoes::Counts,
    /// Deliveries to clients of another channel.
    pub stray: u64,
    /// Frames that are not of this run, and messages that are damaged.
    pub foreign: u64,
    /// How many of these were messages that are damaged.
    pub damaged: u64,
    /// Deliveries of messages that nobody sent.
    pub invented: u64,
    /// Frames without messages that were awaited or answered.
    pub heeded: u64,
    /// Publishers that the server had stopped reading at the end.
    pub unread: u64,
    /// Messages that were due and never sent, since the server had.
    pub unsent: u64,
    /// Clients at which a message began and never ended, without those that were asked to be slow.
    pub unended: u64,
    /// What the server said of itself first.
    pub heard: Heard,
    /// How clients were disconnected that were not asked to be slow, and how many in each way.
    pub disconnects: BTreeMap<End, u64>,
    /// How long these were in.
    pub stays: Option<Stays>,
    /// Slow clients that were disconnected, and how many in each way.
    pub slow_disconnects: BTreeMap<End, u64>,
    /// Pings of the server that were answered.
    pub pings: u64,
    /// What came of the clients' own.
    pub own_pings: pings::Counts,
    /// Of the handshakes, from the begin of the connection.
    pub connect: Distribution,
    /// Clients that did not come in.
    pub connect_failed: u64,
    /// How servers answered the offer to deflate.
    pub agreements: Agreements,
    /// How late messages were sent by our own fault.
    pub slip: Distribution,
    /// How late messages were sent because the socket took no more.
    pub blocked: Distribution,
    /// How long one turn of the loop took: the most that our own slowness can add to a latency.
    pub turn: Distribution,
    /// From asking to leave to being in again.
    pub rejoin: Distribution,
    /// How it went for those who were cut off.
    pub recovery: Recovery,
    /// What those saw who came halfway.
    pub storm: Storm,
    /// What was measured of each stage, if there are any.
    pub stages: Vec<Part>,
}

/// How servers answered the offer to deflate, by handshakes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreements {
    /// Each message is deflated apart.
    pub fresh: u64,
    /// Messages refer back to those before.
    pub kept: u64,
    /// None is deflated.
    pub declined: u64,
}

/// What those saw who came halfway.
#[derive(Debug, Default)]
pub struct Storm {
    /// Clients that did not come in.
    pub failed: u64,
    /// How deliveries went, from the first that each of them got.
    pub counts: Counts,
    /// Of the handshakes, from the begin of the connection.
    pub connect: Distribution,
    /// From the begin of the connection to being in the channel, where one asks for that.
    pub join: Distribution,
    /// From the intended sending to each of them.
    pub latency: Distribution,
}

impl Sums {
    /// Whether messages are missing, unless the server may skip what it likes, or clients.
    pub fn are_short(&self, may_skip: bool) -> bool {
        self.missed > 0 || (self.lost > 0 && !may_skip) || !self.disconnects.is_empty()
    }

    /// Adds those of another thread.
    pub fn add(&mut self, other: Self) {
        self.counts.add(other.counts);
        self.disordered += other.disordered;
        self.lost += other.lost;
        self.unawaited |= other.unawaited;
        self.missed += other.missed;
        self.to_sender += other.to_sender;
        self.echoes.add(other.echoes);
        self.stray += other.stray;
        self.foreign += other.foreign;
        self.damaged += other.damaged;
        self.invented += other.invented;
        self.heeded += other.heeded;
        self.unread += other.unread;
        self.unsent += other.unsent;
        self.unended += other.unended;
        self.heard.add(other.heard);
        self.pings += other.pings;
        self.own_pings.add(other.own_pings);
        self.connect_failed += other.connect_failed;
        for (end, count) in other.disconnects {
            *self.disconnects.entry(end).or_default() += count;
        }
        self.stays = self.stays.into_iter().chain(other.stays).reduce(Stays::and);
        for (end, count) in other.slow_disconnects {
            *self.slow_disconnects.entry(end).or_default() += count;
        }
        self.agreements.fresh += other.agreements.fresh;
        self.agreements.kept += other.agreements.kept;
        self.agreements.declined += other.agreements.declined;
        self.connect.add(&other.connect);
        self.slip.add(&other.slip);
        self.blocked.add(&other.blocked);
        self.turn.add(&other.turn);
        self.rejoin.add(&other.rejoin);
        self.recovery.add(&other.recovery);
        self.stages.resize(other.stages.len(), Part::default());
        let stages = self.stages.iter_mut().zip(&other.stages);
        stages.for_each(|(stage, more)| stage.add(more));
        self.storm.failed += other.storm.failed;
        self.storm.counts.add(other.storm.counts);
        self.storm.connect.add(&other.storm.connect);
        self.storm.join.add(&other.storm.join);
        self.storm.latency.add(&other.storm.latency);
    }
}
