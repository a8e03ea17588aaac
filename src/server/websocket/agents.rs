//! What clients call themselves that have agreed on deflated messages: known of the latest, to name one that gets it wrong,
//! without anything for each connection but a number.

use std::collections::VecDeque;

use crate::vocabulary::{
    config::{AGENTS_KNOWN_MAX, LOGGED_CHARS_MAX},
    name::cut,
};

/// The User-Agents that were new last.
#[derive(Debug, Default)]
pub(super) struct Agents {
    latest: VecDeque<Box<str>>,
    /// The number of the first of them.
    first: u16,
}

/// One of them, or one that is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Agent(u16);

impl Agents {
    /// Notes one.
    pub(super) fn note(&mut self, name: &str) -> Agent {
        let name = cut(name, LOGGED_CHARS_MAX);
        let known = self.latest.iter().position(|known| **known == *name);
        let index = known.unwrap_or_else(|| {
            if self.latest.len() == AGENTS_KNOWN_MAX {
                self.latest.pop_front();
                self.first = self.first.wrapping_add(1);
            }
            self.latest.push_back(name.into());
            self.latest.len() - 1
        });
        let index = u16::try_from(index).expect("few are known");
        Agent(self.first.wrapping_add(index))
    }

    /// What one called itself, if that is still known.
    pub(super) fn name(&self, agent: Agent) -> Option<&str> {
        let index = agent.0.wrapping_sub(self.first);
        self.latest.get(usize::from(index)).map(|name| &**name)
    }

    /// Bytes that it takes beside itself, about.
    pub(super) fn heap_bytes(&self) -> usize {
        self.latest
            .iter()
            .map(|name| size_of_val(name) + name.len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_known_by_their_names_and_those_before_by_none() {
        let mut agents = Agents::default();
        let one = agents.note("one");
        assert_eq!(agents.note("one"), one);
        let many: Vec<_> = (0..70_000)
            .map(|number| agents.note(&number.to_string()))
            .collect();
        assert_eq!(agents.name(one), None);
        assert_eq!(agents.name(many[69_999]), Some("69999"));
        assert_eq!(agents.name(many[70_000 - AGENTS_KNOWN_MAX]), Some("69936"));
        assert_eq!(agents.name(many[70_000 - AGENTS_KNOWN_MAX - 1]), None);
        assert!(agents.heap_bytes() < AGENTS_KNOWN_MAX * 32);
    }
}
