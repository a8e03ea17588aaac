//! How a node comes in, and begins anew after it fell out.

use std::mem;
use std::time::Duration;

use tracing::{info, warn};

use super::{
    Link,
    entry::EntryId,
    handover::{Snapshot, Source, Taking},
    outage::Outage,
};
use crate::{
    server::stream::Stream,
    state::journal::{Journal, NEWCOMER},
    vocabulary::{config::REDIS_SNAPSHOT_PATIENCE, id::NodeId, time::Now},
};

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has no id, and says hello as soon as it can.
    Listening,
    /// Others live who know what there is: one of them is to give it a snapshot, as of its hello.
    Loading(Newcomer),
    /// It is one of the nodes.
    Living(NodeId),
    /// It has said bye, and leaves behind what it knows, if no other node knows it.
    Leaving(NodeId),
    /// There is nothing more to say.
    Gone,
}

/// Who has said hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Its id.
    pub node: NodeId,
    /// Its hello: its fold begins with what comes after it.
    pub hello: EntryId,
}

/// What a node was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Former {
    pub(super) node: NodeId,
    pub(super) era: u64,
    /// Above all that it has given.
    pub(super) number: u64,
}

impl<S: Stream> Link<S> {
    /// This node was given an id.
    pub(super) fn enter(
        &mut self,
        hello: EntryId,
        words: &[String],
        now: Duration,
        journal: &mut Journal,
    ) {
        let id = |word: &String| word.parse().ok().map(NodeId);
        let ids: Vec<_> = words.iter().map_while(id).collect();
        let [node, others @ ..] = &ids[..] else {
            let outage = Outage::unexpected("in place of a node's id");
            self.appender.connection.fail(outage, now);
            return;
        };
        let node = *node;
        let newcomer = Newcomer { node, hello };
        let told = Source {
            node,
            place: hello,
            is_left: false,
        };
        self.is_confirmed = true;
        if self.course.last().is_some() {
            // The fold has begun with the era, as all others have.
            journal.become_node(node);
            self.live(node, now);
        } else if let [_, left, place, by] = words
            && left == "left"
            && let (Ok(place), Some(node)) = (place.parse(), id(by))
        {
            let left = Source {
                node,
                place,
                is_left: true,
            };
            self.load(newcomer, left, ids, now);
        } else if others.is_empty() {
            self.begin(node, hello, vec![(node, 0)], now, journal);
        } else {
            self.load(newcomer, told, ids, now);
        }
        info!(node = node.0, "said hello");
    }

    /// Waits for what there is, as long as these live.
    fn load(&mut self, newcomer: Newcomer, source: Source, living: Vec<NodeId>, now: Duration) {
        self.nodes.reset(living, now);
        self.vital.wait(now);
        self.standing = Standing::Loading(newcomer);
        self.taking = Some(Taking::new(source, now));
    }

    /// Goes on with coming in.
    pub(super) fn come_in(&mut self, now: Duration) {
        let (Standing::Loading(newcomer), Some(taking)) = (self.standing, &self.taking) else {
            return;
        };
        // Where all are dead that were there at its hello, others may have come since, or it founds.
        let is_vain = || !taking.source.is_left && self.nodes.first_but(&[newcomer.node]).is_none();
        if taking
            .until()
            .is_some_and(|until| until <= now || is_vain())
        {
            if let (Standing::Loading(newcomer), false) = (self.standing, self.is_heir()) {
                self.tell_of_silence(newcomer.node);
            }
            self.refuse_snapshot();
        }
    }

    /// Tells the operator what this node waits for.
    fn tell_of_silence(&self, own: NodeId) {
        let (patience, lease) = (REDIS_SNAPSHOT_PATIENCE, self.nodes.lease());
        if let Some(NodeId(giver)) = self.giver(own) {
            warn!(
                "server {giver} has not told this one what there is within {patience:?}: asking again, and letting nobody in \
                 until a server has told it, or its lease of {lease:?} is over (--redis-lease)"
            );
        } else {
            warn!("all servers that could have told this one what there is are gone: asking again");
        }
    }

    /// The node that is to tell this one what there is: the first that has not failed to.
    fn giver(&self, own: NodeId) -> Option<NodeId> {
        self.nodes.first_but(&[&self.silent[..], &[own]].concat())
    }

    /// What another node has told this one, once it is whole. It is to be [accepted](Self::accept_snapshot) or
    /// [refused](Self::refuse_snapshot).
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.taking.as_ref().and_then(Taking::whole)
    }

    /// This node knows by now what it was told, which is given back, and goes on from there.
    pub fn accept_snapshot(&mut self, now: Now, journal: &mut Journal) -> Option<Snapshot> {
        let Standing::Loading(newcomer) = self.standing else {
            return None;
        };
        let taking = self.taking.take()?;
        let Source { place, is_left, .. } = taking.source;
        let mut snapshot = taking.into_whole()?;
        let mut living = mem::take(&mut snapshot.others);
        if !is_left {
            living.push((newcomer.node, NEWCOMER));
        }
        self.begin(newcomer.node, place, living, now.monotonic, journal);
        Some(snapshot)
    }

    /// Whether what this node is told is what another one has left: there is nobody who could tell it more.
    pub fn is_heir(&self) -> bool {
        let taking = self.taking.as_ref();
        taking.is_some_and(|taking| taking.source.is_left)
    }

    /// What it was told was of no use, or did not come: it asks once more, and another node, if there is one.
    pub fn refuse_snapshot(&mut self) {
        if let (true, Some(taking)) = (self.is_heir(), &self.taking) {
            warn!("what the last node has left of what there was cannot be had, beginning anew");
            self.useless = Some(taking.source.place);
            self.leave_era();
        } else if let Standing::Loading(newcomer) = self.standing {
            self.silent.extend(self.giver(newcomer.node));
            if self.giver(newcomer.node).is_none() {
                self.silent.clear();
            }
            self.leave_era();
        }
    }

    /// The fold of a node begins behind an entry, when these were there.
    fn begin(
        &mut self,
        node: NodeId,
        place: EntryId,
        living: Vec<(NodeId, i64)>,
        now: Duration,
        journal: &mut Journal,
    ) {
        let nodes = living.iter().map(|&(node, _)| node).chain([node]);
        self.nodes.reset(nodes, now);
        journal.begin(node, living);
        self.course.seek(Some(place));
        self.reader.seek(Some(place), now);
        self.taking = None;
        self.silent.clear();
        self.useless = None;
        self.live(node, now);
    }

    /// This node knows what there is, and says so.
    fn live(&mut self, node: NodeId, now: Duration) {
        self.vital.begin(now);
        self.standing = Standing::Living(node);
    }

    /// There is nothing more to say, nor to be told.
    pub(super) fn go(&mut self) {
        self.standing = Standing::Gone;
        self.taking = None;
    }

    /// Entries were missed, or this node is buried and cannot read so: whatever was folded is of no use any more.
    pub(super) fn fall(&mut self, now: Duration, journal: &mut Journal) {
        if let Some(node) = self.node() {
            // Else its people would be there twice until its lease is over, and it might be asked what there is.
            self.former = Some(Former {
                node,
                era: self.era(),
                number: journal.next_number(),
            });
        }
        journal.lose_track();
        self.leave_journal(now);
    }

    /// Nothing that comes in the journal is for this node, until it is told what there is.
    pub(super) fn leave_journal(&mut self, now: Duration) {
        self.course.seek(None);
        self.reader.seek(None, now);
        self.nodes.reset([], now);
        self.begin_era();
        self.leave_era();
    }

    /// This node is none any more, and whatever it has asked of Redis does not matter.
    pub(super) fn leave_era(&mut self) {
        self.is_buried = false;
        self.taking = None;
        self.appender.forget();
        if self.standing != Standing::Gone {
            self.standing = Standing::Listening;
        }
    }
}
