//! How all nodes leave, so that there is none: who goes last sees to what nobody else would.

use std::ops::Range;
use std::time::Duration;

use hubbub::vocabulary::config::{Config, REDIS_LEAVE_TIMEOUT};

use super::{
    World,
    calm::{CALM_STEP, CALM_STEPS_MAX},
};
use crate::node::Node;
use crate::person::{CHANNELS, What};
use crate::recall::Past;

/// A step that is short beside all that takes time.
const SHORT_STEP: Duration = Duration::from_millis(5);

impl World {
    /// One that has more time than the others leaves last, while all who are there vanish, or wait to be closed. An endpoint is told
    /// all that happens by that.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn all_leave(&mut self) -> Result<(), String> {
        let Some(endpoint) = self.endpoint.clone() else {
            return Ok(());
        };
        let others = self.nodes.len();
        self.begin_patient()?;
        self.drain(0..others);
        self.settle()?;
        self.drain(others..others + 1);
        if self.chance.bool() {
            self.all_vanish();
        }
        let mut known = None;
        for _ in 0..CALM_STEPS_MAX {
            let Some(node) = &self.nodes[others] else {
                break;
            };
            // All begins anew with the next one, if nobody wanted to be told anything any more.
            if let Some((start, last)) = node.recorded() {
                known = Some((start.to_owned(), last, node.has_told()));
            }
            self.move_on(CALM_STEP)?;
        }
        let (start, last, has_told) = known.ok_or("nothing ever began")?;
        if self.nodes[others].is_some() || !has_told {
            return Err(format!(
                "the last one, of which are {last}, did not tell them and go"
            ));
        }
        let endpoint = endpoint.borrow();
        endpoint.check(&start, last, self.record.has_lost)
    }

    /// Of two that leave at once one is the last after all, and has something to tell. What it knows it leaves behind, though
    /// Redis takes longer for that than anybody waits for who only goes.
    ///
    /// # Errors
    /// It does not.
    pub fn two_leave_at_once(&mut self) -> Result<(), String> {
        self.make_calm();
        for _ in 0..2 {
            self.begin_patient()?;
        }
        for person in &mut self.people {
            person.ask(What::Join(CHANNELS[0], Past::None), "");
        }
        self.settle()?;
        self.drain(0..2);
        self.all_vanish();
        let is_leaving = |world: &Self| world.nodes[0].as_ref().is_some_and(Node::is_leaving);
        while !is_leaving(self) {
            self.move_on(SHORT_STEP)?;
        }
        self.redis.stall(true);
        let until = self.now + REDIS_LEAVE_TIMEOUT + CALM_STEP;
        while self.now < until {
            self.move_on(SHORT_STEP)?;
            let node = self.nodes[0].as_ref();
            if node.is_none_or(|node| node.has_ended(self.now)) {
                return Err("it has not left what it knows".to_owned());
            }
        }
        self.redis.stall(false);
        self.begin_patient()?;
        self.check_told()?;
        if self.foundings > 1 {
            return Err("all began anew".to_owned());
        }
        Ok(())
    }

    /// Another node begins, and takes its time when it leaves.
    fn begin_patient(&mut self) -> Result<(), String> {
        self.settings.config.drain_timeout = Config::default().drain_timeout;
        let seed = self.fate.u64(..);
        self.begin(seed);
        self.settle()
    }

    fn all_vanish(&mut self) {
        for session in self.people.iter_mut().flat_map(|it| &mut it.session) {
            session.connection.vanish();
        }
        for talker in &mut self.talkers {
            talker.connection.vanish();
        }
        if let Some(programs) = &mut self.programs {
            programs.vanish();
        }
    }

    fn drain(&mut self, nodes: Range<usize>) {
        for node in self.nodes[nodes].iter_mut().flatten() {
            node.leave(self.now);
        }
    }
}
