//! Whom to look after when: who has no connection for now, or comes or goes.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

/// Some clients of one thread, by when each is looked after.
#[derive(Debug, Default)]
pub struct Away {
    queue: BinaryHeap<Reverse<(u64, usize)>>,
    /// By client; what else is in the queue does not count any more.
    at_ns: HashMap<usize, u64>,
}

impl Away {
    /// Has a client looked after at `at_ns` since the origin, and not when it was to be before.
    pub fn until(&mut self, at_ns: u64, client: usize) {
        self.queue.push(Reverse((at_ns, client)));
        self.at_ns.insert(client, at_ns);
    }

    /// A client to look after at `now_ns`, if it is time for any.
    pub fn due(&mut self, now_ns: u64) -> Option<usize> {
        while self.next_ns() <= now_ns {
            let Reverse((at_ns, client)) = self.queue.pop()?;
            if self.at_ns.get(&client) == Some(&at_ns) {
                self.at_ns.remove(&client);
                return Some(client);
            }
        }
        None
    }

    /// When it is time for the next one, in nanoseconds since the origin.
    pub fn next_ns(&self) -> u64 {
        self.queue
            .peek()
            .map_or(u64::MAX, |Reverse((at_ns, _))| *at_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_due_first_comes_first() {
        let mut away = Away::default();
        assert_eq!((away.next_ns(), away.due(u64::MAX)), (u64::MAX, None));
        away.until(15, 3);
        away.until(10, 5);
        assert_eq!(
            (away.next_ns(), away.due(9), away.due(15)),
            (10, None, Some(5))
        );
        assert_eq!((away.due(15), away.due(15)), (Some(3), None));
    }

    #[test]
    fn only_the_last_time_that_was_said_counts() {
        let mut away = Away::default();
        away.until(10, 3);
        away.until(15, 3);
        assert_eq!((away.due(14), away.due(15)), (None, Some(3)));
    }
}
