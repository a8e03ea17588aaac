//! Comings and goings, told to the others: one by one in a small channel, in a summary now and then in a large one,
//! since the cost of telling everyone of everyone grows with the square of a channel.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use super::{record::SummaryRecord, vanishing::Loss, write};
use crate::{
    state::hub::{ChannelId, Hub, Space},
    vocabulary::{
        chat::{Event, Identity, LeftReason, Told, number},
        config::{LOSSES_TOLD_MAX, SUMMARY_INTERVAL},
        frame::Kind,
    },
};

/// Whether someone came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Came.
    Joined,
    /// Went.
    Left,
}

/// What waits to be summarised.
#[derive(Debug)]
pub(super) struct Notices {
    /// Members of a channel beyond which notices are summarised.
    limit: usize,
    /// By the serial of the channel, as the id may be another's by then.
    waiting: HashMap<u64, Summary>,
    /// When to tell the summary of which channel: in the order in which they were begun.
    due: VecDeque<(Duration, u64)>,
}

#[derive(Debug)]
struct Summary {
    channel: ChannelId,
    /// When it is to be told.
    due: Duration,
    joined: u64,
    left: u64,
}

impl Notices {
    /// Summaries in channels with more than `limit` members.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            waiting: HashMap::new(),
            due: VecDeque::new(),
        }
    }

    /// Members of a channel beyond which notices are summarised.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Tells the members of a channel that someone else came or went, at once or in the next summary; `members` is how
    /// many there are with whoever comes or goes. Returns the bytes said.
    pub(super) fn tell(
        &mut self,
        hub: &mut Hub,
        channel: ChannelId,
        who: &Identity,
        what: Move,
        members: usize,
    ) -> usize {
        if members > self.limit {
            self.count(hub, channel, what);
            return 0;
        }
        match what {
            Move::Joined => say_joined(hub, channel, who),
            Move::Left => say_left(hub, channel, who, None),
        }
    }

    /// Tells those who are left in a channel whom it has lost with their server: one by one, or how many, along with what
    /// waits to be summarised. Returns the bytes said.
    pub(super) fn tell_loss(&mut self, hub: &mut Hub, loss: &Loss) -> usize {
        let channel = loss.channel;
        let reason = Some(LeftReason::NodeLost);
        let serial = hub.serial(channel).expect("nothing is forgotten meanwhile");
        if hub.count(channel) == 0 {
            self.waiting.remove(&serial);
            return 0;
        }
        if loss.lost <= LOSSES_TOLD_MAX && loss.members <= self.limit {
            let gone = loss.gone.iter();
            return gone.map(|who| say_left(hub, channel, who, reason)).sum();
        }
        let waiting = self.waiting.remove(&serial);
        let mut summary = waiting.unwrap_or_else(|| Summary::new(channel, hub.moment().at));
        summary.left += loss.lost as u64;
        summary.tell(hub, reason)
    }

    /// Those that wait, in the order in which they fall due.
    pub(super) fn records(&self, hub: &Hub) -> Vec<SummaryRecord> {
        let waiting = self.due.iter().filter_map(|&(due, serial)| {
            let summary = self.waiting.get(&serial)?;
            // One of a channel that is forgotten will not be told, nor one that was told early.
            let is_due = summary.due == due && hub.serial(summary.channel) == Some(serial);
            is_due.then(|| SummaryRecord {
                channel: hub.name(summary.channel).into(),
                due,
                joined: summary.joined,
                left: summary.left,
            })
        });
        waiting.collect()
    }

    /// Has one wait. `None` if there is no such channel.
    pub(super) fn restore(&mut self, hub: &Hub, record: &SummaryRecord) -> Option<()> {
        let channel = hub.find_remembered(Space::Chat, &record.channel)?;
        let serial = hub.serial(channel)?;
        self.due.push_back((record.due, serial));
        let summary = Summary {
            channel,
            due: record.due,
            joined: record.joined,
            left: record.left,
        };
        self.waiting.insert(serial, summary);
        Some(())
    }

    /// When the next summary is due, by the time of the sequence.
    pub(super) fn next(&self) -> Option<Duration> {
        self.due.front().map(|&(due, _)| due)
    }

    /// Tells the summaries that are due.
    pub(super) fn expire(&mut self, hub: &mut Hub) {
        while let Some(&(due, serial)) = self.due.front()
            && due <= hub.moment().at
        {
            self.due.pop_front();
            // One that was told before may have a successor.
            let is_due = |summary: &Summary| summary.due == due;
            if !self.waiting.get(&serial).is_some_and(is_due) {
                continue;
            }
            let summary = self.waiting.remove(&serial);
            let still = |summary: &Summary| {
                hub.serial(summary.channel) == Some(serial) && hub.count(summary.channel) > 0
            };
            if let Some(summary) = summary.filter(still) {
                summary.tell(hub, None);
            }
        }
    }

    fn count(&mut self, hub: &Hub, channel: ChannelId, what: Move) {
        let serial = hub.serial(channel).expect("there is someone to tell");
        let summary = self.waiting.entry(serial).or_insert_with(|| {
            let due = hub.moment().at + SUMMARY_INTERVAL;
            self.due.push_back((due, serial));
            Summary::new(channel, due)
        });
        match what {
            Move::Joined => summary.joined += 1,
            Move::Left => summary.left += 1,
        }
    }
}

impl Summary {
    fn new(channel: ChannelId, due: Duration) -> Self {
        Self {
            channel,
            due,
            joined: 0,
            left: 0,
        }
    }

    fn tell(self, hub: &mut Hub, reason: Option<LeftReason>) -> usize {
        let Self {
            channel,
            joined,
            left,
            ..
        } = self;
        let message = match (joined, left) {
            (joined, 0) => format!("{joined} joined"),
            (0, left) => format!("{left} left"),
            (joined, left) => format!("{joined} joined, {left} left"),
        };
        let event = Event::Summary {
            joined,
            left,
            count: hub.count(channel),
            reason,
        };
        say(hub, channel, &message, event)
    }
}

fn say_joined(hub: &mut Hub, channel: ChannelId, member: &Identity) -> usize {
    let message = format!("{} joined the channel", member.name);
    say(hub, channel, &message, Event::Joined { member })
}

fn say_left(
    hub: &mut Hub,
    channel: ChannelId,
    member: &Identity,
    reason: Option<LeftReason>,
) -> usize {
    let message = format!("{} left the channel", member.name);
    say(hub, channel, &message, Event::Left { member, reason })
}

fn say(hub: &mut Hub, channel: ChannelId, message: &str, event: Event<'_>) -> usize {
    let source = Rc::clone(hub.source(channel));
    let told = Told::Notice {
        message,
        target: &source.channel,
        event,
    };
    hub.say(channel, Kind::Text, true, |bytes, seq, time| {
        write(&told, bytes);
        number(bytes, seq, time);
    })
}
