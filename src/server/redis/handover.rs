//! How a newcomer is told what there is: by one of the nodes, in parts, under keys of the newcomer's own that lapse soon.
//! Before the snapshot come the nodes that were there at its hello, and behind it an empty part. The last node that goes leaves
//! the same behind, as of its bye, under keys of its own that stay for longer.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::{entry::EntryId, keys};
use crate::{
    state::journal::Gift,
    vocabulary::{
        config::{
            REDIS_LEFT_KEPT, REDIS_PART_BYTES, REDIS_PART_KEPT, REDIS_SNAPSHOT_BYTES_MAX,
            REDIS_SNAPSHOT_PATIENCE,
        },
        id::NodeId,
    },
};

/// A part that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) key: String,
    pub(super) bytes: Bytes,
    /// How long it stays.
    pub(super) kept: Duration,
}

/// Parts that are to be written.
#[derive(Debug, Default)]
pub(super) struct Giving {
    parts: VecDeque<Part>,
    /// Whether something is among them that is left behind.
    pub(super) is_left: bool,
}

/// A snapshot that is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Whose keys it lies under: the newcomer's, or those of the node that has left it.
    pub(super) node: NodeId,
    /// As of which entry.
    pub(super) place: EntryId,
    /// Whether it was left.
    pub(super) is_left: bool,
}

impl Source {
    fn key(self, prefix: &str, number: usize) -> String {
        let key = if self.is_left { keys::left } else { keys::part };
        key(prefix, self.place.era, self.node, number)
    }
}

impl Giving {
    /// Takes what a newcomer of an era is to be told, or, if that is the giver itself, whoever comes after it.
    pub(super) fn give(&mut self, prefix: &str, era: u64, giver: Option<NodeId>, gift: Gift) {
        let Gift {
            newcomer,
            others,
            mut snapshot,
        } = gift;
        let others = others
            .iter()
            .map(|(node, number)| format!("{} {number}", node.0));
        let mut parts = vec![Bytes::from(others.collect::<Vec<_>>().join(","))];
        while !snapshot.is_empty() {
            parts.push(snapshot.split_to(snapshot.len().min(REDIS_PART_BYTES)));
        }
        parts.push(Bytes::new());
        let is_left = giver == Some(newcomer);
        self.is_left |= is_left;
        let kept = if is_left {
            REDIS_LEFT_KEPT
        } else {
            REDIS_PART_KEPT
        };
        let source = Source {
            node: newcomer,
            place: EntryId { era, seq: 0 },
            is_left,
        };
        let parts = parts.into_iter().enumerate();
        self.parts.extend(parts.map(|(number, bytes)| Part {
            key: source.key(prefix, number),
            bytes,
            kept,
        }));
    }

    /// The next.
    pub(super) fn next(&self) -> Option<&Part> {
        self.parts.front()
    }

    /// It is written.
    pub(super) fn given(&mut self) {
        self.parts.pop_front();
    }
}

/// What a newcomer was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The nodes that were there at its hello, and their numbers.
    pub others: Vec<(NodeId, i64)>,
    /// What they knew.
    pub bytes: Vec<u8>,
}

/// Parts that were read so far.
#[derive(Debug)]
pub(super) struct Taking {
    pub(super) source: Source,
    /// How many.
    parts: usize,
    snapshot: Snapshot,
    is_whole: bool,
    /// When not to wait any more for the next.
    until: Duration,
}

impl Taking {
    /// None yet.
    pub(super) fn new(source: Source, now: Duration) -> Self {
        Self {
            source,
            parts: 0,
            snapshot: Snapshot::default(),
            is_whole: false,
            until: now + REDIS_SNAPSHOT_PATIENCE,
        }
    }

    /// The key of the next part, if there is one.
    pub(super) fn wants(&self, prefix: &str) -> Option<String> {
        (!self.is_whole).then(|| self.source.key(prefix, self.parts))
    }

    /// Takes the next part. What makes no sense is found out where it is used. One that has no end is waited for no more.
    pub(super) fn take(&mut self, part: &[u8], now: Duration) {
        if self.parts == 0 {
            let text = str::from_utf8(part).unwrap_or_default();
            let pairs = text.split(',').filter_map(|pair| pair.split_once(' '));
            let pairs = pairs.filter_map(|(node, number)| {
                Some((NodeId(node.parse().ok()?), number.parse().ok()?))
            });
            self.snapshot.others = pairs.collect();
        } else if part.is_empty() {
            self.is_whole = true;
        }
        if self.parts > 0 {
            self.snapshot.bytes.extend_from_slice(part);
        }
        self.parts += 1;
        if self.snapshot.bytes.len() <= REDIS_SNAPSHOT_BYTES_MAX {
            self.until = now + REDIS_SNAPSHOT_PATIENCE;
        }
    }

    /// All of it, once it is there.
    pub(super) fn whole(&self) -> Option<&Snapshot> {
        self.is_whole.then_some(&self.snapshot)
    }

    /// The same, for whoever takes it.
    pub(super) fn into_whole(self) -> Option<Snapshot> {
        self.is_whole.then_some(self.snapshot)
    }

    /// When it was waited for long enough.
    pub(super) fn until(&self) -> Option<Duration> {
        (!self.is_whole).then_some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1);
    const SOURCE: Source = Source {
        node: NodeId(6),
        place: EntryId { era: 9, seq: 70 },
        is_left: false,
    };

    #[test]
    fn what_is_left_behind_lies_elsewhere_and_stays_for_longer() {
        let mut giving = Giving::default();
        let gift = Gift {
            newcomer: NodeId(6),
            others: Vec::new(),
            snapshot: Bytes::new(),
        };
        giving.give("hubbub", 9, Some(NodeId(6)), gift);
        let part = giving.next().unwrap();
        assert_eq!(part.key, "{hubbub}:left:9:6:0");
        assert_eq!(part.kept, REDIS_LEFT_KEPT);
    }

    #[test]
    fn what_is_given_in_parts_is_taken_whole() {
        for bytes in [0, 1, REDIS_PART_BYTES, 3 * REDIS_PART_BYTES + 1] {
            let snapshot: Vec<u8> = (0..251).cycle().take(bytes).collect();
            let others = vec![(NodeId(2), 70), (NodeId(5), 0)];
            let mut giving = Giving::default();
            giving.give(
                "hubbub",
                SOURCE.place.era,
                Some(NodeId(2)),
                Gift {
                    newcomer: NodeId(6),
                    others: others.clone(),
                    snapshot: snapshot.clone().into(),
                },
            );
            let mut taking = Taking::new(SOURCE, NOW);
            let mut number = 0;
            while let Some(wanted) = taking.wants("hubbub") {
                assert_eq!(taking.whole(), None);
                let Part { key, bytes, kept } = giving.next().unwrap();
                assert_eq!(*key, format!("{{hubbub}}:snapshot:9:6:{number}"));
                assert_eq!((key, *kept), (&wanted, REDIS_PART_KEPT));
                assert!(bytes.len() <= REDIS_PART_BYTES);
                taking.take(bytes, NOW);
                giving.given();
                number += 1;
            }
            let bytes = snapshot;
            assert_eq!(taking.whole(), Some(&Snapshot { others, bytes }));
            assert_eq!(giving.next(), None);
        }
    }

    #[test]
    fn every_part_is_waited_for_anew() {
        let mut taking = Taking::new(SOURCE, NOW);
        assert_eq!(taking.until(), Some(NOW + REDIS_SNAPSHOT_PATIENCE));
        taking.take(b"", 2 * NOW);
        assert_eq!(taking.until(), Some(2 * NOW + REDIS_SNAPSHOT_PATIENCE));
        taking.take(b"", 2 * NOW);
        assert_eq!(taking.until(), None);
    }
}
