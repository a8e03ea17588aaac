//! The hub: who is in which channel. It takes messages in during a turn and hands out sealed batches at its end.

use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use slab::Slab;

use super::{
    batch::{Form, OpenBatch, Run, Slice},
    channel::{Channel, Departure, Left, Owed, Seat},
    memory::of_list,
    seal::{Origin, Seal},
};
use crate::vocabulary::config::SPARE_BATCHES_MAX;

/// A client of the hub, from [`Hub::enter`] to [`Hub::exit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(u32);

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
#[derive(Debug, Default)]
pub struct Hub {
    clients: Slab<Client>,
    channels: Slab<Named>,
    by_name: [BTreeMap<Box<str>, ChannelId>; 2],
    /// How many channels there ever were.
    founded: u64,
    /// Channels in which something was said this turn.
    loud: Vec<ChannelId>,
    /// How many channels of each space have members.
    populated: [usize; 2],
    /// What single clients are to get before what is said in the channels that they are in, by slot.
    mail: Vec<(u32, Mail)>,
    spare: Vec<OpenBatch>,
}

#[derive(Debug)]
enum Mail {
    /// What it alone is told.
    Told(Rc<Run>),
    /// What it is owed of a channel that it has left.
    Owed(ChannelId, Owed),
}

#[derive(Debug)]
struct Client {
    slot: u32,
    form: Form,
    memberships: Vec<Membership>,
}

#[derive(Debug)]
struct Membership {
    channel: ChannelId,
    seat: Seat,
}

#[derive(Debug)]
struct Named {
    space: Space,
    name: Box<str>,
    serial: u64,
    channel: Channel,
    is_loud: bool,
}

impl Hub {
    /// Takes in a client; what it is owed is delivered to `slot`, in its form.
    pub fn enter(&mut self, slot: u32, form: Form) -> ClientId {
        let client = Client {
            slot,
            form,
            memberships: Vec::new(),
        };
        ClientId(id(self.clients.insert(client)))
    }

    /// Lets a client go, out of all its channels.
    pub fn exit(&mut self, client: ClientId, departure: Departure) {
        while let Some(last) = self.clients[client.0 as usize].memberships.last() {
            self.leave(client, last.channel, departure);
        }
        self.clients.remove(client.0 as usize);
    }

    /// Makes a client a member of a channel, which is created if nobody is there. Joining again changes nothing.
    pub fn join(&mut self, client: ClientId, space: Space, name: &str) -> ChannelId {
        let channel = self
            .find(space, name)
            .unwrap_or_else(|| self.found(space, name));
        if !self.is_member(client, channel) {
            let member = &mut self.clients[client.0 as usize];
            let room = &mut self.channels[channel.0 as usize].channel;
            let is_first = room.count() == 0;
            self.populated[space as usize] += usize::from(is_first);
            let seat = room.join(client.0, member.slot, member.form);
            member.memberships.reserve_exact(1);
            member.memberships.push(Membership { channel, seat });
        }
        channel
    }

    /// Lets a member leave a channel, which is forgotten if nobody is left and nothing waits to be handed out.
    pub fn leave(&mut self, client: ClientId, channel: ChannelId, departure: Departure) {
        let Client {
            slot, memberships, ..
        } = &mut self.clients[client.0 as usize];
        let place = memberships
            .iter()
            .position(|membership| membership.channel == channel)
            .expect("only members leave");
        let Membership { seat, .. } = memberships.swap_remove(place);
        let named = &mut self.channels[channel.0 as usize];
        let Left { moved, owed } = named.channel.leave(seat, departure);
        let was_last = named.channel.count() == 0;
        self.populated[named.space as usize] -= usize::from(was_last);
        if let Some(owed) = owed {
            self.mail.push((*slot, Mail::Owed(channel, owed)));
        }
        if let Some(moved) = moved {
            self.reseat(moved, channel, seat);
        }
        self.forget_if_idle(channel);
    }

    /// The channel, to say something in it this turn.
    pub fn speak(&mut self, id: ChannelId) -> &mut Channel {
        let named = &mut self.channels[id.0 as usize];
        if !named.is_loud {
            named.is_loud = true;
            named.channel.begin(self.spare.pop().unwrap_or_default());
            self.loud.push(id);
        }
        &mut named.channel
    }

    /// Tells one client something, which reaches it after what it is owed of channels that it has left before, and
    /// before what is said this turn in those that it is in.
    pub fn tell(&mut self, client: ClientId, run: Rc<Run>) {
        let slot = self.clients[client.0 as usize].slot;
        self.mail.push((slot, Mail::Told(run)));
    }

    /// Hands out all that was said this turn, sealed at this time, as `deliver(slot, slice)`: each batch encoded once and shared.
    pub fn seal(&mut self, at: Duration, mut deliver: impl FnMut(u32, Slice)) {
        let mut loud = mem::take(&mut self.loud);
        for id in &loud {
            let named = &mut self.channels[id.0 as usize];
            let channel = named.serial;
            let origin = (named.space == Space::Relay).then_some(Origin::Relay { channel });
            named.channel.seal(&Seal { at, origin });
        }
        for (slot, mail) in self.mail.drain(..) {
            let slice = match mail {
                Mail::Told(run) => Slice::whole(run),
                Mail::Owed(id, owed) => self.channels[id.0 as usize].channel.settle(owed),
            };
            deliver(slot, slice);
        }
        for id in loud.drain(..) {
            let named = &mut self.channels[id.0 as usize];
            let batch = named.channel.deliver(&mut deliver);
            if self.spare.len() < SPARE_BATCHES_MAX {
                self.spare.push(batch);
            }
            named.is_loud = false;
            self.forget_if_idle(id);
        }
        self.loud = loud;
    }

    /// Whether what waits to be handed out was all said in channels, to members who are still there, so that it may wait
    /// for more.
    pub fn may_wait(&self) -> bool {
        !self.loud.is_empty() && self.mail.is_empty()
    }

    /// Whether nothing waits to be handed out.
    pub fn is_quiet(&self) -> bool {
        self.loud.is_empty() && self.mail.is_empty()
    }

    /// The channel of this name, if it has members.
    pub fn find(&self, space: Space, name: &str) -> Option<ChannelId> {
        self.by_name[space as usize].get(name).copied()
    }

    /// The channel of this name, if the client is a member of it.
    pub fn membership(&self, client: ClientId, name: &str) -> Option<ChannelId> {
        self.memberships(client)
            .find(|&channel| self.name(channel) == name)
    }

    /// The channels that a client is in.
    pub fn memberships(&self, client: ClientId) -> impl ExactSizeIterator<Item = ChannelId> {
        let memberships = &self.clients[client.0 as usize].memberships;
        memberships.iter().map(|membership| membership.channel)
    }

    /// Whether a client is in a channel.
    pub fn is_member(&self, client: ClientId, channel: ChannelId) -> bool {
        self.memberships(client).any(|of| of == channel)
    }

    /// What a channel is called.
    pub fn name(&self, channel: ChannelId) -> &str {
        &self.channels[channel.0 as usize].name
    }

    /// A number that no other channel has had, not even one of the same name before this was created. `None` if there is
    /// no such channel any more.
    pub fn serial(&self, channel: ChannelId) -> Option<u64> {
        let named = self.channels.get(channel.0 as usize);
        named.map(|named| named.serial)
    }

    /// How many members a channel has.
    pub fn count(&self, channel: ChannelId) -> usize {
        self.channels[channel.0 as usize].channel.count()
    }

    /// How many messages were ever said in a channel.
    pub fn said(&self, channel: ChannelId) -> u64 {
        self.channels[channel.0 as usize].channel.said()
    }

    /// How many of a channel's messages came before those that a member of it is yet to get.
    pub fn heard(&self, client: ClientId, channel: ChannelId) -> u64 {
        let mut memberships = self.clients[client.0 as usize].memberships.iter();
        let membership = memberships.find(|membership| membership.channel == channel);
        let seat = membership.expect("only members hear").seat;
        self.channels[channel.0 as usize].channel.heard(seat)
    }

    /// The members of a channel.
    pub fn members(&self, channel: ChannelId) -> impl Iterator<Item = ClientId> {
        let members = self.channels[channel.0 as usize].channel.members();
        members.map(|member| ClientId(member.client))
    }

    /// The channels of a space, by name.
    pub fn channels_of(&self, space: Space) -> impl ExactSizeIterator<Item = (&str, ChannelId)> {
        let by_name = &self.by_name[space as usize];
        by_name.iter().map(|(name, &channel)| (&**name, channel))
    }

    /// How many channels of a space have members.
    pub fn populated(&self, space: Space) -> usize {
        self.populated[space as usize]
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// How many clients are in.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        let memberships = self.clients.iter();
        let memberships = memberships.map(|(_, client)| client.memberships.capacity());
        let channels = self.channels.iter();
        let channels = channels.map(|(_, named)| named.channel.heap_bytes() + 2 * named.name.len());
        let names = self.by_name.iter().map(BTreeMap::len).sum();
        of_list::<Client>(self.clients.capacity())
            + of_list::<Membership>(memberships.sum())
            + of_list::<Named>(self.channels.capacity())
            + channels.sum::<usize>()
            + of_list::<(Box<str>, ChannelId)>(names)
            + of_list::<(u32, Mail)>(self.mail.capacity())
            + self.spare.iter().map(OpenBatch::heap_bytes).sum::<usize>()
    }

    fn found(&mut self, space: Space, name: &str) -> ChannelId {
        let serial = self.founded;
        self.founded += 1;
        let id = ChannelId(id(self.channels.insert(Named {
            space,
            name: name.into(),
            serial,
            channel: Channel::default(),
            is_loud: false,
        })));
        self.by_name[space as usize].insert(name.into(), id);
        id
    }

    fn reseat(&mut self, moved: u32, channel: ChannelId, seat: Seat) {
        let client = &mut self.clients[moved as usize];
        let membership = client
            .memberships
            .iter_mut()
            .find(|membership| membership.channel == channel)
            .expect("a member of a channel has a membership of it");
        membership.seat = seat;
    }

    fn forget_if_idle(&mut self, id: ChannelId) {
        let named = &self.channels[id.0 as usize];
        if named.channel.is_idle() && !named.is_loud {
            let Named { space, name, .. } = self.channels.remove(id.0 as usize);
            self.by_name[space as usize].remove(&name);
        }
    }
}

/// Clients are at most as many as connections, and channels as their memberships, which 32 bits count.
fn id(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 memberships")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::frame::Kind;

    fn said(hub: &mut Hub) -> Vec<(u32, u32)> {
        let mut said = Vec::new();
        hub.seal(Duration::ZERO, |slot, slice| said.push((slot, slice.len())));
        said.sort_unstable();
        said
    }

    #[test]
    fn what_is_said_reaches_the_members_of_that_channel_only() {
        let mut hub = Hub::default();
        let [ada, bob, cleo] = [(1, Form::Joined), (2, Form::Single), (3, Form::Joined)]
            .map(|(slot, form)| hub.enter(slot, form));
        let tea = hub.join(ada, Space::Relay, "tea");
        assert_eq!(hub.join(bob, Space::Relay, "tea"), tea);
        hub.join(cleo, Space::Relay, "coffee");
        hub.speak(tea).say_line("hot");
        hub.speak(tea).say_line("sweet");
        assert_eq!(said(&mut hub), [(1, 2), (2, 2)]);
        assert_eq!(said(&mut hub), []);
    }

    #[test]
    fn seats_stay_right_whoever_leaves_first() {
        let mut hub = Hub::default();
        let clients: Vec<_> = (0..10).map(|slot| hub.enter(slot, Form::Joined)).collect();
        let mut channel = None;
        for &client in &clients {
            channel = Some(hub.join(client, Space::Relay, "all"));
        }
        for leaver in [0, 9, 4, 5, 1] {
            hub.exit(clients[leaver], Departure::Leaves);
        }
        hub.speak(channel.unwrap()).say_line("still here?");
        let heard: Vec<_> = said(&mut hub).into_iter().map(|(slot, _)| slot).collect();
        assert_eq!(heard, [2, 3, 6, 7, 8]);
    }

    #[test]
    fn joining_again_changes_nothing() {
        let mut hub = Hub::default();
        let ada = hub.enter(1, Form::Joined);
        let tea = hub.join(ada, Space::Relay, "tea");
        assert_eq!(hub.join(ada, Space::Relay, "tea"), tea);
        hub.speak(tea).say_line("once");
        assert_eq!(said(&mut hub), [(1, 1)]);
        hub.exit(ada, Departure::Leaves);
        assert_eq!((hub.channels(), hub.clients()), (0, 0));
    }

    #[test]
    fn an_empty_channel_is_forgotten_once_its_last_words_are_out() {
        let mut hub = Hub::default();
        let ada = hub.enter(1, Form::Joined);
        let tea = hub.join(ada, Space::Relay, "tea");
        hub.speak(tea).say_line("farewell");
        hub.exit(ada, Departure::Leaves);
        assert_eq!(hub.channels(), 1);
        assert_eq!(said(&mut hub), [(1, 1)]);
        assert_eq!((hub.channels(), hub.clients()), (0, 0));
    }

    #[test]
    fn what_one_is_told_comes_between_the_channels_it_left_and_those_it_is_in() {
        let mut hub = Hub::default();
        let ada = hub.enter(1, Form::Joined);
        let tea = hub.join(ada, Space::Chat, "tea");
        hub.speak(tea).say_line("1");
        hub.leave(ada, tea, Departure::Leaves);
        let told = Rc::new(Run::alone(Kind::Text, b"22", Form::Joined, Seal::default()));
        hub.tell(ada, told);
        let tea = hub.join(ada, Space::Chat, "tea");
        hub.speak(tea).say_line("333");
        let mut bytes = Vec::new();
        hub.seal(Duration::ZERO, |_, slice| bytes.push(slice.first_bytes()));
        assert_eq!(bytes, [1, 2, 3]);
        assert!(hub.is_quiet());
    }

    #[test]
    fn a_channel_that_begins_again_has_another_serial() {
        let mut hub = Hub::default();
        let ada = hub.enter(1, Form::Joined);
        let serial = |hub: &mut Hub| {
            let tea = hub.join(ada, Space::Chat, "tea");
            let serial = hub.serial(tea);
            hub.leave(ada, tea, Departure::Leaves);
            assert_eq!(hub.serial(tea), None);
            serial
        };
        assert_ne!(serial(&mut hub), serial(&mut hub));
    }
}
