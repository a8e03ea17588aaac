//! What people have done, in the order in which it was sequenced.

use std::borrow::Cow;
use std::iter;
use std::rc::Rc;

use super::{
    Asked, Outcome, Registry, alone, answer, elsewhere::Elsewhere, membership, notices::Move,
    people::Seat, post, refuse, sealed,
};
use crate::{
    state::{
        batch::Form,
        channel::Departure,
        engine::{Actor, Deed},
        events::Events,
        hub::{ChannelId, ClientId, Hub, Space, Start, Stay},
        seal::Origin,
    },
    vocabulary::{
        chat::{
            ChatError, EpochReason, Identity, Past, Recovery, Span, Told, Unrecovered, address,
            number,
        },
        coding::Coding,
        config::CLIENT_CHANNELS_MAX,
        frame::Kind,
    },
};

/// Room for a receiver and a time.
const RECEIVER_BYTES: usize = 160;

/// Does what was sequenced. Returns the bytes that were said and answered.
pub fn fold(
    hub: &mut Hub,
    registry: &mut Registry,
    actor: Actor,
    deed: Deed<'_>,
    asked: Asked<'_>,
) -> usize {
    let client = match (actor, &deed) {
        (Actor::Ours(client), _) => client,
        (Actor::Theirs { node, client }, Deed::Enter(identity) | Deed::Return { identity, .. }) => {
            if !Elsewhere::may_have(client) {
                return 0;
            }
            let here = hub.enter(None, Form::Joined, Coding::Plain);
            registry.elsewhere.add(node, client, here);
            let seat = Seat::There((node, client));
            registry.people.expect(here, Rc::clone(identity), seat);
            here
        }
        (Actor::Theirs { node, client }, _) => match registry.elsewhere.find(node, client) {
            Some(here) => here,
            None => return 0,
        },
    };
    let mut folding = Folding {
        hub,
        registry,
        client,
        asked,
    };
    let done = match deed {
        Deed::Enter(_) => {
            folding.registry.people.enter(client);
            Ok(0)
        }
        Deed::Return {
            channels, is_told, ..
        } => {
            folding.registry.people.enter(client);
            Ok(folding.come_back(&channels, is_told))
        }
        Deed::Exit => {
            if let Actor::Theirs { node, client } = actor {
                folding.registry.elsewhere.remove(node, client);
            }
            Ok(folding.exit())
        }
        Deed::Join(channel) => folding.join(&channel),
        Deed::Leave(channel) => folding.leave(&channel),
        Deed::Say { channel, body } => folding.say(&channel, &body),
        Deed::Private { target, body } => folding.say_privately(&target, &body),
        // None of the chat does that.
        Deed::Relay { .. }
        | Deed::Publish { .. }
        | Deed::Whisper { .. }
        | Deed::Expel { .. }
        | Deed::Dismiss { .. } => Ok(0),
    };
    done.unwrap_or_else(|error| refuse(hub, client, &error, asked.reference))
}

/// Says something that is whole but for its number and its time. Returns its bytes.
pub(super) fn say(
    hub: &mut Hub,
    events: Option<&mut Events>,
    channel: ChannelId,
    body: &[u8],
) -> usize {
    let events = events.filter(|events| events.hear());
    let mut heard = Vec::new();
    let said = hub.say(channel, Kind::Text, false, |bytes, seq, unix_ms| {
        let start = bytes.len();
        bytes.extend_from_slice(body);
        number(bytes, seq, unix_ms);
        if events.is_some() {
            heard.extend_from_slice(&bytes[start..]);
        }
    });
    if let Some(events) = events {
        let source = hub.source(channel);
        events.publish(hub.moment(), &source.channel, source.epoch, &heard);
    }
    said
}

/// Someone who does something.
pub(super) struct Folding<'a> {
    pub(super) hub: &'a mut Hub,
    pub(super) registry: &'a mut Registry,
    pub(super) client: ClientId,
    pub(super) asked: Asked<'a>,
}

/// The bytes that were said and answered, or why nothing was done.
type Done = Result<usize, ChatError>;

impl Folding<'_> {
    fn join(&mut self, name: &str) -> Done {
        if let Some(channel) = self.hub.membership(self.client, name) {
            let seq = self.hub.halt(self.client, channel);
            let answered = self.answer_joined(channel, name, seq, Recovery::default());
            self.hub.follow(self.client, channel, Start::At(seq));
            return Ok(answered);
        }
        let said = self.announce(name)?;
        let channel = self.hub.found(Space::Chat, name);
        let channel = channel.ok_or(ChatError::ServerFull)?;
        let seq = self.hub.said(channel);
        let (start, recovery) = self.recover(channel, seq);
        self.registry.enroll(self.hub, self.client, channel);
        let answered = self.answer_joined(channel, name, seq, recovery);
        self.hub.follow(self.client, channel, start);
        Ok(said + answered)
    }

    /// Is a member of channels again, and goes on there where it was: what it missed is replayed as far as it is kept. Returns
    /// the bytes said and told.
    fn come_back(&mut self, channels: &[Cow<'_, str>], is_told: bool) -> usize {
        let stays = self.asked.stays.iter().map(Some).chain(iter::repeat(None));
        let channels = channels.iter().zip(stays).take(CLIENT_CHANNELS_MAX);
        channels
            .map(|(name, stay)| self.rejoin(name, stay, is_told))
            .sum()
    }

    fn rejoin(&mut self, name: &str, stay: Option<&Stay>, is_told: bool) -> usize {
        if self.hub.membership(self.client, name).is_some() {
            return 0;
        }
        let announced = is_told.then(|| self.announce(name));
        let said = announced.and_then(Result::ok).unwrap_or_default();
        let Some(channel) = self.hub.found(Space::Chat, name) else {
            // There are too many others by now.
            let left = Told::Left {
                channel: name,
                reference: None,
            };
            return said + answer(self.hub, self.client, &left);
        };
        self.registry.enroll(self.hub, self.client, channel);
        let Some(Stay { source, seq }) = stay else {
            return said;
        };
        let epoch = self.hub.epoch(channel);
        let (start, told) = if epoch == source.epoch {
            (*seq, 0)
        } else {
            let began_anew = Told::Epoch {
                channel: name,
                epoch,
                reason: EpochReason::Lost,
            };
            (0, self.answer_member(channel, &began_anew))
        };
        self.hub.follow(self.client, channel, Start::At(start));
        said + told
    }

    /// Tells the members of a channel, if there are any, who is about to come.
    fn announce(&mut self, name: &str) -> Done {
        if self.hub.memberships(self.client).len() >= CLIENT_CHANNELS_MAX {
            return Err(ChatError::TooManyChannels);
        }
        let Some(channel) = self.hub.find(Space::Chat, name) else {
            return Ok(0);
        };
        let members = self.hub.count(channel) + 1;
        let identity = self.registry.people.identity(self.client);
        let notices = &mut self.registry.notices;
        Ok(notices.tell(self.hub, channel, identity, Move::Joined, members))
    }

    /// From where on one who joins is to be handed what was said, and what it is told of that; `seq` is the last number.
    fn recover(&mut self, channel: ChannelId, seq: u64) -> (Start, Recovery) {
        let epoch = self.hub.epoch(channel);
        let log = self.hub.log(channel);
        let first = log.first();
        let lost = |reason| Recovery {
            recovered: Some(false),
            reason: Some(reason),
            ..Recovery::default()
        };
        let (start, outcome, recovery) = match self.asked.past {
            Past::None => return (Start::Now, Recovery::default()),
            Past::Last(messages) => (log.last(messages), None, Recovery::default()),
            Past::Since { epoch: of, .. } if of != epoch => {
                (first, Some(Outcome::Epoch), lost(Unrecovered::Epoch))
            }
            Past::Since { seq: known, .. } if known > seq => {
                (seq, Some(Outcome::Future), lost(Unrecovered::Future))
            }
            Past::Since { seq: known, .. } => {
                let gap = (known < first).then_some(Span {
                    from: known + 1,
                    to: first,
                });
                let outcome = gap.map_or(Outcome::Recovered, |_| Outcome::Gap);
                let recovery = Recovery {
                    recovered: Some(gap.is_none()),
                    gap,
                    ..Recovery::default()
                };
                (known.max(first), Some(outcome), recovery)
            }
        };
        if let Some(outcome) = outcome {
            self.registry.recoveries[outcome as usize] += 1;
        }
        let replay = Span {
            from: start + 1,
            to: seq,
        };
        let recovery = Recovery {
            replay: Some(replay),
            ..recovery
        };
        (Start::At(start), recovery)
    }

    fn answer_joined(
        &mut self,
        channel: ChannelId,
        name: &str,
        seq: u64,
        recovery: Recovery,
    ) -> usize {
        let Registry {
            people, rosters, ..
        } = &mut *self.registry;
        let Some(session) = people.session(self.client) else {
            return 0;
        };
        let room = session.allowance.room(self.hub.now().monotonic);
        let limit = self.asked.members.min(room);
        let page = rosters.page(channel, None, limit, people);
        if let Some(session) = people.session(self.client) {
            session.allowance.spend(page.listed);
        }
        let told = Told::Joined {
            channel: name,
            members: &page.members,
            count: self.hub.count(channel),
            seq,
            epoch: self.hub.epoch(channel),
            oldest: self.hub.log(channel).first() + 1,
            recovery,
            reference: self.asked.reference,
        };
        self.answer_member(channel, &told)
    }

    /// Tells it something that begins or ends its membership. Returns its bytes.
    fn answer_member(&mut self, channel: ChannelId, told: &Told<'_>) -> usize {
        let source = Rc::clone(self.hub.source(channel));
        let run = alone(self.hub, told, Some(Origin::Membership(source)));
        post(self.hub, self.client, run)
    }

    fn leave(&mut self, name: &str) -> Done {
        let channel = membership(self.hub, self.client, name)?;
        Ok(self.quit(channel, name))
    }

    /// Leaves a channel that it is in, and is told so. Returns the bytes said and told.
    pub(super) fn quit(&mut self, channel: ChannelId, name: &str) -> usize {
        let said = self.depart(channel, Departure::Leaves);
        let left = Told::Left {
            channel: name,
            reference: self.asked.reference,
        };
        said + self.answer_member(channel, &left)
    }

    fn exit(&mut self) -> usize {
        let channels: Vec<_> = self.hub.memberships(self.client).collect();
        let said = channels
            .into_iter()
            .map(|channel| self.depart(channel, Departure::Vanishes))
            .sum();
        self.registry.let_go(self.hub, self.client);
        said
    }

    /// Leaves a channel and tells those who stay. Returns the bytes said.
    fn depart(&mut self, channel: ChannelId, departure: Departure) -> usize {
        let members = self.hub.count(channel);
        let registry = &mut *self.registry;
        let identity = registry.depart(self.hub, self.client, channel, departure);
        if members == 1 {
            return 0;
        }
        let notices = &mut registry.notices;
        notices.tell(self.hub, channel, &identity, Move::Left, members)
    }

    fn say(&mut self, name: &str, body: &[u8]) -> Done {
        let channel = membership(self.hub, self.client, name)?;
        Ok(say(self.hub, self.registry.events_mut(), channel, body))
    }

    fn say_privately(&mut self, target: &str, body: &[u8]) -> Done {
        let (clients, target) = self.registry.people.find(target)?;
        let own = Some(self.client);
        let others = clients.iter().filter(|&client| Some(client) != own);
        Ok(say_to(self.hub, others.chain(own), target, body))
    }
}

/// Says something to some clients that is whole but for its receiver and its time. Returns its bytes, as often as it was said.
pub(super) fn say_to(
    hub: &mut Hub,
    clients: impl Iterator<Item = ClientId>,
    target: &Identity,
    body: &[u8],
) -> usize {
    let mut object = Vec::with_capacity(body.len() + RECEIVER_BYTES);
    object.extend_from_slice(body);
    address(&mut object, target.mention(), hub.moment().unix_ms);
    let run = sealed(hub, &object, None);
    clients
        .map(|client| post(hub, client, Rc::clone(&run)))
        .sum()
}
