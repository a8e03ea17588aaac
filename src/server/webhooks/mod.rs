//! The courier: which events the endpoint of a webhook is told when, and what its answers mean. It knows no socket and no
//! clock: what it is to say comes out as an [`Attempt`], and what came of that goes in as an [`Answer`].

use std::time::Duration;

use bytes::Bytes;
use tracing::{info, warn};

use crate::{
    state::{
        backoff::Backoff,
        events::{Events, Settlement},
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
    id: String,
    span: Span,
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
        }
    }

    /// From now on all is signed with another secret.
    pub fn sign_with(&mut self, secret: WebhookSecret) {
        self.secret = secret;
    }

    /// What to say now, if it is time to say something. It is [answered](Self::hear) before there is more.
    pub fn speak(&mut self, now: Now, events: &Events) -> Option<Attempt> {
        let errand = match &mut self.errand {
            Some(errand) => errand,
            none => {
                let offer = events.offer(NodeId::default())?;
                if let Some(Span { from, to }) = offer.dropped {
                    warn!(
                        from,
                        to, "the webhook's endpoint is told that these events were dropped"
                    );
                }
                none.insert(Errand {
                    id: offer.id,
                    span: offer.span,
                    body: offer.body.into(),
                    ends_at: now.monotonic + self.patience,
                    next: Next::Attempt(now.monotonic),
                })
            }
        };
        match errand.next {
            Next::Attempt(at) if at <= now.monotonic => {}
            Next::Attempt(_) | Next::Answer => return None,
        }
        errand.next = Next::Answer;
        let timestamp = now.unix().as_secs();
        Some(Attempt {
            id: errand.id.clone(),
            timestamp,
            signature: self.secret.sign(&errand.id, timestamp, &errand.body),
            body: errand.body.clone(),
        })
    }

    /// Takes in what came of the attempt, if there was one.
    pub fn hear(&mut self, answer: &Answer, now: Now, events: &mut Events) {
        let is_awaited = |errand: &mut Errand| errand.next == Next::Answer;
        let Some(mut errand) = self.errand.take_if(is_awaited) else {
            return;
        };
        let verdict = answer.verdict();
        self.attempts[verdict as usize] += 1;
        let Span { from, to } = errand.span;
        match verdict {
            Verdict::Delivered => {
                if self.backoff.failures() > 0 {
                    info!("the webhook's endpoint is told what happens again");
                }
                self.backoff.reset();
                events.settle(errand.span, Settlement::Told);
            }
            Verdict::Gone => {
                warn!(%answer, "the webhook's endpoint is gone: it is told nothing more until the next start");
                events.settle(errand.span, Settlement::Gone);
            }
            Verdict::Redirected | Verdict::Refused | Verdict::TimedOut | Verdict::Failed => {
                // A long outage is told once.
                if self.backoff.failures() == 0 {
                    warn!(%answer, from, to, "the webhook's endpoint was not told what happened, and is tried again");
                }
                if now.monotonic >= errand.ends_at {
                    warn!(%answer, from, to, "the webhook's endpoint was away for too long: these events are dropped");
                    events.settle(errand.span, Settlement::GivenUp);
                    return;
                }
                let at = now.monotonic + self.backoff.wait(self.chance.f64());
                errand.next = Next::Attempt(at.min(errand.ends_at));
                self.errand = Some(errand);
            }
        }
    }

    /// The server ends: nothing is waited for any more before the next attempt.
    pub fn hurry(&mut self, now: Now) {
        self.backoff.reset();
        if let Some(errand) = &mut self.errand
            && errand.next != Next::Answer
        {
            errand.next = Next::Attempt(now.monotonic);
        }
    }

    /// When to have it [speak](Self::speak), if nothing happens before.
    pub fn due(&self) -> Option<Duration> {
        match self.errand.as_ref()?.next {
            Next::Attempt(at) => Some(at),
            Next::Answer => None,
        }
    }

    /// Bytes of what it tells.
    pub fn heap_bytes(&self) -> usize {
        let errand = self.errand.as_ref();
        errand.map_or(0, |errand| errand.id.len() + errand.body.len())
    }

    /// How many attempts there were, by [`Verdict`].
    pub fn attempts(&self) -> [u64; Verdict::ALL.len()] {
        self.attempts
    }
}

#[cfg(test)]
mod tests;
