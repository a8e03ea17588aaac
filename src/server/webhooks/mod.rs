//! The courier: which events the endpoint of a webhook is told when, and what its answers mean. It knows no socket and no
//! clock: what it is to say comes out as an [`Attempt`], and what came of that goes in as an [`Answer`]. Of several servers one
//! tells, and what it has told all of them know; who comes after it goes on with what is not known to be told.

use std::mem;
use std::time::Duration;

use bytes::Bytes;
use tracing::{info, warn};

use super::{Server, stream::Stream};
use crate::{
    state::{
        backoff::Backoff,
        events::{BatchId, Events, Settlement},
        metrics::WebhookGauges,
    },
    vocabulary::{
        chat::Span,
        id::NodeId,
        time::Now,
        webhook::{Answer, Verdict, WebhookPace, WebhookSecret},
    },
};

/// Tells an endpoint one batch after the other, each until it is told or given up.
#[derive(Debug)]
pub struct Courier {
    secret: WebhookSecret,
    patience: Duration,
    backoff: Backoff,
    chance: fastrand::Rng,
    errand: Option<Errand>,
    /// How many attempts there were, by [`Verdict`].
    attempts: [u64; Verdict::ALL.len()],
    /// Whether the server is drained, and what happens no more is recorded.
    is_ending: bool,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// `webhook-id`: the same for all attempts to tell the same.
    pub id: String,
    /// `webhook-timestamp`: that of this attempt, in seconds since the Unix epoch.
    pub timestamp: u64,
    /// `webhook-signature`.
    pub signature: String,
    /// The body, which is JSON.
    pub body: Bytes,
}

/// A batch that is being told.
#[derive(Debug)]
struct Errand {
    id: BatchId,
    body: Bytes,
    /// When it is given up.
    ends_at: Duration,
    next: Next,
}

/// What is next to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// To try, at this time.
    Attempt(Duration),
    /// To hear what came of it.
    Answer,
    /// To wait until all know that.
    Settlement,
}

impl Courier {
    /// One who has nothing to tell yet. The seed decides how long it waits between attempts.
    pub fn new(secret: WebhookSecret, pace: &WebhookPace, seed: u64) -> Self {
        let [first, longest] = pace.waits;
        Self {
            secret,
            patience: pace.patience,
            backoff: Backoff::new(first, longest),
            chance: fastrand::Rng::with_seed(seed),
            errand: None,
            attempts: Default::default(),
            is_ending: false,
        }
    }

    /// From now on all is signed with another secret.
    pub fn sign_with(&mut self, secret: WebhookSecret) {
        self.secret = secret;
    }

    /// Takes in an answer, if there is one, and says what to say now, if it is time to. To be called at the end of every turn of
    /// the server, before its [node](super::node::Node) has one, so that others get to know at once what became of a batch.
    pub fn turn<S: Stream>(
        &mut self,
        now: Now,
        answer: Option<&Answer>,
        server: &mut Server<S>,
    ) -> Option<Attempt> {
        if let Some(answer) = answer
            && let Some(events) = server.events()
            && let Some(settlement) = self.hear(answer, now, events)
        {
            server.settle(settlement, now);
        }
        if server.is_drained() && server.is_last() && !mem::replace(&mut self.is_ending, true) {
            server.settle(Settlement::Ended, now);
        }
        let events = server.events()?;
        let attempt = self.speak(now, events, server.teller());
        let gauges = WebhookGauges {
            attempts: self.attempts,
            under_way_bytes: self.heap_bytes(),
            events: events.counts(),
        };
        server.note_webhook(gauges);
        attempt
    }

    /// What to say now, if it is time to say something, and this server tells, as this node. It is [answered](Self::hear) before
    /// there is more.
    fn speak(&mut self, now: Now, events: &Events, teller: Option<NodeId>) -> Option<Attempt> {
        let is_void = |errand: &mut Errand| {
            let is_over = teller.is_none() || events.front().as_ref() != Some(&errand.id);
            is_over && errand.next != Next::Answer
        };
        self.errand.take_if(is_void);
        let errand = match &mut self.errand {
            Some(errand) => errand,
            none => {
                let offer = events.offer(teller?)?;
                if let Some(Span { from, to }) = offer.dropped {
                    warn!(
                        from,
                        to, "the webhook's endpoint is told that these events were dropped"
                    );
                }
                none.insert(Errand {
                    id: offer.id,
                    body: offer.body.into(),
                    ends_at: now.monotonic + self.patience,
                    next: Next::Attempt(now.monotonic),
                })
            }
        };
        match errand.next {
            Next::Attempt(at) if at <= now.monotonic => {}
            Next::Attempt(_) | Next::Answer | Next::Settlement => return None,
        }
        errand.next = Next::Answer;
        let (id, timestamp) = (errand.id.to_string(), now.unix().as_secs());
        Some(Attempt {
            signature: self.secret.sign(&id, timestamp, &errand.body),
            id,
            timestamp,
            body: errand.body.clone(),
        })
    }

    /// Takes in what came of the attempt, if there was one, and says what became of the batch, if that is known by now. Another
    /// server may have told it meanwhile.
    fn hear(&mut self, answer: &Answer, now: Now, events: &Events) -> Option<Settlement> {
        let is_awaited = |errand: &&mut Errand| errand.next == Next::Answer;
        let errand = self.errand.as_mut().filter(is_awaited)?;
        let verdict = answer.verdict();
        self.attempts[verdict as usize] += 1;
        errand.next = Next::Settlement;
        if verdict == Verdict::Delivered {
            if self.backoff.failures() > 0 {
                info!("the webhook's endpoint is told what happens again");
            }
            self.backoff.reset();
        }
        if events.front().as_ref() != Some(&errand.id) {
            return None;
        }
        let span @ Span { from, to } = errand.id.span;
        match verdict {
            Verdict::Delivered => Some(Settlement::Told(span)),
            Verdict::Gone => {
                warn!(%answer, "the webhook's endpoint is gone: it is told nothing more until the next start");
                Some(Settlement::Gone(span))
            }
            Verdict::Redirected | Verdict::Refused | Verdict::TimedOut | Verdict::Failed => {
                // A long outage is told once.
                if self.backoff.failures() == 0 {
                    warn!(%answer, from, to, "the webhook's endpoint was not told what happened, and is tried again");
                }
                if now.monotonic >= errand.ends_at {
                    warn!(%answer, from, to, "the webhook's endpoint was away for too long: these events are dropped");
                    return Some(Settlement::GivenUp(span));
                }
                let at = now.monotonic + self.backoff.wait(self.chance.f64());
                errand.next = Next::Attempt(at.min(errand.ends_at));
                None
            }
        }
    }

    /// The server ends: nothing is waited for any more before the next attempt.
    pub fn hurry(&mut self, now: Now) {
        self.backoff.reset();
        if let Some(Errand {
            next: Next::Attempt(at),
            ..
        }) = &mut self.errand
        {
            *at = now.monotonic;
        }
    }

    /// When to have another [`turn`](Self::turn), if nothing happens before.
    pub fn due(&self) -> Option<Duration> {
        match self.errand.as_ref()?.next {
            Next::Attempt(at) => Some(at),
            Next::Answer | Next::Settlement => None,
        }
    }

    /// Whether the server is drained, so that nothing more happens.
    pub fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// Bytes of what it tells.
    fn heap_bytes(&self) -> usize {
        self.errand.as_ref().map_or(0, |errand| errand.body.len())
    }
}

#[cfg(test)]
mod tests;
