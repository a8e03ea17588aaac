//! Channels that have lost their last member, and perhaps get another in time.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use crate::{
    state::memory::{of_shared_text, of_table, of_tree},
    vocabulary::config::WEBHOOK_VACANCIES_MAX,
};

/// They wait, each for as long.
#[derive(Debug)]
pub(super) struct Vacancies {
    wait: Duration,
    /// How many there ever were.
    begun: u64,
    /// By how many had begun when each did: in the order in which they are due.
    waiting: BTreeMap<u64, (Duration, Rc<str>)>,
    /// By the names of the channels.
    places: HashMap<Rc<str>, u64>,
}

impl Vacancies {
    pub(super) fn new(wait: Duration) -> Self {
        Self {
            wait,
            begun: 0,
            waiting: BTreeMap::new(),
            places: HashMap::new(),
        }
    }

    /// A channel has lost its last member. Returns the one that waited longest if it cannot wait any longer, as there are too
    /// many.
    pub(super) fn begin(&mut self, channel: &str, now: Duration) -> Option<Rc<str>> {
        let channel: Rc<str> = channel.into();
        self.begun += 1;
        self.places.insert(Rc::clone(&channel), self.begun);
        self.waiting.insert(self.begun, (now + self.wait, channel));
        let are_too_many = self.waiting.len() > WEBHOOK_VACANCIES_MAX;
        are_too_many.then(|| self.pop()).flatten()
    }

    /// A channel has a member again. Returns whether it waited.
    pub(super) fn call_off(&mut self, channel: &str) -> bool {
        let place = self.places.remove(channel);
        place.is_some_and(|place| self.waiting.remove(&place).is_some())
    }

    /// When the first is due.
    pub(super) fn due(&self) -> Option<Duration> {
        let (_, (due, _)) = self.waiting.first_key_value()?;
        Some(*due)
    }

    /// Takes the first, if it is due.
    pub(super) fn pop_due(&mut self, now: Duration) -> Option<Rc<str>> {
        self.due().filter(|due| *due <= now)?;
        self.pop()
    }

    /// Takes the first.
    pub(super) fn pop(&mut self) -> Option<Rc<str>> {
        let (_, (_, channel)) = self.waiting.pop_first()?;
        self.places.remove(&channel);
        Some(channel)
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.places = HashMap::new();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let names = self.places.keys().map(|name| of_shared_text(name));
        of_table::<(Rc<str>, u64)>(self.places.capacity())
            + of_tree::<(u64, (Duration, Rc<str>))>(self.waiting.len())
            + names.sum::<usize>()
    }
}
