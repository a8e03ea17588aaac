//! A client of the hub.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::slice;

use super::ChannelId;
use crate::{
    state::{batch::Form, channel::Seat, memory::of_list},
    vocabulary::{coding::Coding, config::UNANSWERED_BYTES_MAX},
};

#[derive(Debug)]
pub(super) struct Client {
    /// Where what it is owed is delivered to. One of another server, or one whose connection has ended, has no place.
    pub(super) slot: Option<u32>,
    pub(super) form: Form,
    pub(super) coding: Coding,
    /// It is to be let go once nothing of it is under way.
    pub(super) is_gone: bool,
    /// Bytes that it has asked for and that are not sequenced yet.
    under_way: u32,
    memberships: Memberships,
}

/// In which channels a client is. Most are in one for as long as they are here, and take no memory but their own for it.
#[derive(Debug, Default)]
enum Memberships {
    #[default]
    None,
    One(Membership),
    #[expect(
        clippy::box_collection,
        reason = "what is rare is not to make what is frequent larger"
    )]
    Several(Box<Vec<Membership>>),
}

#[derive(Clone, Copy, Debug)]
struct Membership {
    channel: ChannelId,
    place: Place,
}

/// How a member gets what is said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// With everyone else.
    Seat(Seat),
    /// Out of the log, until it has caught up.
    Log,
    /// Not at all: it is not here, or not following yet.
    Away,
}

impl Client {
    pub(super) fn new(slot: Option<u32>, form: Form, coding: Coding) -> Self {
        Self {
            slot,
            form,
            coding,
            is_gone: false,
            under_way: 0,
            memberships: Memberships::None,
        }
    }

    /// The channels that it is in.
    pub(super) fn channels(&self) -> impl ExactSizeIterator<Item = ChannelId> {
        self.memberships.iter().map(|membership| membership.channel)
    }

    /// Makes it a member of a channel, of which it gets nothing yet.
    pub(super) fn join(&mut self, channel: ChannelId) {
        self.memberships.add(Membership {
            channel,
            place: Place::Away,
        });
    }

    /// Lets it leave a channel, and says how it got what was said there.
    pub(super) fn leave(&mut self, channel: ChannelId) -> Place {
        let place = self.place(channel);
        self.memberships.remove(channel);
        place
    }

    /// How it gets what is said in a channel of which it is a member.
    pub(super) fn place(&self, channel: ChannelId) -> Place {
        let mut memberships = self.memberships.iter();
        let membership = memberships.find(|membership| membership.channel == channel);
        membership.expect("a member has a membership").place
    }

    /// The same, to be changed.
    pub(super) fn place_mut(&mut self, channel: ChannelId) -> &mut Place {
        let mut memberships = self.memberships.iter_mut();
        let membership = memberships.find(|membership| membership.channel == channel);
        &mut membership.expect("a member has a membership").place
    }

    /// Notes that it has asked for so many bytes more. Returns all that are under way.
    pub(super) fn send_off(&mut self, bytes: usize) -> usize {
        self.under_way += narrow(bytes);
        self.under_way as usize
    }

    /// Notes that so many bytes were sequenced, and says whether it may be read again, and could not be before.
    pub(super) fn take_back(&mut self, bytes: usize) -> bool {
        let was_held = self.is_held();
        self.under_way -= narrow(bytes);
        was_held && !self.is_held()
    }

    /// Whether anything of it is under way.
    pub(super) fn has_under_way(&self) -> bool {
        self.under_way > 0
    }

    /// Notes that nothing of it is under way any more, and returns how much was.
    pub(super) fn give_up(&mut self) -> usize {
        mem::take(&mut self.under_way) as usize
    }

    /// Whether so much of it is under way that it is not read.
    pub(super) fn is_held(&self) -> bool {
        self.under_way as usize >= UNANSWERED_BYTES_MAX
    }

    /// Whether it is over with it.
    pub(super) fn is_done(&self) -> bool {
        self.is_gone && self.under_way == 0
    }

    /// Bytes that it takes beside itself.
    pub(super) fn heap_bytes(&self) -> usize {
        match &self.memberships {
            Memberships::None | Memberships::One(_) => 0,
            Memberships::Several(several) => {
                size_of::<Vec<Membership>>() + of_list::<Membership>(several.capacity())
            }
        }
    }
}

impl Memberships {
    fn add(&mut self, membership: Membership) {
        match self {
            Self::None => *self = Self::One(membership),
            Self::One(first) => *self = Self::Several(Box::new(vec![*first, membership])),
            Self::Several(several) => {
                several.reserve_exact(1);
                several.push(membership);
            }
        }
    }

    fn remove(&mut self, channel: ChannelId) {
        match self {
            Self::None => {}
            Self::One(only) if only.channel != channel => {}
            Self::One(_) => *self = Self::None,
            Self::Several(several) => {
                several.retain(|membership| membership.channel != channel);
                several.shrink_to_fit();
                if let [only] = several[..] {
                    *self = Self::One(only);
                }
            }
        }
    }
}

impl Deref for Memberships {
    type Target = [Membership];

    fn deref(&self) -> &[Membership] {
        match self {
            Self::None => &[],
            Self::One(one) => slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

impl DerefMut for Memberships {
    fn deref_mut(&mut self) -> &mut [Membership] {
        match self {
            Self::None => &mut [],
            Self::One(one) => slice::from_mut(one),
            Self::Several(several) => several,
        }
    }
}

/// What is under way is bounded, but for one message, and that has at most a gigabyte.
fn narrow(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("fewer than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_takes_little_beside_its_memberships() {
        assert_eq!(size_of::<Option<Client>>(), 32);
    }
}
