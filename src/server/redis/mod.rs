//! Redis, over any [`Stream`]: the link between what this node does and the journal that all nodes read.
//!
//! Everything that is said or changes is an entry of one stream, the journal, that every node reads in order and makes the
//! same of. One connection appends, one call after the other, and one reads. Whoever comes says *hello* and is given a
//! node's id; it says that it lives, declares dead who does not any more, and has a new *era* opened where Redis has begun
//! anew or forgotten something. The script (`journal.lua`) brings all that into one order, and judges by the clock of Redis.
//!
//! A connection (`connection.rs`) greets, and is never used again after an answer that did not come in time. What was asked
//! (`appender.rs`) is decided anew in every turn from what is known then, so that nothing has to be remembered to be asked
//! again. What was read (`reader.rs`) is folded only if nothing before it is missing (`course.rs`).
//!
//! Time and chance are arguments here as everywhere below the reactor, which opens the streams.

mod answers;
mod appender;
mod calls;
mod coming;
mod connection;
mod course;
pub mod entry;
pub mod greeting;
mod handover;
mod keys;
mod nodes;
pub mod outage;
mod reader;
mod resp;
mod script;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trim;
mod vital;
mod wire;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use thiserror::Error;
use tracing::{info, warn};

use self::{
    appender::Appender,
    coming::Former,
    course::{Course, Hole},
    entry::{Entry, EntryId},
    handover::{Giving, Taking},
    nodes::Nodes,
    outage::Outage,
    reader::Reader,
    vital::Vital,
};
pub use self::{
    coming::{Newcomer, Standing},
    course::Eras,
    handover::Snapshot,
};
use super::stream::{Readiness, Stream};
use crate::{
    state::{
        journal::{EntryKind, HeaderError, Journal, dead},
        snapshot::SnapshotError,
    },
    vocabulary::{
        config::{RECEIVE_BYTES_MAX, TURN_BYTES_MAX},
        id::NodeId,
        redis::RedisSettings,
        time::Now,
    },
};

/// What of a turn an entry takes, beside its bytes, in bytes that could have been read instead.
const ENTRY_TOLL_BYTES: usize = 128;

/// Which of the two connections is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that appends.
    Append,
    /// The one that reads.
    Read,
}

/// Why a node cannot be one. It is to end with what this says.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// A node of another release writes what we do not know.
    #[error(transparent)]
    Version(#[from] HeaderError),
    /// The other nodes make something else of the journal.
    #[error(transparent)]
    Rules(SnapshotError),
}

/// The link of a node to the journal.
#[derive(Debug)]
pub struct Link<S> {
    appender: Appender<S>,
    reader: Reader<S>,
    buffer: Box<[u8]>,
    standing: Standing,
    /// How far the fold has come.
    course: Course,
    nodes: Nodes,
    vital: Vital,
    prefix: String,
    giving: Giving,
    /// A part of a snapshot was the last that was appended or written.
    has_given: bool,
    taking: Option<Taking>,
    /// Nodes that did not tell this one what there is.
    silent: Vec<NodeId>,
    /// Who it was before it fell, if the others may take that one for a node still.
    former: Option<Former>,
    /// Where a node has left something that was of no use.
    useless: Option<EntryId>,
    /// Whether the script has said on this connection that the era of the fold is the last one.
    is_confirmed: bool,
    /// The era that is over, if one is.
    over: Option<u64>,
    /// Whether this node was declared dead, and may not have read so yet.
    is_buried: bool,
    /// What the clock of Redis said, since the Unix epoch, and when.
    clock: Option<(Duration, Duration)>,
    /// What was last told of how it is with Redis.
    told: Option<Outage>,
}

impl<S: Stream> Link<S> {
    /// Nothing is open yet.
    pub fn new(settings: &RedisSettings, seed: u64) -> Self {
        let RedisSettings { prefix, lease, .. } = settings;
        let url = Rc::new(settings.url.clone());
        Self {
            appender: Appender::new(url.clone(), prefix, *lease, seed),
            reader: Reader::new(url, prefix, !seed),
            buffer: vec![0; RECEIVE_BYTES_MAX].into(),
            standing: Standing::Listening,
            course: Course::new(settings.history_bytes),
            nodes: Nodes::new(*lease),
            vital: Vital::new(*lease),
            prefix: prefix.clone(),
            giving: Giving::default(),
            has_given: false,
            taking: None,
            silent: Vec::new(),
            former: None,
            useless: None,
            is_confirmed: false,
            over: None,
            is_buried: false,
            clock: None,
            told: Some(Outage::Unasked),
        }
    }

    /// A connection that is to be opened now. Of each it is said once.
    pub fn wants(&mut self, now: Duration) -> Option<Side> {
        if self.standing == Standing::Gone {
            None
        } else if self.appender.connection.wants(now) {
            Some(Side::Append)
        } else {
            self.reader.connection.wants(now).then_some(Side::Read)
        }
    }

    /// It was opened, or could not be. It need not be connected yet, if it signals once it is.
    pub fn opened(&mut self, side: Side, stream: io::Result<S>, now: Now) {
        let connection = match side {
            Side::Append => &mut self.appender.connection,
            Side::Read => &mut self.reader.connection,
        };
        connection.opened(stream, now.monotonic);
    }

    /// Notes what an event says of a stream; it is acted on in the next turn.
    pub fn signal(&mut self, side: Side, readiness: Readiness) {
        match side {
            Side::Append => self.appender.connection.signal(readiness),
            Side::Read => self.reader.connection.signal(readiness),
        }
    }

    /// One turn: takes in a bounded share of what there is, decides, and writes. To be called before and after whatever is
    /// made of what was taken in.
    ///
    /// # Errors
    /// This node cannot go on.
    pub fn turn(&mut self, now: Now, journal: &mut Journal) -> Result<(), LinkError> {
        let now = now.monotonic;
        let buffer = &mut self.buffer;
        self.appender
            .connection
            .advance(TURN_BYTES_MAX, buffer, now);
        self.reader.connection.advance(TURN_BYTES_MAX, buffer, now);
        while let Some((call, answer)) = self.appender.answer(now) {
            self.judge(call, answer, now, journal);
        }
        self.is_confirmed &= self.appender.connection.facts().is_some();
        self.reader.advance(now)?;
        let is_news = self.fold(now, journal);
        if let Some(NodeId(other)) = journal.take_strayed()
            && self.course.last().is_some()
        {
            warn!(
                other,
                "has made something else of the journal than another node, beginning anew"
            );
            self.fall(now, journal);
        }
        if self.is_buried && self.reader.is_at_end() {
            self.fall(now, journal);
        }
        while let Some(gift) = journal.take_gift() {
            let (era, giver) = (self.era(), self.node());
            self.giving.give(&self.prefix, era, giver, gift);
        }
        self.come_in(now);
        self.call(now, journal);
        self.reader.advance(now)?;
        self.appender.connection.flush(now);
        // Those who wait for what was read are told first; another turn follows.
        if !is_news {
            self.reader.connection.flush(now);
        }
        self.tell();
        if !self.is_up() {
            journal.refuse_late(now);
        }
        Ok(())
    }

    /// Appends what waits, if it may be appended now, and asks for what comes of it: what takes time meanwhile costs nobody
    /// any.
    pub fn speak(&mut self, now: Duration, journal: &mut Journal) {
        if journal.queue_bytes() > 0 {
            self.call(now, journal);
            self.appender.connection.flush(now);
            self.reader.connection.flush(now);
        }
    }

    /// When to have another [`turn`](Self::turn), and to ask what it [wants](Self::wants), if no event comes before.
    pub fn due(&self) -> Option<Duration> {
        if self.standing == Standing::Gone {
            return None;
        }
        let node = self.node();
        let is_leaving = matches!(self.standing, Standing::Leaving(_));
        let may_call = self.appender.is_free() && self.over.is_none() && !self.is_buried;
        let judge = node.filter(|_| may_call && !is_leaving);
        let death = judge.and_then(|node| self.nodes.dies(node));
        let due = [
            self.reader.has_next().then_some(Duration::ZERO),
            node.filter(|_| !is_leaving).and_then(|_| self.vital.due()),
            death.map(|(_, at)| at),
            self.taking.as_ref().and_then(Taking::until),
            self.appender.due(),
            self.reader.connection.due(),
        ];
        due.into_iter().flatten().min()
    }

    /// Says bye as soon as that is possible, leaves behind what it knows if no other node does, and is
    /// [gone](Standing::Gone) then.
    pub fn leave(&mut self) {
        self.vital.is_leaving = true;
    }

    /// Whether it has something to leave behind, which takes its time.
    pub fn is_bequeathing(&self) -> bool {
        self.giving.is_left
    }

    /// Whether all that it has to leave behind is there.
    pub fn has_bequeathed(&self) -> bool {
        self.giving.is_left && self.giving.next().is_none()
    }

    /// Where this node stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Why nothing is to be had from Redis, if so.
    pub fn outage(&self) -> Option<&Outage> {
        let reading = self.reader.connection.outage();
        self.appender.connection.outage().or(reading)
    }

    /// Whether this node lives, and Redis serves it.
    pub fn is_up(&self) -> bool {
        matches!(self.standing, Standing::Living(_)) && self.outage().is_none()
    }

    /// Living nodes, this one included.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes of entries that are in the journal and were not read yet, as far as is known here.
    pub fn lag_bytes(&self) -> usize {
        self.course.lag_bytes()
    }

    /// Entries that somebody else has put into the journal, and that were skipped.
    pub fn foreign(&self) -> u64 {
        self.course.foreign
    }

    /// Eras that have begun since this node reads the journal.
    pub fn eras(&self) -> Eras {
        self.course.eras
    }

    fn node(&self) -> Option<NodeId> {
        match self.standing {
            Standing::Loading(newcomer) => Some(newcomer.node),
            Standing::Living(node) | Standing::Leaving(node) => Some(node),
            Standing::Listening | Standing::Gone => None,
        }
    }

    /// Hands on what was read. Returns whether that was anything.
    fn fold(&mut self, now: Duration, journal: &mut Journal) -> bool {
        let mut budget = TURN_BYTES_MAX;
        while budget > 0
            && journal.unread_bytes() < TURN_BYTES_MAX
            && let Some(entry) = self.reader.next()
        {
            budget = budget.saturating_sub(entry.bytes + ENTRY_TOLL_BYTES);
            self.pass(entry, now, journal);
        }
        budget < TURN_BYTES_MAX
    }

    fn pass(&mut self, entry: Entry, now: Duration, journal: &mut Journal) {
        let (header, body) = match self.course.pass(entry) {
            Ok(Some(content)) => content,
            Ok(None) => return,
            Err(Hole { last, next }) => {
                warn!(%last, %next, "entries of the journal are missing between these, beginning anew");
                return self.fall(now, journal);
            }
        };
        self.nodes.hear(&header, &body, now);
        if self.node() == Some(header.node) {
            self.note_said(header.kind);
        }
        match header.kind {
            EntryKind::Death if Some(dead(&body)) == self.node() => {
                warn!("the other nodes have declared this one dead, beginning anew");
                journal.take(header, body, now);
                self.leave_journal(now);
            }
            EntryKind::Kept => {
                info!("Redis has begun anew, and has kept everything");
                self.begin_era();
                journal.take(header, body, now);
                journal.append_again();
            }
            EntryKind::Lost => {
                warn!("Redis has lost what was said, or may have: all channels begin anew");
                self.begin_era();
                self.leave_era();
                journal.take(header, body, now);
            }
            kind => {
                let node = header.node;
                journal.take(header, body, now);
                let has_gone = kind == EntryKind::Bye && self.node() == Some(node);
                if has_gone && !journal.is_asked_by(node) {
                    self.go();
                }
            }
        }
    }

    fn begin_era(&mut self) {
        if matches!(self.standing, Standing::Leaving(_)) {
            // What it leaves would be looked for in the era in which it has gone.
            self.go();
        }
        self.is_confirmed = false;
        self.over = None;
        // Newcomers of the era before ask once more.
        self.giving = Giving::default();
    }

    /// Tells of what has changed between us and Redis.
    fn tell(&mut self) {
        if self.outage() == self.told.as_ref() {
            return;
        }
        self.told = self.outage().cloned();
        match &self.told {
            Some(outage) => warn!("{outage}"),
            None => self.tell_facts(),
        }
    }

    fn tell_facts(&self) {
        if let Some(facts) = self.appender.connection.facts() {
            info!(version = facts.version, "Redis serves");
            for worth in facts.worth() {
                info!("{worth}");
            }
        }
    }
}
