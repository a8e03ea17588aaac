//! An engine that is late, as one that others share is: what is done comes back turns later, in order, and among what
//! clients of other servers do. Its time is of a clock of its own, and goes on only with what is in the sequence.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use hubbub::state::engine::{Action, Actor, Deed, Engine, Event, Pressure, Sequenced};
use hubbub::vocabulary::{
    chat::Identity,
    frame::Kind,
    id::NodeId,
    time::{Moment, Now},
};
use serde_json::json;

use crate::peer::{
    chat::{channel_name, name},
    relay::RELAY_CHANNELS,
};

/// The most turns that something takes.
const TURNS_MAX: u64 = 50;
/// The most clients that other servers have at once.
const FOREIGNERS_MAX: usize = 6;
/// How much waits when those who do something are not to be read.
const WAITING_HIGH: usize = 8;
/// How far the time that is told of things is from ours, at most, either way, and how unevenly the clock goes that they are
/// sequenced by.
const SKEW_MS: u64 = 50;
/// How far that is ahead of ours.
const AHEAD: Duration = Duration::from_hours(24 * 365 * 55);
/// After how long something is in the sequence again.
const SILENCE_MAX: Duration = Duration::from_millis(100);

/// The engine, as the server has it.
#[derive(Debug)]
pub struct Late(Rc<RefCell<Sequence>>);

/// What is in sequence, and those who are elsewhere.
#[derive(Debug)]
pub struct Sequence {
    turn: u64,
    turns_max: u64,
    /// What comes back in which turn.
    waiting: VecDeque<(u64, Action<'static>)>,
    foreigners: Vec<Foreigner>,
    /// How many there ever were.
    foreigners_ever: u32,
    /// The other servers.
    nodes: [NodeId; 2],
    breadth: usize,
    /// How many clients there ever were here.
    everyone: usize,
    is_calm: bool,
    /// When something was in the sequence last, by our clock, and by its own.
    last: (Duration, Duration),
    chance: fastrand::Rng,
}

#[derive(Debug)]
struct Foreigner {
    node: NodeId,
    number: u32,
    identity: Rc<Identity>,
    said: u64,
}

impl Late {
    pub fn new(sequence: Rc<RefCell<Sequence>>) -> Self {
        Self(sequence)
    }
}

impl Sequence {
    /// One in which things happen in so many channels.
    pub fn new(seed: u64, breadth: usize) -> Rc<RefCell<Self>> {
        let mut chance = fastrand::Rng::with_seed(seed ^ 0x1a7e);
        Rc::new(RefCell::new(Self {
            turn: 0,
            turns_max: chance.u64(0..=TURNS_MAX),
            waiting: VecDeque::new(),
            foreigners: Vec::new(),
            foreigners_ever: 0,
            nodes: [NodeId(1), NodeId(2)],
            breadth,
            everyone: 1,
            is_calm: false,
            last: (Duration::ZERO, AHEAD),
            chance,
        }))
    }

    /// Notes whether those elsewhere do nothing, and how many clients there ever were here.
    pub fn look(&mut self, is_calm: bool, everyone: usize) {
        self.is_calm = is_calm;
        self.everyone = everyone;
    }

    /// How much is under way, with those who are elsewhere.
    pub fn clients(&self) -> usize {
        self.waiting.len() + self.foreigners.len()
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Lets all go who are elsewhere.
    pub fn end(&mut self) {
        for foreigner in self.foreigners.drain(..) {
            let action = foreigner.does(Deed::Exit);
            self.waiting.push_back((self.turn, action));
        }
    }

    fn sequence<'a>(&mut self, event: Event<'a>, now: Now) -> Sequenced<'a> {
        let mut skew = || self.chance.u64(0..=2 * SKEW_MS);
        let unix_ms = now.unix_ms + skew() - SKEW_MS;
        let at = now.monotonic + AHEAD + Duration::from_millis(skew());
        let at = at.max(self.last.1);
        self.last = (now.monotonic, at);
        let moment = Moment { at, unix_ms };
        Sequenced { event, moment }
    }

    /// When nothing but time is in the sequence, by our clock.
    fn goes_on_at(&self, due: Option<Duration>) -> Duration {
        let silence_ends = self.last.0 + SILENCE_MAX;
        let due = due.map(|due| due.saturating_sub(AHEAD));
        due.map_or(silence_ends, |due| due.min(silence_ends))
    }

    /// Something that happens elsewhere, by chance.
    fn happen(&mut self) -> Option<Event<'static>> {
        if self.is_calm || self.chance.u8(0..4) > 0 {
            return None;
        }
        if self.chance.u8(0..64) == 0 {
            return Some(self.lose_node());
        }
        Some(Event::Action(self.act()))
    }

    /// One of the others is gone, and another one comes.
    fn lose_node(&mut self) -> Event<'static> {
        let [one, other] = self.nodes;
        let gone = self.chance.choice(self.nodes).expect("there are two");
        let stays = if gone == one { other } else { one };
        self.nodes = [stays, NodeId(one.0.max(other.0) + 1)];
        self.foreigners.retain(|foreigner| foreigner.node != gone);
        Event::Death(gone)
    }

    /// Something that is done elsewhere.
    fn act(&mut self) -> Action<'static> {
        if self.foreigners.is_empty()
            || self.foreigners.len() < FOREIGNERS_MAX && self.chance.u8(0..8) == 0
        {
            self.foreigners_ever += 1;
            let node = self.chance.choice(self.nodes).expect("there are two");
            let foreigner = Foreigner::new(node, self.foreigners_ever);
            let action = foreigner.does(Deed::Enter(Rc::clone(&foreigner.identity)));
            self.foreigners.push(foreigner);
            return action;
        }
        let index = self.chance.usize(0..self.foreigners.len());
        if self.chance.u8(0..32) == 0 {
            return self.foreigners.swap_remove(index).does(Deed::Exit);
        }
        let channel = channel_name(self.chance.usize(0..self.breadth));
        let deed = match self.chance.u8(0..16) {
            0..4 => Deed::Join(channel.into()),
            4..6 => Deed::Leave(channel.into()),
            6..12 => self.foreigners[index].say(channel),
            12..14 => {
                let target = name(self.chance.usize(0..self.everyone));
                self.foreigners[index].whisper(target)
            }
            _ => {
                let channel = channel_name(self.chance.usize(0..RELAY_CHANNELS));
                self.foreigners[index].relay(channel)
            }
        };
        self.foreigners[index].does(deed)
    }
}

impl Engine for Late {
    fn is_shared(&self) -> bool {
        true
    }

    fn submit<'a>(&mut self, action: Action<'a>, now: Now) -> Option<Sequenced<'a>> {
        let mut sequence = self.0.borrow_mut();
        let turns = sequence.turns_max;
        let delay = sequence.chance.u64(0..=turns);
        let newest = sequence.waiting.back().map(|&(turn, _)| turn);
        if delay == 0 && newest.is_none() {
            return Some(sequence.sequence(Event::Action(action), now));
        }
        let turn = newest.unwrap_or_default().max(sequence.turn + delay);
        let Action { actor, deed } = action;
        let deed = deed.into_owned();
        sequence.waiting.push_back((turn, Action { actor, deed }));
        None
    }

    fn next(&mut self, now: Now, due: Option<Duration>) -> Option<Sequenced<'static>> {
        let mut sequence = self.0.borrow_mut();
        let turn = sequence.turn;
        let event = if let Some(event) = sequence.happen() {
            event
        } else if let Some((_, action)) = sequence.waiting.pop_front_if(|next| next.0 <= turn) {
            Event::Action(action)
        } else if sequence.goes_on_at(due) <= now.monotonic {
            Event::Nothing
        } else {
            sequence.turn += 1;
            return None;
        };
        Some(sequence.sequence(event, now))
    }

    fn due(&self, due: Option<Duration>) -> Option<Duration> {
        let sequence = self.0.borrow();
        let has_news = !sequence.is_idle() || !sequence.is_calm;
        let goes_on_at = sequence.goes_on_at(due);
        Some(if has_news { Duration::ZERO } else { goes_on_at })
    }

    fn pressure(&self) -> Pressure {
        Pressure::of(self.0.borrow().waiting.len(), WAITING_HIGH)
    }
}

impl Foreigner {
    fn new(node: NodeId, number: u32) -> Self {
        Self {
            node,
            number,
            identity: Rc::new(Identity {
                id: format!("foreign-{number}").into(),
                name: format!("f{number}").into(),
                avatar: ArrayString::new(),
            }),
            said: 0,
        }
    }

    fn does<'a>(&self, deed: Deed<'a>) -> Action<'a> {
        Action {
            actor: Actor::Theirs {
                node: self.node,
                client: self.number,
            },
            deed,
        }
    }

    /// Its next words.
    fn words(&mut self) -> String {
        self.said += 1;
        format!("{}.{}.", self.identity.name, self.said)
    }

    /// Says something in a channel of the chat, which it may not be in.
    fn say(&mut self, channel: String) -> Deed<'static> {
        let Identity { id, name, .. } = &*Rc::clone(&self.identity);
        let body = json!({
            "action": "send-message",
            "message": self.words(),
            "target": channel,
            "sender": {"id": **id, "name": name},
        });
        Deed::Say {
            channel: channel.into(),
            body: Cow::Owned(body.to_string().into_bytes()),
        }
    }

    /// Says something to someone, if they are there.
    fn whisper(&self, target: String) -> Deed<'static> {
        let Identity { id, name, .. } = &*self.identity;
        let body = json!({
            "action": "send-private",
            "message": "psst",
            "sender": {"id": **id, "name": name},
        });
        Deed::Private {
            target: target.into(),
            body: Cow::Owned(body.to_string().into_bytes()),
        }
    }

    fn relay(&mut self, channel: String) -> Deed<'static> {
        Deed::Relay {
            channel: channel.into(),
            kind: Kind::Text,
            body: Cow::Owned(self.words().into_bytes()),
        }
    }
}
