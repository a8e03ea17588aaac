//! Joins that were refused for now, until it is time to ask again.

use std::time::Duration;

use fastrand::Rng;

use crate::{state::backoff::Backoff, system::client::backoff};

/// What is to be asked again.
#[derive(Debug)]
pub(super) struct Retries {
    chance: Rng,
    backoff: Backoff,
    waiting: Vec<Retry>,
}

#[derive(Debug)]
struct Retry {
    reference: String,
    wait: Duration,
    /// Not known before the time is.
    at: Option<Duration>,
}

impl Retries {
    /// Nothing yet. How long it takes depends on `chance`.
    pub(super) fn new(chance: u64) -> Self {
        Self {
            chance: Rng::with_seed(chance),
            backoff: backoff(),
            waiting: Vec::new(),
        }
    }

    /// What was asked under this `ref` was refused for now.
    pub(super) fn postpone(&mut self, reference: String) {
        self.waiting.push(Retry {
            reference,
            wait: self.backoff.wait(self.chance.f64()),
            at: None,
        });
    }

    /// Something was granted.
    pub(super) fn succeed(&mut self) {
        self.backoff.reset();
    }

    /// The connection is lost, and another one begins anew.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The `ref` of what is to be asked again by now.
    pub(super) fn due(&mut self, now: Duration) -> Option<String> {
        for retry in &mut self.waiting {
            retry.at.get_or_insert(now.saturating_add(retry.wait));
        }
        let is_due = |retry: &Retry| retry.at.is_some_and(|at| at <= now);
        let due = self.waiting.iter().position(is_due)?;
        Some(self.waiting.swap_remove(due).reference)
    }

    /// When something will be due.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.waiting.iter().filter_map(|retry| retry.at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_now_is_asked_again_once_after_a_while() {
        let mut retries = Retries::new(1);
        let now = Duration::from_secs(100);
        assert_eq!(retries.due(now), None);
        assert_eq!(retries.deadline(), None);
        retries.postpone("join-1".to_owned());
        assert_eq!(retries.due(now), None);
        let due = retries.deadline().unwrap();
        assert!(due > now && due < now + Duration::from_secs(1));
        assert_eq!(retries.due(due), Some("join-1".to_owned()));
        assert_eq!(retries.due(due), None);
        assert_eq!(retries.deadline(), None);
        retries.postpone("join-1".to_owned());
        retries.clear();
        retries.due(now);
        assert_eq!(retries.deadline(), None);
    }
}
