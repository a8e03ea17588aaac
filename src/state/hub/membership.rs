//! Who is in which channel, and how each gets what is said there.

use std::mem;

use super::{ChannelId, ClientId, Hub, Mail, Space, client::Place, replay::Track};
use crate::state::channel::{Departure, Left, Seat};

/// From where on someone who joins gets what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// From now on.
    Now,
    /// From a place in the channel on that has been: what the log has of it comes first.
    At(u64),
}

impl Hub {
    /// Makes a client a member of a channel, which is created if it is not remembered. `None` if there are too many
    /// channels. Joining again changes nothing.
    pub fn join(
        &mut self,
        client: ClientId,
        space: Space,
        name: &str,
        start: Start,
    ) -> Option<ChannelId> {
        let channel = self.found(space, name)?;
        if !self.is_member(client, channel) {
            self.enroll(client, channel);
            self.follow(client, channel, start);
        }
        Some(channel)
    }

    /// Makes a client a member of a channel, of which it gets nothing until it follows.
    pub fn enroll(&mut self, client: ClientId, channel: ChannelId) {
        self.channels.enter(channel);
        self.clients[client.0 as usize].join(channel);
    }

    /// Hands a member that is here what is said in a channel, from a place in it on, after all that it was told before. One
    /// that follows already goes on as it does.
    pub fn follow(&mut self, client: ClientId, channel: ChannelId, start: Start) {
        if !matches!(self.clients[client.0 as usize].place(channel), Place::Away) {
            return;
        }
        let named = self.channels.get_mut(channel);
        let member = &self.clients[client.0 as usize];
        let said = named.channel.said();
        let Some(slot) = member.slot else {
            return;
        };
        let next = match start {
            Start::Now => said,
            Start::At(place) => place.min(said),
        };
        let place = if next == said && !self.replays.holds(client.0) {
            Place::Seat(
                named
                    .channel
                    .join(client.0, slot, member.form, member.coding),
            )
        } else {
            let track = Track::new(channel, named, next);
            self.replays.begin(client.0, track);
            Place::Log
        };
        self.settle_at(client.0, channel, place);
    }

    /// How many of a channel's messages come before what a member is told next. If that has to wait, it gets no more of
    /// them until it follows again.
    pub fn halt(&mut self, client: ClientId, channel: ChannelId) -> u64 {
        let heard = self.heard(client, channel);
        if !self.replays.holds(client.0) {
            return heard;
        }
        let place = self.clients[client.0 as usize].place_mut(channel);
        match mem::replace(place, Place::Away) {
            Place::Seat(seat) => {
                self.vacate(client, channel, seat, Departure::Leaves);
                self.said(channel)
            }
            Place::Log => {
                self.replays.give_up(client.0, channel);
                heard
            }
            Place::Away => heard,
        }
    }

    /// The channel of this name, which is created if it is not remembered. `None` if there are too many.
    pub fn found(&mut self, space: Space, name: &str) -> Option<ChannelId> {
        let known = self.channels.find(space, name);
        known.or_else(|| self.channels.found(space, name, self.moment.at))
    }

    /// Lets a member leave a channel, which is remembered for a while if nobody is left.
    pub fn leave(&mut self, client: ClientId, channel: ChannelId, departure: Departure) {
        match self.clients[client.0 as usize].leave(channel) {
            Place::Seat(seat) => self.vacate(client, channel, seat, departure),
            Place::Log => {
                let said = self.said(channel);
                self.replays.leave(client.0, channel, said);
            }
            Place::Away => {}
        }
        self.channels.leave(channel, self.moment.at);
    }

    /// Hands a member nothing more of a channel that it is in.
    pub(super) fn stop(&mut self, client: ClientId, channel: ChannelId, departure: Departure) {
        let place = self.clients[client.0 as usize].place_mut(channel);
        if let Place::Seat(seat) = mem::replace(place, Place::Away) {
            self.vacate(client, channel, seat, departure);
        }
    }

    /// Frees the seat of a member, who is owed what was said there this turn unless it vanishes.
    fn vacate(&mut self, client: ClientId, channel: ChannelId, seat: Seat, departure: Departure) {
        let member = &self.clients[client.0 as usize];
        let room = &mut self.channels.get_mut(channel).channel;
        let Left { moved, owed } = room.leave(seat, member.coding, departure);
        if let (Some(owed), Some(slot)) = (owed, member.slot) {
            self.mail.push((slot, Mail::Owed(channel, owed)));
        }
        if let Some(moved) = moved {
            self.settle_at(moved, channel, Place::Seat(seat));
        }
    }

    /// The channel of this name, if the client is a member of it.
    pub fn membership(&self, client: ClientId, name: &str) -> Option<ChannelId> {
        self.memberships(client)
            .find(|&channel| self.channels.get(channel).is_called(name))
    }

    /// The channels that a client is in.
    pub fn memberships(&self, client: ClientId) -> impl ExactSizeIterator<Item = ChannelId> {
        self.clients[client.0 as usize].channels()
    }

    /// Whether a client is in a channel.
    pub fn is_member(&self, client: ClientId, channel: ChannelId) -> bool {
        self.memberships(client).any(|of| of == channel)
    }

    /// How many of a channel's messages came before those that a member of it is yet to get.
    pub fn heard(&self, client: ClientId, channel: ChannelId) -> u64 {
        match self.clients[client.0 as usize].place(channel) {
            Place::Seat(seat) => self.channels.get(channel).channel.heard(seat),
            Place::Log => self.replays.heard(client.0, channel),
            Place::Away => self.said(channel),
        }
    }

    /// Says how a member gets what is said from now on.
    pub(super) fn settle_at(&mut self, client: u32, channel: ChannelId, place: Place) {
        *self.clients[client as usize].place_mut(channel) = place;
    }
}
