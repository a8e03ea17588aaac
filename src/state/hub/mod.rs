//! The hub: who is in which channel, and what is said there. It takes messages in during a turn and hands out sealed
//! batches at its end, to those who follow; others are handed what they missed out of the log, until they follow too.

mod blocks;
mod channels;
mod client;
mod looking;
mod membership;
mod record;
mod replay;
mod uprooting;

use std::mem;
use std::rc::Rc;
use std::time::Duration;

use slab::Slab;

use self::{channels::Channels, client::Client, replay::Replays};
pub use self::{
    membership::Start,
    record::{ChannelRecord, HubRecord},
    replay::{Replayed, Room},
    uprooting::Stay,
};
use super::{
    batch::{Form, OpenBatch, Run, Slice},
    channel::{Departure, Owed},
    log::Log,
    press::Press,
    seal::Source,
};
use crate::vocabulary::{
    coding::Coding,
    config::{FRAME_BYTES_MAX, HistoryBounds, SPARE_BATCHES_MAX},
    frame::Kind,
    time::{Moment, Now},
};

/// A client of the hub, from [`Hub::enter`] to [`Hub::exit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(u32);

impl ClientId {
    /// The one of this number.
    pub const fn of_number(number: u32) -> Self {
        Self(number)
    }

    /// A number that nobody else has who is here.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// A channel of the hub. It stays valid while the channel has members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(u32);

/// Channels of the same name in different spaces have nothing to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Channels of `/relay`, and of `/ws` without a name.
    Relay,
    /// Channels of the chat.
    Chat,
}

/// Clients, channels, and memberships between them.
#[derive(Debug)]
pub struct Hub {
    clients: Slab<Client>,
    channels: Channels,
    /// Channels in which something was said this turn.
    loud: Vec<ChannelId>,
    /// What single clients are to get before what is said in the channels that they are in, by slot.
    mail: Vec<(u32, Mail)>,
    replays: Replays,
    /// Slots of clients whose burden of what is held for them has grown.
    burdened: Vec<u32>,
    spare: Vec<OpenBatch>,
    /// What nobody here gets, while it is put together.
    unheard: Vec<u8>,
    press: Press,
    now: Now,
    /// That of the last that was sequenced.
    moment: Moment,
}

#[derive(Debug)]
enum Mail {
    /// What it alone is told.
    Told(Rc<Run>),
    /// What it is owed of a channel that it has left.
    Owed(ChannelId, Owed),
}

impl Hub {
    /// Nobody yet. Epochs come after `epoch`.
    pub fn new(history: HistoryBounds, epoch: u64) -> Self {
        Self {
            clients: Slab::new(),
            channels: Channels::new(history, epoch),
            loud: Vec::new(),
            mail: Vec::new(),
            replays: Replays::default(),
            burdened: Vec::new(),
            spare: Vec::new(),
            unheard: Vec::new(),
            press: Press::default(),
            now: Now::default(),
            moment: Moment::default(),
        }
    }

    /// The same, with another press.
    #[must_use]
    pub fn with_press(self, press: Press) -> Self {
        Self { press, ..self }
    }

    /// Notes the time by our clock: that of all that is handed out until it is noted again.
    pub fn begin_turn(&mut self, now: Now) {
        self.now = now;
    }

    /// Goes on in the time of the sequence, that of all that is done until it goes on again: forgets what is too old by
    /// then. It never goes back.
    pub fn reach(&mut self, moment: Moment) {
        if moment.at >= self.moment.at {
            self.moment = moment;
        }
        self.channels.expire(self.moment.at);
    }

    /// Begins at another time of the sequence, an earlier one perhaps.
    pub fn begin_at(&mut self, moment: Moment) {
        self.moment = moment;
    }

    /// Takes in a client; what it is owed is delivered to `slot`, in its form and coding. One of another server has no slot.
    pub fn enter(&mut self, slot: Option<u32>, form: Form, coding: Coding) -> ClientId {
        let client = Client::new(slot, form, coding);
        ClientId(id(self.clients.insert(client)))
    }

    /// Ends the connection of a client: it still gets all that was said until now, if it can take anything, and nothing
    /// more. It is a member of its channels until it leaves them.
    pub fn part(&mut self, client: ClientId, departure: Departure) {
        let channels: Vec<_> = self.memberships(client).collect();
        for channel in channels {
            self.stop(client, channel, departure);
        }
        self.replays.forget(client.0);
        self.clients[client.0 as usize].slot = None;
    }

    /// Lets a client go, out of all its channels, once nothing of it is under way.
    pub fn exit(&mut self, client: ClientId, departure: Departure) {
        self.part(client, departure);
        while let Some(channel) = self.memberships(client).last() {
            self.leave(client, channel, departure);
        }
        self.clients[client.0 as usize].is_gone = true;
        self.let_go(client);
    }

    fn let_go(&mut self, client: ClientId) {
        if self.clients[client.0 as usize].is_done() {
            self.clients.remove(client.0 as usize);
        }
    }

    /// Says something in a channel, as `write` writes it, without a newline; it is told which number the message has in
    /// the channel, and when it is said. Returns the message's bytes.
    pub fn say(
        &mut self,
        id: ChannelId,
        kind: Kind,
        is_notice: bool,
        write: impl FnOnce(&mut Vec<u8>, u64, u64),
    ) -> usize {
        self.channels.keep(id);
        let named = self.channels.get_mut(id);
        named.unix_ms = named.unix_ms.max(self.moment.unix_ms);
        let (number, unix_ms) = (named.channel.said() + 1, named.unix_ms);
        let write = |bytes: &mut Vec<u8>| write(bytes, number, unix_ms);
        if !named.channel.is_heard() {
            return self.log_unheard(id, kind, is_notice, write);
        }
        if !mem::replace(&mut named.is_loud, true) {
            named.channel.begin(self.spare.pop().unwrap_or_default());
            self.loud.push(id);
        }
        let bytes = named.channel.compose(kind, write);
        self.channels.log(id, is_notice, self.moment.at, None);
        bytes
    }

    /// Has memory bring where each of these clients is, so that they wait for it together.
    pub(super) fn fetch_places(&self, clients: impl Iterator<Item = ClientId>) {
        // Most are in one channel.
        let channels = clients.filter_map(|client| self.memberships(client).next());
        self.channels.fetch(channels);
    }

    /// Has memory bring what it takes to keep so many bytes that are said in these channels of the chat.
    pub(super) fn fetch_logs(&self, channels: impl Iterator<Item = ChannelId>, bytes: usize) {
        self.channels.fetch_logs(channels, bytes);
    }

    /// Logs what nobody here gets but out of the log. Returns its bytes.
    fn log_unheard(
        &mut self,
        id: ChannelId,
        kind: Kind,
        is_notice: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        self.unheard.clear();
        write(&mut self.unheard);
        self.channels.get_mut(id).channel.skip();
        let unheard = Some((kind, &self.unheard[..]));
        self.channels.log(id, is_notice, self.moment.at, unheard);
        let bytes = self.unheard.len();
        self.unheard.shrink_to(FRAME_BYTES_MAX);
        bytes
    }

    /// Tells one client something, which reaches it after what it is owed of channels that it has left before, and
    /// before what is said this turn in those that it is in.
    pub fn tell(&mut self, client: ClientId, run: Rc<Run>) {
        let Some(slot) = self.clients[client.0 as usize].slot else {
            return;
        };
        match self.replays.hold(client.0, run) {
            Ok(()) => self.burdened.push(slot),
            Err(run) => self.mail.push((slot, Mail::Told(run))),
        }
    }

    /// Slots of clients for whom more waits that they are told once they have got all of the channels that they have left.
    pub fn take_burdened(&mut self) -> Vec<u32> {
        mem::take(&mut self.burdened)
    }

    /// Bytes of that for one client.
    pub fn held_bytes(&self, client: ClientId) -> usize {
        self.replays.held_bytes(client.0)
    }

    /// Hands out all that was said this turn, as `deliver(slot, slice)`: each batch encoded once and shared, and deflated
    /// where that pays.
    pub fn seal(&mut self, mut deliver: impl FnMut(u32, Slice)) {
        let mut loud = mem::take(&mut self.loud);
        for &id in &loud {
            self.channels
                .get_mut(id)
                .seal(self.now.monotonic, &mut self.press);
        }
        for (slot, mail) in self.mail.drain(..) {
            let slice = match mail {
                Mail::Told(run) => Slice::whole(run),
                Mail::Owed(id, owed) => self.channels.get(id).channel.settle(owed),
            };
            deliver(slot, slice);
        }
        for id in loud.drain(..) {
            let named = self.channels.get_mut(id);
            let batch = named.channel.deliver(&mut deliver);
            if self.spare.len() < SPARE_BATCHES_MAX {
                self.spare.push(batch);
            }
            self.channels.quieten(id);
        }
        self.loud = loud;
        self.press.end_turn();
    }

    /// Whether what waits to be handed out was all said in channels, to members who are still there, so that it may wait
    /// for more.
    pub fn may_wait(&self) -> bool {
        !self.loud.is_empty() && self.mail.is_empty() && self.burdened.is_empty()
    }

    /// Whether nothing waits to be handed out.
    pub fn is_quiet(&self) -> bool {
        self.loud.is_empty() && self.mail.is_empty() && !self.replays.are_ready()
    }

    /// Drops what was encoded to be handed out and is too old.
    pub fn expire(&mut self) {
        self.replays.expire(self.now.monotonic);
    }

    /// When that is, by our clock.
    pub fn due(&self) -> Option<Duration> {
        self.replays.due()
    }

    /// When something is to be forgotten, by the time of the sequence.
    pub fn lapses_at(&self) -> Option<Duration> {
        self.channels.due()
    }

    /// The channel of this name, if it has members.
    pub fn find(&self, space: Space, name: &str) -> Option<ChannelId> {
        let channel = self.channels.find(space, name);
        channel.filter(|&channel| self.count(channel) > 0)
    }

    /// What channels remember, at most.
    pub fn history(&self) -> &HistoryBounds {
        &self.channels.bounds
    }

    /// Where what a client is owed is delivered to. `None` for one of another server, and one whose connection has ended.
    pub fn slot(&self, client: ClientId) -> Option<u32> {
        self.clients.get(client.0 as usize)?.slot
    }

    /// The channel of this name, whether it has members or not.
    pub fn find_remembered(&self, space: Space, name: &str) -> Option<ChannelId> {
        self.channels.find(space, name)
    }

    /// Whether anything of a client waits to be sequenced.
    pub fn has_under_way(&self, client: ClientId) -> bool {
        self.clients[client.0 as usize].has_under_way()
    }

    /// Whether so much of it does that it is not read.
    pub fn is_held(&self, client: ClientId) -> bool {
        self.clients[client.0 as usize].is_held()
    }

    /// Whether someone has to catch up.
    pub fn has_replays(&self) -> bool {
        self.replays.are_there()
    }

    /// This life of a channel, by its name.
    pub fn source(&self, channel: ChannelId) -> &Rc<Source> {
        &self.channels.get(channel).source
    }

    /// The time of the sequence.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The time that was noted.
    pub fn now(&self) -> Now {
        self.now
    }

    /// What a channel is called.
    pub fn name(&self, channel: ChannelId) -> &str {
        &self.channels.get(channel).source.channel
    }

    /// A number below 2^53 that no other life of a channel of this name has.
    pub fn epoch(&self, channel: ChannelId) -> u64 {
        self.channels.get(channel).source.epoch
    }

    /// A number that no other channel has had, not even one of the same name before this was created. `None` if there is
    /// no such channel any more.
    pub fn serial(&self, channel: ChannelId) -> Option<u64> {
        self.channels.serial(channel)
    }

    /// How many members a channel has.
    pub fn count(&self, channel: ChannelId) -> usize {
        self.channels.get(channel).members
    }

    /// How many messages were ever said in a channel.
    pub fn said(&self, channel: ChannelId) -> u64 {
        self.channels.get(channel).channel.said()
    }

    /// The log of a channel.
    pub fn log(&self, channel: ChannelId) -> &Log {
        &self.channels.get(channel).log
    }

    /// The channels of a space that have members, by name.
    pub fn channels_of(&self, space: Space) -> impl Iterator<Item = (&str, ChannelId)> {
        self.channels.of(space)
    }

    /// How many channels of a space have members.
    pub fn populated(&self, space: Space) -> usize {
        self.channels.populated(space)
    }

    /// How many channels have members.
    pub fn channels(&self) -> usize {
        self.populated(Space::Relay) + self.populated(Space::Chat)
    }

    /// How many channels of a space are remembered, those with members included.
    pub fn remembered(&self, space: Space) -> usize {
        self.channels.remembered(space)
    }

    /// Bytes of all that is kept of what was said, and how many messages.
    pub fn kept(&self) -> (usize, usize) {
        self.channels.kept()
    }

    /// How many places clients have taken, which their numbers are below.
    pub fn client_places(&self) -> u32 {
        id(self.clients.capacity())
    }

    /// A number that is another one, but for rare chance, if any channel of the chat has another epoch or number or is not
    /// remembered, and the same wherever these are the same.
    pub fn sum(&self) -> u64 {
        self.channels.sum()
    }

    /// How many clients are in.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Notes that so much of a client waits to be sequenced, and returns how much does.
    pub fn send_off(&mut self, client: ClientId, bytes: usize) -> usize {
        self.clients[client.0 as usize].send_off(bytes)
    }

    /// Notes that so much of it is, and returns its slot if it may be read again.
    pub fn take_back(&mut self, client: ClientId, bytes: usize) -> Option<u32> {
        // One whose exit was the last that was under way is let go by now.
        let member = self.clients.get_mut(client.0 as usize)?;
        let is_relieved = member.take_back(bytes);
        let slot = member.slot.filter(|_| is_relieved);
        self.let_go(client);
        slot
    }

    /// Hands out to those who have to catch up what they missed, as much as `room(slot)` says that each may be sent.
    pub fn replay<R: Into<Room>>(
        &mut self,
        room: impl FnMut(u32) -> R,
        deliver: impl FnMut(u32, Slice),
    ) -> Replayed {
        replay::hand_out(self, room, deliver)
    }

    /// Notes that a client that may have to catch up can be sent more.
    pub fn resume(&mut self, client: ClientId) {
        self.replays.resume(client.0);
    }

    /// What deflates.
    pub fn press(&self) -> &Press {
        &self.press
    }

    /// The same, to deflate what goes to one client alone.
    pub fn press_mut(&mut self) -> &mut Press {
        &mut self.press
    }
}

/// Clients are at most as many as connections, and channels as their memberships, which 32 bits count.
fn id(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 memberships")
}

#[cfg(test)]
mod tests;
