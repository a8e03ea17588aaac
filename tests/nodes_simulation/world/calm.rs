//! The end of a run: nobody does anything any more, nothing goes wrong, and everything is as it was promised.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Summary, World};
use crate::endpoint::Told;
use crate::node::Node;
use crate::person::{CHANNELS, Person, What, members, name};
use crate::programs::Programs;

/// How long a step takes when nothing happens.
pub(super) const CALM_STEP: Duration = Duration::from_millis(30);
/// Steps after which nothing is under way any more, summaries included.
const QUIET_STEPS: usize = 60;
/// Steps in which everything that is under way arrives.
pub(super) const CALM_STEPS_MAX: usize = 3000;

impl World {
    /// Nobody does anything any more, nothing goes wrong, and everything arrives.
    ///
    /// # Errors
    /// In which way the promise was broken.
    pub fn calm_down(&mut self) -> Result<Summary, String> {
        self.make_calm();
        self.weather
            .clear(&mut self.redis, &self.settings, self.now, &mut self.chance);
        self.record.has_lost |= self.weather.has_lost;
        for node in self.nodes.iter_mut().flatten() {
            node.stands_until = Duration::ZERO;
        }
        if !self.nodes.iter().flatten().any(Node::stays) {
            let seed = self.fate.u64(..);
            self.begin(seed);
        }
        self.settle()?;
        self.check_members()?;
        self.record.check()?;
        let summary = Summary {
            messages: self.record.messages(),
            compared: self.sights.borrow().compared,
            nodes: self.nodes.len(),
            inflated: self.record.inflated,
            orders: self.record.orders(),
            told_again: self.record.told_again,
            dismissed: self.record.dismissed,
            endpoint: self.check_told()?,
        };
        self.all_leave()?;
        Ok(summary)
    }

    /// Nothing goes wrong any more.
    pub(super) fn make_calm(&mut self) {
        self.is_calm = true;
        if let Some(endpoint) = &self.endpoint {
            endpoint.borrow_mut().is_calm = true;
        }
    }

    /// Everybody comes back, and everything arrives.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        let mut quiet = 0;
        for _ in 0..CALM_STEPS_MAX {
            self.come_back();
            self.move_on(CALM_STEP)?;
            quiet = if self.is_settled() { quiet + 1 } else { 0 };
            if quiet == QUIET_STEPS {
                return Ok(());
            }
        }
        let nodes = self.nodes.iter().flatten().map(Node::describe);
        let nodes: Vec<_> = nodes.collect();
        let people: Vec<_> = self.people.iter().map(Person::unanswered).collect();
        Err(format!("it never calmed down: {nodes:#?}, {people:?}"))
    }

    fn is_settled(&self) -> bool {
        // Who is gone is so for everyone, too.
        let is_there = |person: &Person| {
            let session = person.session.as_ref();
            session.is_some_and(|session| session.connection.is_open()) && person.is_answered()
        };
        let mut nodes = self.nodes.iter().flatten();
        let living = nodes.clone().count();
        let programs = self.programs.as_ref();
        self.people.iter().all(is_there)
            && programs.is_none_or(Programs::are_answered)
            && nodes.all(|node| node.knows(living) && node.has_told())
    }

    /// An endpoint was told all that was recorded.
    pub(super) fn check_told(&self) -> Result<Told, String> {
        let Some(endpoint) = &self.endpoint else {
            return Ok(Told::default());
        };
        let endpoint = endpoint.borrow();
        for node in self.nodes.iter().flatten() {
            let (start, last) = node.recorded().ok_or("nothing ever began")?;
            endpoint.check(start, last, self.record.has_lost)?;
        }
        Ok(endpoint.summary())
    }

    /// Who is in a channel has come to the same place there, and is known to be there to everyone who asks.
    fn check_members(&mut self) -> Result<(), String> {
        for channel in CHANNELS {
            let inside = |person: &&Person| person.inside(channel).is_some();
            let expected: BTreeSet<_> = self
                .people
                .iter()
                .filter(inside)
                .map(|it| name(it.id))
                .collect();
            let places = self
                .people
                .iter()
                .filter_map(|person| person.inside(channel));
            let places: BTreeSet<_> = places.map(|place| (place.epoch, place.last)).collect();
            if places.len() > 1 {
                return Err(format!("in {channel} members have come to {places:?}"));
            }
            for person in &mut self.people {
                if expected.contains(&name(person.id)) {
                    person.ask(What::Members, channel);
                }
            }
            let mut lists = Vec::new();
            for _ in 0..200 {
                lists.extend(self.move_on_listening(Duration::from_millis(5))?);
            }
            if lists.len() != expected.len() {
                return Err(format!("{} lists for {expected:?}", lists.len()));
            }
            if let Some(list) = lists.iter().find(|list| members(list) != expected) {
                return Err(format!("in {channel} are {expected:?}, not {list}"));
            }
        }
        Ok(())
    }
}
