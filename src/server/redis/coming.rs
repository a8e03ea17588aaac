//! How a node comes in, and begins anew after it fell out.

use std::mem;
use std::time::Duration;

use tracing::{info, warn};

use super::{
    Link,
    entry::EntryId,
    handover::{Snapshot, Taking},
    outage::Outage,
};
use crate::{
    server::stream::Stream,
    state::journal::{Journal, NEWCOMER},
    vocabulary::{id::NodeId, time::Now},
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
    /// It has said bye.
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
        ids: &[String],
        now: Duration,
        journal: &mut Journal,
    ) {
        let ids = ids.iter().map_while(|id| id.parse().ok().map(NodeId));
        let ids: Vec<_> = ids.collect();
        let [node, others @ ..] = &ids[..] else {
            let outage = Outage::unexpected("in place of a node's id");
            self.appender.connection.fail(outage, now);
            return;
        };
        let node = *node;
        let newcomer = Newcomer { node, hello };
        self.is_confirmed = true;
        if self.course.last().is_some() {
            // The fold has begun with the era, as all others have.
            journal.become_node(node);
            self.live(node, now);
        } else if others.is_empty() {
            self.begin(newcomer, vec![(node, 0)], now, journal);
        } else {
            self.nodes.reset(ids, now);
            self.vital.wait(now);
            self.standing = Standing::Loading(newcomer);
            self.taking = Some(Taking::new(now));
        }
        info!(node = node.0, "said hello");
    }

    /// Goes on with coming in.
    pub(super) fn come_in(&mut self, now: Duration) {
        let until = self.taking.as_ref().and_then(Taking::until);
        let (Standing::Loading(newcomer), Some(until)) = (self.standing, until) else {
            return;
        };
        // Where all are dead that were there at its hello, others may have come since, or it founds.
        if until <= now || self.nodes.first_but(&[newcomer.node]).is_none() {
            self.refuse_snapshot();
        }
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
        let mut snapshot = self.taking.take()?.into_whole()?;
        let mut living = mem::take(&mut snapshot.others);
        living.push((newcomer.node, NEWCOMER));
        self.begin(newcomer, living, now.monotonic, journal);
        Some(snapshot)
    }

    /// What it was told was of no use, or did not come: it asks once more, and another node, if there is one.
    pub fn refuse_snapshot(&mut self) {
        if let Standing::Loading(newcomer) = self.standing {
            let not_asked = |silent: &[NodeId]| {
                let asked = [silent, &[newcomer.node]].concat();
                self.nodes.first_but(&asked)
            };
            let giver = not_asked(&self.silent);
            self.silent.extend(giver);
            if not_asked(&self.silent).is_none() {
                self.silent.clear();
            }
            warn!(silent = ?self.silent, "no other node has told this one what there is, asking again");
            self.leave_era();
        }
    }

    /// The fold begins behind the hello, when these were there.
    fn begin(
        &mut self,
        Newcomer { node, hello }: Newcomer,
        living: Vec<(NodeId, i64)>,
        now: Duration,
        journal: &mut Journal,
    ) {
        self.nodes.reset(living.iter().map(|&(node, _)| node), now);
        journal.begin(node, living);
        self.course.seek(Some(hello));
        self.reader.seek(Some(hello), now);
        self.taking = None;
        self.silent.clear();
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
