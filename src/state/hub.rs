//! The hub: who is in which channel. It takes messages in during a turn and hands out sealed batches at its end.

use std::collections::HashMap;

use slab::Slab;

use super::{
    batch::{Form, Slice},
    channel::{Channel, Seat},
};

/// A client of the hub, from [`Hub::enter`] to [`Hub::exit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientId(u32);

/// A channel of the hub. It stays valid while the client that joined it is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelId(u32);

/// Channels of the same name in different spaces have nothing to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Channels of `/relay`, and of `/ws` without a name.
    Relay,
}

/// Clients, channels, and memberships between them.
#[derive(Debug, Default)]
pub struct Hub {
    clients: Slab<Client>,
    channels: Slab<Named>,
    by_name: HashMap<(Space, Box<str>), ChannelId>,
    /// Channels in which something was said this turn.
    loud: Vec<ChannelId>,
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

    /// Lets a client go, out of all its channels. What was said there before is still delivered at the end of the turn.
    pub fn exit(&mut self, client: ClientId) {
        let client = self.clients.remove(client.0 as usize);
        for membership in client.memberships {
            let channel = &mut self.channels[membership.channel.0 as usize].channel;
            if let Some(moved) = channel.leave(membership.seat) {
                self.reseat(moved, membership.channel, membership.seat);
            }
            self.forget_if_idle(membership.channel);
        }
    }

    /// Makes a client a member of a channel, which is created if nobody is there. Joining again changes nothing.
    pub fn join(&mut self, client: ClientId, space: Space, name: &str) -> ChannelId {
        let channel = self.channel(space, name);
        let member = &mut self.clients[client.0 as usize];
        let is_member = member
            .memberships
            .iter()
            .any(|membership| membership.channel == channel);
        if !is_member {
            let room = &mut self.channels[channel.0 as usize].channel;
            let seat = room.join(client.0, member.slot, member.form);
            member.memberships.reserve_exact(1);
            member.memberships.push(Membership { channel, seat });
        }
        channel
    }

    /// The channel, to say something in it this turn.
    pub fn speak(&mut self, id: ChannelId) -> &mut Channel {
        let named = &mut self.channels[id.0 as usize];
        if !named.is_loud {
            named.is_loud = true;
            self.loud.push(id);
        }
        &mut named.channel
    }

    /// Hands out all that was said this turn, as `deliver(slot, slice)`: each batch encoded once and shared.
    pub fn seal(&mut self, mut deliver: impl FnMut(u32, Slice)) {
        for index in 0..self.loud.len() {
            let id = self.loud[index];
            let named = &mut self.channels[id.0 as usize];
            named.is_loud = false;
            named.channel.seal(&mut deliver);
            self.forget_if_idle(id);
        }
        self.loud.clear();
    }

    /// How many channels have members.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// How many clients are in.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    fn channel(&mut self, space: Space, name: &str) -> ChannelId {
        let key = (space, Box::from(name));
        if let Some(&id) = self.by_name.get(&key) {
            return id;
        }
        let id = ChannelId(id(self.channels.insert(Named {
            space,
            name: key.1.clone(),
            channel: Channel::default(),
            is_loud: false,
        })));
        self.by_name.insert(key, id);
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
            self.by_name.remove(&(space, name));
        }
    }
}

/// Clients and channels are at most as many as connections, which 32 bits count.
fn id(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 connections")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(hub: &mut Hub) -> Vec<(u32, u32)> {
        let mut said = Vec::new();
        hub.seal(|slot, slice| said.push((slot, slice.len())));
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
            hub.exit(clients[leaver]);
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
        hub.exit(ada);
        assert_eq!((hub.channels(), hub.clients()), (0, 0));
    }

    #[test]
    fn an_empty_channel_is_forgotten_once_its_last_words_are_out() {
        let mut hub = Hub::default();
        let ada = hub.enter(1, Form::Joined);
        let tea = hub.join(ada, Space::Relay, "tea");
        hub.speak(tea).say_line("farewell");
        hub.exit(ada);
        assert_eq!(hub.channels(), 1);
        assert_eq!(said(&mut hub), [(1, 1)]);
        assert_eq!((hub.channels(), hub.clients()), (0, 0));
    }
}
