//! Channels that have lost their last member, and perhaps get another in time.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::record::VacancyRecord;
use crate::{
    state::{
        freezing::FrozenRow,
        memory::{of_shared_text, of_table, of_tree},
    },
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
    /// Those that are being written down.
    frozen: FrozenRow<VacancyRecord>,
}

impl Vacancies {
    pub(super) fn new(wait: Duration) -> Self {
        Self {
            wait,
            begun: 0,
            waiting: BTreeMap::new(),
            places: HashMap::new(),
            frozen: FrozenRow::default(),
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
        let waited = place.and_then(|place| self.waiting.remove_entry(&place));
        if let Some((place, (due, channel))) = &waited {
            self.frozen.keep(*place, || record(*place, *due, channel));
        }
        waited.is_some()
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
        let (place, (due, channel)) = self.waiting.pop_first()?;
        self.frozen.keep(place, || record(place, due, &channel));
        self.places.remove(&channel);
        Some(channel)
    }

    /// Takes all away.
    pub(super) fn clear(&mut self) {
        while self.pop().is_some() {}
        self.places = HashMap::new();
    }

    /// How long each waits.
    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// Whether none waits.
    pub(super) fn are_none(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many there ever were.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// Has all that wait written down as they are now.
    pub(super) fn freeze(&mut self) {
        self.frozen.freeze(0..self.begun + 1);
    }

    /// The next of them.
    pub(super) fn next_frozen(&mut self) -> Option<VacancyRecord> {
        let waiting = &self.waiting;
        self.frozen.next(|places| {
            let (&place, (due, channel)) = waiting.range(places).next()?;
            Some((place, record(place, *due, channel)))
        })
    }

    /// Goes on where there were so many.
    pub(super) fn restore(&mut self, begun: u64) {
        self.begun = begun;
    }

    /// Has one wait. `None` if it cannot.
    pub(super) fn restore_one(&mut self, record: VacancyRecord) -> Option<()> {
        let VacancyRecord {
            place,
            due,
            channel,
        } = record;
        let channel: Rc<str> = channel.into();
        let is_new = self.places.insert(Rc::clone(&channel), place).is_none()
            && self.waiting.insert(place, (due, channel)).is_none();
        (is_new && place <= self.begun).then_some(())
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let names = self.places.keys().map(|name| of_shared_text(name));
        of_table::<(Rc<str>, u64)>(self.places.capacity())
            + of_tree::<(u64, (Duration, Rc<str>))>(self.waiting.len())
            + names.sum::<usize>()
    }
}

fn record(place: u64, due: Duration, channel: &str) -> VacancyRecord {
    VacancyRecord {
        place,
        due,
        channel: channel.into(),
    }
}
