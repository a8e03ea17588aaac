//! The journal: one sequence of entries that several nodes write and all of them read, and so the engine of a server that
//! is one of several. What an entry says is bytes here, and where it comes from and goes to is nobody's business here.

mod engine;
mod entry;
mod header;
mod line;
mod queue;

use std::collections::{BTreeMap, VecDeque};
use std::iter;
use std::mem;
use std::time::Duration;

use arrayvec::ArrayVec;
use bytes::{Buf, Bytes};

pub use self::{
    engine::JournalEngine,
    entry::{dead, hello},
    header::{EntryKind, Header, HeaderError, NEWCOMER},
    queue::Batch,
};
use self::{
    entry::{Entry, silent},
    line::Line,
    queue::{Queue, Refused, is_refusable},
};
use super::{
    agreement::Voucher,
    engine::{Deed, Event, Pressure, Refusal, Saying, Sequenced},
    hub::ClientId,
};
use crate::vocabulary::{
    config::{JournalBounds, SAYINGS_MAX},
    id::NodeId,
    time::Moment,
};

/// The format of entries, and the way in which they are folded. A node that knows another one cannot go on.
pub const VERSION: u64 = 3;

/// What this node does on its way into the journal, and what all nodes do on its way out of it.
#[derive(Debug)]
pub struct Journal {
    bounds: JournalBounds,
    /// Which node this is, once it is one.
    node: Option<NodeId>,
    /// The nodes that are there, and the number of the last entry of each.
    living: BTreeMap<NodeId, i64>,
    queue: Queue,
    /// What was read and is not passed on yet.
    read: VecDeque<Entry>,
    /// Bytes of that.
    read_bytes: usize,
    /// Whether what comes behind that was missed.
    has_lost_track: bool,
    /// When the newest entry was appended, and when it was read by our clock.
    newest: Option<(Duration, Duration)>,
    /// Entries, and ends of entries, that no node of ours wrote.
    foreign: u64,
    /// What those who come are to be handed.
    gifts: VecDeque<Gift>,
    /// Who is to be told by this node what there is, and who was there when they asked.
    asked: BTreeMap<NodeId, Vec<(NodeId, i64)>>,
    /// How far what was read is behind what there is to be read.
    lag: Pressure,
    /// What this node made of the journal, up to the last entry that says that it lives.
    voucher: Option<Voucher>,
    /// Another node, that has made something else of it.
    strayed_from: Option<NodeId>,
}

/// What a newcomer is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gift {
    /// Who.
    pub newcomer: NodeId,
    /// The nodes that were there at its hello, and the numbers of their last entries.
    pub others: Vec<(NodeId, i64)>,
    /// What this node knew then.
    pub snapshot: Bytes,
}

impl Journal {
    /// Empty, of a node that is none yet.
    pub fn new(bounds: JournalBounds) -> Self {
        Self {
            bounds,
            node: None,
            living: BTreeMap::new(),
            queue: Queue::default(),
            read: VecDeque::new(),
            read_bytes: 0,
            has_lost_track: false,
            newest: None,
            foreign: 0,
            gifts: VecDeque::new(),
            asked: BTreeMap::new(),
            lag: Pressure::Low,
            voucher: None,
            strayed_from: None,
        }
    }

    /// Says which node this is, and which are there as of its hello, with their numbers: the next entry to be
    /// [taken](Self::take) is the one after that.
    pub fn begin(&mut self, node: NodeId, living: impl IntoIterator<Item = (NodeId, i64)>) {
        self.living = living.into_iter().collect();
        // It may go on at an earlier place than it had come to as another node.
        self.newest = None;
        self.strayed_from = None;
        self.node = Some(node);
    }

    /// Says which node this is from now on, as all see when they come to its hello, this one too.
    pub fn become_node(&mut self, node: NodeId) {
        self.node = Some(node);
    }

    /// What is to be appended now: the same until it is said to be [appended](Self::appended) or came back.
    pub fn batch(&mut self) -> Option<&Batch> {
        self.node?;
        self.queue.next()
    }

    /// Whether what is to be appended had better wait for more, until what this node appended before comes back: the more
    /// clients are told at once, the less it costs.
    pub fn may_gather(&self) -> bool {
        self.queue.may_gather()
    }

    /// Notes that all of ours up to a number is in the journal.
    pub fn appended(&mut self, number: u64) {
        self.queue.appended(number);
    }

    /// Notes that nothing came of it that a batch was to be appended last: for now it was refused. It can be
    /// [refused](Self::refuse_late) in turn, unless something may have come of it before.
    pub fn undone(&mut self, number: u64) {
        self.queue.undone(number);
    }

    /// Has all that did not come back appended again, under the numbers that it had.
    pub fn append_again(&mut self) {
        self.queue.send_again();
    }

    /// Adds an entry that is about the node itself.
    pub fn tell(&mut self, kind: EntryKind, body: Vec<u8>, now: Duration) {
        self.queue.add_entry(kind, body, now);
    }

    /// Adds an entry that says that the node lives, and what it made of the journal before.
    pub fn tell_alive(&mut self, now: Duration) {
        let said = self
            .voucher
            .map(|Voucher { number, sum }| format!("{number} {sum}"));
        self.tell(EntryKind::Alive, said.unwrap_or_default().into_bytes(), now);
    }

    /// The node that has made something else of the journal than this one, which has to begin anew. Said once.
    pub fn take_strayed(&mut self) -> Option<NodeId> {
        self.strayed_from.take()
    }

    /// Takes the next entry that was read. One that was there before is dropped.
    pub fn take(&mut self, mut header: Header, body: Bytes, now: Duration) {
        // What is lost may have been later than what begins.
        let newest = self.newest.filter(|_| header.kind != EntryKind::Lost);
        let last = newest.map(|(time, _)| time);
        header.time = header.time.max(last.unwrap_or_default());
        self.newest = Some((header.time, now));
        let mut hands_on = false;
        match header.kind {
            EntryKind::Hello => {
                let silent = silent(&body);
                let knows = |&(node, &number): &(&NodeId, &i64)| {
                    number > NEWCOMER && !silent.contains(node)
                };
                let giver = self.living.iter().find(knows).map(|(&node, _)| node);
                let asks = header.number == NEWCOMER;
                hands_on = asks && giver.is_some() && giver == self.reads_as();
                if hands_on {
                    self.note_asked(header.node);
                }
                self.living.insert(header.node, header.number);
            }
            EntryKind::Actions | EntryKind::Alive | EntryKind::Settled | EntryKind::Bye => {
                let Some(last) = self.living.get_mut(&header.node) else {
                    self.foreign += 1;
                    return;
                };
                if header.number <= *last {
                    return;
                }
                *last = header.number;
                if header.kind == EntryKind::Bye {
                    self.living.remove(&header.node);
                    let is_last = !self.living.values().any(|&number| number > NEWCOMER);
                    let is_ours = self.node == Some(header.node);
                    let is_ours_to_answer = is_ours && is_last && self.reads_as().is_some();
                    if is_ours_to_answer {
                        self.note_asked(header.node);
                    }
                    hands_on = is_ours_to_answer || !is_ours && is_last && body.is_empty();
                }
            }
            EntryKind::Death => {
                self.living.remove(&dead(&body));
            }
            EntryKind::Lost => self.living.clear(),
            EntryKind::Kept => {}
        }
        self.read_bytes += body.len();
        self.read.push_back(Entry {
            header,
            body,
            is_begun: false,
            is_said: true,
            hands_on,
        });
    }

    /// Which node this is at the end of what was read: none, if an era ends before, as its numbers are given to others then.
    fn reads_as(&self) -> Option<NodeId> {
        self.node.filter(|_| !self.is_to_end())
    }

    /// Whether an era ends in what was read and not passed on.
    fn is_to_end(&self) -> bool {
        let is_end = |entry: &Entry| entry.header.kind == EntryKind::Lost;
        self.read.iter().any(is_end)
    }

    fn note_asked(&mut self, newcomer: NodeId) {
        let others = self.living.iter().map(|(&node, &number)| (node, number));
        self.asked.insert(newcomer, others.collect());
    }

    /// Whether this node is to tell what there is to one that comes, or leaves it behind, when it is itself.
    pub fn is_asked_by(&self, node: NodeId) -> bool {
        self.asked.contains_key(&node)
    }

    /// Notes that entries were missed: behind all that was taken before, this node has no part in the journal until it
    /// [begins](Self::begin) again.
    pub fn lose_track(&mut self) {
        self.has_lost_track = true;
    }

    /// What a newcomer is to be handed, if there is one that waits.
    pub fn take_gift(&mut self) -> Option<Gift> {
        self.gifts.pop_front()
    }

    /// Refuses what waits to be appended if there is too much of it, or it has waited for too long. To be asked in every turn
    /// in which nothing can be appended.
    pub fn refuse_late(&mut self, now: Duration) {
        let is_late = |since| since + self.bounds.patience <= now;
        if self.queue.oldest().is_some_and(is_late) {
            self.queue.refuse_waiting();
        }
    }

    /// Notes how far what was read is behind what there is to be read.
    pub fn note_lag(&mut self, lag: Pressure) {
        self.lag = lag;
    }

    /// A number that is above all that this node has given.
    pub fn next_number(&self) -> u64 {
        self.queue.next_number()
    }

    /// Which node this is, once it is one.
    pub fn node(&self) -> Option<NodeId> {
        self.node
    }

    /// The nodes that are there, in the order in which they came.
    pub fn living(&self) -> impl Iterator<Item = NodeId> {
        self.living.keys().copied()
    }

    /// Whether anything that is done or said here has not come back yet, or is not passed on.
    pub fn has_under_way(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Bytes that wait to be appended.
    pub fn queue_bytes(&self) -> usize {
        self.queue.waiting_bytes()
    }

    /// Since when the oldest waits that is to be appended.
    pub fn oldest(&self) -> Option<Duration> {
        self.queue.oldest()
    }

    /// Bytes that were read and not passed on.
    pub fn unread_bytes(&self) -> usize {
        self.read_bytes
    }

    /// Whether this is no node, and never again will be the one that it was: all is passed on that was read as such.
    pub fn is_nobody(&self) -> bool {
        let has_ended = self.node.is_none() && !self.is_to_end();
        !self.has_lost_track && (self.read.is_empty() || has_ended)
    }

    /// Entries, and ends of entries, that no node of ours wrote.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// Takes something in if there is room for it.
    fn submit(&mut self, client: ClientId, deed: &Deed<'_>, now: Duration) -> bool {
        let is_full = self.queue.waiting_bytes() + deed.bytes() > self.bounds.queue_bytes;
        let is_refused = is_full && is_refusable(deed);
        if !is_refused {
            self.queue.add(client.number(), deed, now);
        }
        !is_refused
    }

    fn next(&mut self) -> Option<Sequenced<'static>> {
        loop {
            if let Some(Refused { client, deed, .. }) = self.queue.take_refused() {
                return Some(refused(ClientId::of_number(client), deed));
            }
            let Some(entry) = self.read.front_mut() else {
                return self.burial();
            };
            let moment = moment_of(entry.header.time);
            if let Some(event) = entry.next(self.node, &mut self.foreign, &mut self.read_bytes) {
                if matches!(event, Event::Lost | Event::Burial) {
                    // Another may be given the number that was ours.
                    self.node = None;
                }
                return Some(event.at(moment));
            }
            let Header { node, number, .. } = entry.header;
            self.read.pop_front();
            if self.node == Some(node) {
                self.queue.came_back(number.try_into().unwrap_or_default());
            }
        }
    }

    /// Passes on what clients of another node say, if that is next.
    fn overhear(&mut self, hear: &mut dyn FnMut(Moment, &[Saying<'_>]) -> usize) -> Option<usize> {
        let entry = self.read.front_mut()?;
        let Header {
            kind, node, time, ..
        } = entry.header;
        if kind != EntryKind::Actions || self.node == Some(node) || !entry.is_said {
            return None;
        }
        let mut rest = &entry.body[..];
        let sayings = iter::from_fn(|| {
            let (line, behind) = Line::read(rest)?;
            let saying = line.saying(node)?;
            rest = behind;
            Some(saying)
        });
        let sayings: ArrayVec<_, SAYINGS_MAX> = sayings.take(SAYINGS_MAX).collect();
        let bytes = entry.body.len() - rest.len();
        entry.is_said = !sayings.is_empty();
        let heard = entry.is_said.then(|| hear(moment_of(time), &sayings))?;
        drop(sayings);
        entry.is_begun = true;
        entry.body.advance(bytes);
        self.read_bytes -= bytes;
        Some(heard)
    }

    /// That this node has no part in what comes, if it has lost track.
    fn burial(&mut self) -> Option<Sequenced<'static>> {
        let has_lost_track = mem::take(&mut self.has_lost_track);
        let (time, _) = self.newest.unwrap_or_default();
        has_lost_track.then(|| {
            self.node = None;
            Event::Burial.at(moment_of(time))
        })
    }

    /// When something is due, by our clock, as far as the journal's can be told from it.
    fn comes_at(&self, due: Duration) -> Option<Duration> {
        let (time, read_at) = self.newest?;
        Some(read_at + due.saturating_sub(time))
    }

    /// Whether it is this node that has to see to it that time goes on.
    fn is_first(&self) -> bool {
        self.node.is_some() && self.living.keys().next().copied() == self.node
    }

    /// Whether this node is the last of those that know what there is.
    pub fn is_last(&self) -> bool {
        let knows = |&(_, &number): &(&NodeId, &i64)| number > NEWCOMER;
        let mut others = self.living.iter().filter(knows).map(|(&node, _)| node);
        self.node.is_some() && others.all(|node| Some(node) == self.node)
    }

    /// Adds an entry that says nothing, once something falls due by the journal's time, if nobody else will.
    fn prompt(&mut self, now: Duration, due: Option<Duration>) {
        let Some(due) = due.filter(|_| self.is_first()) else {
            return;
        };
        let has_come = self.comes_at(due).is_some_and(|at| at <= now);
        if has_come && self.queue.is_empty() {
            self.tell(EntryKind::Actions, Vec::new(), now);
        }
    }
}

fn refused(client: ClientId, deed: Deed<'_>) -> Sequenced<'_> {
    let why = Refusal::Unavailable;
    Event::Refused { client, deed, why }.at(Moment::default())
}

fn moment_of(time: Duration) -> Moment {
    Moment {
        at: time,
        unix_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests;
