//! Programs that have something done: what of it is under way, and what came of it.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use crate::state::{engine::Refusal, hub::ClientId, outcome::Outcome};

/// Those that are there, each a client of the hub that is in no channel.
#[derive(Debug, Default)]
pub(super) struct Callers {
    /// What each has asked for of which nothing came yet, in this order.
    waiting: BTreeMap<ClientId, VecDeque<Waiting>>,
    /// What came of it.
    outcomes: Vec<(ClientId, Outcome)>,
}

/// Something that was asked for.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    /// It is under way.
    Deed,
    /// It is not done, of which the caller is told once it was told of all before.
    Refused(Refusal),
}

impl Callers {
    /// Knows one from now on.
    pub(super) fn greet(&mut self, caller: ClientId) {
        self.waiting.insert(caller, VecDeque::new());
    }

    /// Knows one no more: what it has under way comes to nobody.
    pub(super) fn part(&mut self, caller: ClientId) {
        self.waiting.remove(&caller);
        self.outcomes.retain(|(of, _)| *of != caller);
    }

    /// Whether one is there.
    pub(super) fn knows(&self, client: ClientId) -> bool {
        self.waiting.contains_key(&client)
    }

    /// Notes that something more of one is under way.
    pub(super) fn wait(&mut self, caller: ClientId) {
        if let Some(waiting) = self.waiting.get_mut(&caller) {
            waiting.push_back(Waiting::Deed);
        }
    }

    /// Notes what came of the first that one has under way, or of what was done at once.
    pub(super) fn answer(&mut self, caller: ClientId, outcome: Outcome) {
        let Some(waiting) = self.waiting.get_mut(&caller) else {
            return;
        };
        waiting.pop_front();
        self.outcomes.push((caller, outcome));
        while let Some(&Waiting::Refused(why)) = waiting.front() {
            waiting.pop_front();
            self.outcomes.push((caller, refused(why)));
        }
    }

    /// Notes that something of one is not even under way.
    pub(super) fn refuse(&mut self, caller: ClientId, why: Refusal) {
        match self.waiting.get_mut(&caller) {
            Some(waiting) if !waiting.is_empty() => waiting.push_back(Waiting::Refused(why)),
            _ => self.answer(caller, refused(why)),
        }
    }

    /// Nothing that is under way comes back any more.
    pub(super) fn give_up(&mut self) {
        for (&caller, waiting) in &mut self.waiting {
            let outcomes = waiting.drain(..).map(|waiting| match waiting {
                Waiting::Deed => refused(Refusal::Unknown),
                Waiting::Refused(why) => refused(why),
            });
            let outcomes = outcomes.map(|outcome| (caller, outcome));
            self.outcomes.extend(outcomes);
        }
    }

    /// What came of what they asked for, since this was last asked.
    pub(super) fn take(&mut self) -> Vec<(ClientId, Outcome)> {
        mem::take(&mut self.outcomes)
    }
}

fn refused(why: Refusal) -> Outcome {
    Outcome::Refused(why.error())
}
