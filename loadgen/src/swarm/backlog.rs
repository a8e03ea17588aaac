//! Clients of which a turn leaves something unread: each is read once more in the next one, however often it is noted.

use std::{collections::BTreeMap, mem};

/// Clients that may have more to receive, by their numbers, and whether their streams are ending.
#[derive(Debug, Default)]
pub struct Backlog(BTreeMap<usize, bool>);

impl Backlog {
    /// Notes a client.
    pub fn add(&mut self, client: usize, ending: bool) {
        *self.0.entry(client).or_default() |= ending;
    }

    /// Whether a client is noted.
    pub fn has(&self, client: usize) -> bool {
        self.0.contains_key(&client)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are noted, and from now on none.
    pub fn take(&mut self) -> impl Iterator<Item = (usize, bool)> + use<> {
        mem::take(&mut self.0).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_noted_once_and_its_end_is_not_forgotten() {
        let mut backlog = Backlog::default();
        for (client, ending) in [(2, false), (1, true), (2, true), (1, false), (3, false)] {
            backlog.add(client, ending);
        }
        assert!(backlog.has(3) && !backlog.has(4));
        let taken: Vec<_> = backlog.take().collect();
        assert_eq!(taken, [(1, true), (2, true), (3, false)]);
        assert!(backlog.is_empty());
    }
}
