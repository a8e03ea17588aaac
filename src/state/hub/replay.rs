//! Catching up: those who missed something are handed it out of the log, as they take it, until they have all and follow
//! with everyone else.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use super::{ChannelId, Hub, Space, blocks::Blocks, channels::Named, client::Place};
use crate::{
    state::{
        batch::{ALONE_BYTES, Form, Run, Slice},
        memory::{of_list, of_table},
        seal::{Gap, Source},
    },
    vocabulary::{chat::GapReason, config::TURN_REPLAY_BYTES_MAX},
};

/// Who has to catch up with what.
#[derive(Debug, Default)]
pub(super) struct Replays {
    /// By client.
    reels: HashMap<u32, Reel>,
    /// Clients that can be sent more, in the order in which they get it.
    ready: VecDeque<u32>,
    blocks: Blocks,
}

/// What came of handing out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Messages that were handed out.
    pub messages: u64,
    /// Messages that the log no longer had.
    pub trimmed: u64,
}

/// How much a client may be handed. A message is handed out even if it is larger than that, unless its peer would lag by it.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes.
    pub bytes: usize,
    /// Bytes that may wait for the client before it lags, less those that do. `None` if nothing waits: one message of
    /// whatever size may.
    pub spare: Option<usize>,
}

impl From<usize> for Room {
    /// That of a client for whom nothing waits.
    fn from(bytes: usize) -> Self {
        let spare = None;
        Self { bytes, spare }
    }
}

impl Room {
    fn takes(&self, message_bytes: usize) -> bool {
        let bytes = message_bytes + ALONE_BYTES;
        message_bytes <= self.bytes || self.spare.is_none_or(|spare| bytes <= spare)
    }

    /// Notes that so many bytes of what was missed were handed out.
    fn fill(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.wait(bytes);
    }

    /// Notes that so many bytes more wait for the client.
    fn wait(&mut self, bytes: usize) {
        if bytes > 0 {
            self.spare = Some(self.spare.unwrap_or_default().saturating_sub(bytes));
        }
    }
}

/// What one client has to catch up with.
#[derive(Debug, Default)]
struct Reel {
    tracks: VecDeque<Track>,
    /// What may be told, or begun, only once it has got all of the channels that it has left.
    held: VecDeque<Held>,
    /// Bytes of what is held to be told.
    held_bytes: usize,
    is_ready: bool,
}

#[derive(Debug)]
enum Held {
    Told(Slice),
    Track(Track),
}

/// One channel that a client has to catch up with.
#[derive(Debug)]
pub(super) struct Track {
    channel: ChannelId,
    serial: u64,
    source: Rc<Source>,
    space: Space,
    /// The place of the next message that it gets.
    next: u64,
    /// Where it has left the channel.
    until: Option<u64>,
}

impl Track {
    /// That of a client that has got what was said in a channel before the place `next`.
    pub(super) fn new(channel: ChannelId, named: &Named, next: u64) -> Self {
        Self {
            channel,
            serial: named.serial,
            source: Rc::clone(&named.source),
            space: named.space,
            next,
            until: None,
        }
    }

    /// Goes on at a place, and returns what tells of the messages before it that are gone, if they have numbers.
    fn lack(&mut self, next: u64, now: Duration) -> Option<Slice> {
        let from = mem::replace(&mut self.next, next) + 1;
        let is_told = self.space == Space::Chat && from <= next;
        is_told.then(|| {
            let gap = Gap {
                source: Rc::clone(&self.source),
                from,
                to: next,
                reason: GapReason::Trimmed,
            };
            Slice::whole(Rc::new(Run::gap(gap, now)))
        })
    }
}

impl Reel {
    fn tracks_mut(&mut self) -> impl Iterator<Item = &mut Track> {
        let held = self.held.iter_mut().filter_map(|held| match held {
            Held::Track(track) => Some(track),
            Held::Told(_) => None,
        });
        self.tracks.iter_mut().chain(held)
    }

    /// Whether there is a channel that it has left and not got to the end.
    fn is_leaving(&self) -> bool {
        self.tracks.iter().any(|track| track.until.is_some())
    }

    /// Tells what was held, and begins channels that it has joined, up to one that it has left. Returns the bytes told.
    fn release(&mut self, mut deliver: impl FnMut(Slice)) -> usize {
        let held = self.held_bytes;
        while !self.is_leaving()
            && let Some(held) = self.held.pop_front()
        {
            match held {
                Held::Told(told) => {
                    self.held_bytes -= told.weight();
                    deliver(told);
                }
                Held::Track(track) => self.tracks.push_back(track),
            }
        }
        held - self.held_bytes
    }
}

impl Replays {
    /// Whether what a client is told has to wait.
    pub(super) fn holds(&self, client: u32) -> bool {
        let reel = (!self.reels.is_empty()).then(|| self.reels.get(&client));
        reel.flatten()
            .is_some_and(|reel| reel.is_leaving() || !reel.held.is_empty())
    }

    /// Keeps what a client is told until it may be; gives it back if that is now.
    pub(super) fn hold(&mut self, client: u32, run: Rc<Run>) -> Result<(), Rc<Run>> {
        if !self.holds(client) {
            return Err(run);
        }
        let reel = self.reels.get_mut(&client);
        let reel = reel.expect("it holds something");
        let told = Slice::whole(run);
        reel.held_bytes += told.weight();
        reel.held.push_back(Held::Told(told));
        Ok(())
    }

    /// Begins to hand out a channel.
    pub(super) fn begin(&mut self, client: u32, track: Track) {
        let holds = self.holds(client);
        let reel = self.reels.entry(client).or_default();
        if holds {
            reel.held.push_back(Held::Track(track));
        } else {
            reel.tracks.push_back(track);
        }
        self.resume(client);
    }

    /// Ends a channel at a place: what comes before is still to be handed out.
    pub(super) fn leave(&mut self, client: u32, channel: ChannelId, said: u64) {
        let Some(reel) = self.reels.get_mut(&client) else {
            return;
        };
        let track = reel
            .tracks_mut()
            .find(|track| track.channel == channel && track.until.is_none());
        if let Some(track) = track {
            track.until = Some(said);
        }
    }

    /// Hands out no more of a channel that a client is in.
    pub(super) fn give_up(&mut self, client: u32, channel: ChannelId) {
        let Some(reel) = self.reels.get_mut(&client) else {
            return;
        };
        let is_it = |track: &Track| track.channel == channel && track.until.is_none();
        reel.tracks.retain(|track| !is_it(track));
        reel.held
            .retain(|held| !matches!(held, Held::Track(track) if is_it(track)));
        if reel.tracks.is_empty() && reel.held.is_empty() {
            self.forget(client);
        }
    }

    /// Lets a client go.
    pub(super) fn forget(&mut self, client: u32) {
        self.reels.remove(&client);
        if self.reels.is_empty() {
            // Nobody will be handed anything, so that it would never be their turn.
            self.ready.clear();
        }
    }

    /// Notes that a client can be sent more.
    pub(super) fn resume(&mut self, client: u32) {
        if self.reels.is_empty() {
            return;
        }
        if let Some(reel) = self.reels.get_mut(&client)
            && !mem::replace(&mut reel.is_ready, true)
        {
            self.ready.push_back(client);
        }
    }

    pub(super) fn are_there(&self) -> bool {
        !self.reels.is_empty()
    }

    pub(super) fn are_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(super) fn heard(&self, client: u32, channel: ChannelId) -> u64 {
        let reel = &self.reels[&client];
        let held = reel.held.iter().filter_map(|held| match held {
            Held::Track(track) => Some(track),
            Held::Told(_) => None,
        });
        let mut tracks = reel.tracks.iter().chain(held);
        let track = tracks.find(|track| track.channel == channel && track.until.is_none());
        track.expect("it is to catch up with it").next
    }

    /// Bytes of what a client is told once it has got all of the channels that it has left.
    pub(super) fn held_bytes(&self, client: u32) -> usize {
        let reel = self.reels.get(&client);
        reel.map_or(0, |reel| reel.held_bytes)
    }

    /// Forgets what was encoded, if that was long enough ago.
    pub(super) fn expire(&mut self, now: Duration) {
        self.blocks.expire(now);
    }

    /// When it was.
    pub(super) fn due(&self) -> Option<Duration> {
        self.blocks.due()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let reels = self.reels.values().map(|reel| {
            let held = reel.held.iter().map(|held| match held {
                Held::Told(told) => told.heap_bytes(),
                Held::Track(_) => 0,
            });
            of_list::<Track>(reel.tracks.capacity())
                + of_list::<Held>(reel.held.capacity())
                + held.sum::<usize>()
        });
        of_table::<(u32, Reel)>(self.reels.capacity())
            + reels.sum::<usize>()
            + of_list::<u32>(self.ready.capacity())
            + self.blocks.heap_bytes()
    }
}

/// Hands out what is missing, to one after the other.
pub(super) fn hand_out<R: Into<Room>>(
    hub: &mut Hub,
    mut room: impl FnMut(u32) -> R,
    mut deliver: impl FnMut(u32, Slice),
) -> Replayed {
    let mut replayed = Replayed::default();
    let mut budget = TURN_REPLAY_BYTES_MAX;
    while budget > 0
        && let Some(client) = hub.replays.ready.pop_front()
    {
        let Some(mut reel) = hub.replays.reels.remove(&client) else {
            continue;
        };
        let member = &hub.clients[client as usize];
        let (Some(slot), form, coding) = (member.slot, member.form, member.coding) else {
            continue;
        };
        reel.is_ready = false;
        let mut left: Room = room(slot).into();
        let mut deliver = |slice| deliver(slot, slice);
        left.wait(reel.release(&mut deliver));
        while left.bytes > 0
            && let Some(mut track) = reel.tracks.pop_front()
        {
            let Advance {
                lacking,
                next,
                encoded,
            } = advance(hub, &mut track, form, &left, &mut replayed);
            let is_full = next.is_none() && lacking.is_none();
            let mut bytes = 0;
            for slice in lacking.into_iter().chain(next) {
                // What has no bytes is work too.
                bytes += slice.weight() + slice.len() as usize;
                deliver(slice);
            }
            left.fill(bytes);
            budget = budget.saturating_sub(bytes.max(encoded));
            let end = track.until.unwrap_or_else(|| hub.said(track.channel));
            if track.next < end && is_full {
                // It is the next to go on, once there is room for its next message.
                reel.tracks.push_front(track);
                break;
            }
            if track.next < end {
                reel.tracks.push_back(track);
            } else if track.until.is_none() {
                let room = &mut hub.channels.get_mut(track.channel).channel;
                let seat = room.join(client, slot, form, coding);
                hub.settle_at(client, track.channel, Place::Seat(seat));
            }
            left.wait(reel.release(&mut deliver));
            if budget == 0 && !reel.tracks.is_empty() {
                reel.is_ready = true;
                hub.replays.ready.push_back(client);
                break;
            }
        }
        if !reel.tracks.is_empty() {
            hub.replays.reels.insert(client, reel);
        }
    }
    replayed
}

/// The next messages of a channel for one client.
struct Advance {
    /// What tells of those that are gone.
    lacking: Option<Slice>,
    /// At most one block of those that are there.
    next: Option<Slice>,
    /// Bytes that were encoded for it.
    encoded: usize,
}

fn advance(
    hub: &mut Hub,
    track: &mut Track,
    form: Form,
    room: &Room,
    replayed: &mut Replayed,
) -> Advance {
    let is_known = hub.channels.still(track.channel, track.serial).is_some();
    let (first, said) = if is_known {
        let log = hub.log(track.channel);
        (log.first(), log.said())
    } else {
        let until = track.until.expect("a channel with members is remembered");
        (until, until)
    };
    let end = track.until.unwrap_or(said);
    let kept = track.next.max(first.min(end));
    replayed.trimmed += kept - track.next;
    let lacking = track.lack(kept, hub.now.monotonic);
    let mut advance = Advance {
        lacking,
        next: None,
        encoded: 0,
    };
    if track.next < end {
        let named = hub.channels.get(track.channel);
        let block = hub
            .replays
            .blocks
            .of(named, track.next, form, hub.now.monotonic);
        let (run, from) = (block.run, block.from);
        let to = run.messages().min(narrow(end - from));
        let first = narrow(track.next - from);
        advance.encoded = block.encoded;
        if !room.takes(run.weight(first, first + 1)) {
            return advance;
        }
        let mut fitting = first + 1;
        while fitting < to && run.weight(first, fitting + 1) <= room.bytes {
            fitting += 1;
        }
        replayed.messages += u64::from(fitting - first);
        track.next = from + u64::from(fitting);
        advance.next = Some(Slice {
            run,
            from: first,
            to: fitting,
        });
    }
    advance
}

/// A block has fewer messages than bytes.
fn narrow(messages: u64) -> u32 {
    u32::try_from(messages).unwrap_or(u32::MAX)
}
