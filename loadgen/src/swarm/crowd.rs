//! Who comes and goes with the stages, and whoever else comes late: whose turn it is, and whom to look after when.

use std::collections::HashMap;

use crate::{
    plan::crowd::{Turn, Turns},
    swarm::away::Away,
};

/// The comings and goings of one thread.
#[derive(Debug, Default)]
pub struct Crowd {
    /// None where nobody comes or goes with a stage.
    turns: Option<Turns>,
    /// By client: in which stage it comes that is not in yet.
    coming: HashMap<usize, usize>,
    /// Clients that have so long to come in, or to go, or are in by then.
    door: Away,
}

impl Crowd {
    /// One whose clients have these turns.
    pub fn new(turns: Option<Turns>) -> Self {
        Self {
            turns,
            ..Self::default()
        }
    }

    /// Has nobody come or go any more.
    pub fn stop(&mut self) {
        self.turns = None;
    }

    /// Whose turn it is at `now_ns`, if anyone's.
    pub fn turn(&mut self, now_ns: u64) -> Option<Turn> {
        self.turns.as_mut()?.due(now_ns)
    }

    /// Notes that a client comes with a stage.
    pub fn comes(&mut self, client: usize, stage: usize) {
        self.coming.insert(client, stage);
    }

    /// With which stage a client comes that is not in yet.
    pub fn coming(&self, client: usize) -> Option<usize> {
        self.coming.get(&client).copied()
    }

    /// Notes that a client does not come any more, since it is in or will not be; with which stage it came, if with any.
    pub fn is_done(&mut self, client: usize) -> Option<usize> {
        self.coming.remove(&client)
    }

    /// Those that are not in yet.
    pub fn all_coming(&self) -> Vec<usize> {
        self.coming.keys().copied().collect()
    }

    /// Has a client looked after at a moment, in nanoseconds since the origin, and not when it was to be before.
    pub fn look_after(&mut self, client: usize, at_ns: u64) {
        self.door.until(at_ns, client);
    }

    /// A client to look after at `now_ns`, if it is time for any.
    pub fn due(&mut self, now_ns: u64) -> Option<usize> {
        self.door.due(now_ns)
    }

    /// When there is something to do again, in nanoseconds since the origin.
    pub fn next_ns(&mut self) -> u64 {
        let turn_ns = self.turns.as_mut().map_or(u64::MAX, Turns::next_ns);
        turn_ns.min(self.door.next_ns())
    }
}
