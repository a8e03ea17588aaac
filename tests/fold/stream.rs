//! The journal as Redis keeps it: entries in order, each with its time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hubbub::state::journal::{EntryKind, Header};
use hubbub::vocabulary::id::NodeId;

/// When the first entry may be appended, since the Unix epoch.
const BEGINNING: Duration = Duration::from_hours(500_000);

/// All entries.
pub struct Stream {
    pub entries: Vec<(Header, Bytes)>,
    /// Since the Unix epoch.
    pub now: Duration,
}

impl Stream {
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            now: BEGINNING,
        }
    }

    /// The nodes that are there after so many entries, with the number of the last entry of each.
    pub fn living(&self, founders: &[NodeId], entries: usize) -> BTreeMap<NodeId, i64> {
        let mut living: BTreeMap<_, _> = founders.iter().map(|&node| (node, 0)).collect();
        for (header, body) in &self.entries[..entries] {
            match header.kind {
                EntryKind::Death => {
                    let dead = str::from_utf8(body).expect("text").parse();
                    living.remove(&NodeId(dead.expect("a number")));
                }
                EntryKind::Lost => living.clear(),
                EntryKind::Hello => {
                    living.insert(header.node, header.number);
                }
                _ => {
                    // Whoever is dead may be late.
                    living
                        .entry(header.node)
                        .and_modify(|number| *number = header.number);
                }
            }
        }
        living
    }

    /// When eras were lost, in microseconds as epochs are counted.
    pub fn ends(&self) -> Vec<u64> {
        let lost = self.entries.iter();
        let lost = lost.filter(|(header, _)| header.kind == EntryKind::Lost);
        let micros = lost.map(|(header, _)| header.time.as_micros().try_into());
        micros.map(|at| at.expect("a time of this age")).collect()
    }

    /// Appends an entry; none has the time of another.
    pub fn append(&mut self, kind: EntryKind, node: NodeId, number: i64, body: Bytes) {
        self.now += Duration::from_micros(1);
        let header = Header {
            kind,
            node,
            number,
            time: self.now,
            previous: None,
        };
        self.entries.push((header, body));
    }
}
