//! A node: the chat as it makes it of the journal, its own clients, and a clock that nobody shares.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use hubbub::state::{
    batch::{Form, Slice},
    channel::Departure,
    commons::Commons,
    dialect::{chat::Chat, relay::Relay},
    engine::Deed,
    hub::{ClientId, Space},
    journal::{Journal, JournalEngine},
    outcome::Outcome,
    seal::Origin,
};
use hubbub::vocabulary::{
    coding::Coding,
    config::{Config, JournalBounds},
    frame::Kind,
    id::NodeId,
    message::Message,
    pass::Pass,
    time::Now,
};
use serde_json::{Value, json};

use crate::program::Order;
use crate::stream::Stream;

const JOURNAL: JournalBounds = JournalBounds {
    queue_bytes: 1 << 20,
    patience: Duration::MAX,
};

/// A message by the channel's name, its epoch and its number.
pub type Place = (String, u64, u64);

/// What a node makes of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Channels of the chat, by name.
    pub channels: BTreeMap<String, Channel>,
    pub told: Told,
}

/// What a program is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub beginning: Option<String>,
    pub last: u64,
    pub front: Option<String>,
    pub due: Option<Duration>,
}

/// A channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    pub epoch: u64,
    pub said: u64,
    /// The first number that is kept.
    pub oldest: u64,
    pub members: usize,
}

/// One of several, and how far it is.
pub struct Node {
    pub id: NodeId,
    pub commons: Commons,
    pub journal: Rc<RefCell<Journal>>,
    pub now: Now,
    /// How many entries it has read.
    pub read: usize,
    /// Its clients, by slot.
    pub people: BTreeMap<u32, Chat>,
    pub relays: BTreeMap<u32, Relay>,
    /// A program, and what it asked for that nothing came of yet: an order, if that is to be told.
    caller: ClientId,
    asked: VecDeque<Option<Order>>,
    /// What came of the rest, that is not looked at yet.
    pub outcomes: Vec<(Option<Order>, Outcome)>,
    slots: u32,
    /// It is declared dead, and may not have read so yet.
    pub is_doomed: bool,
    /// It has made something else of the journal.
    pub is_astray: bool,
    /// What it was told that is not looked at yet: what was said in channels, and everything else by slot.
    pub said: Vec<(Place, Vec<u8>)>,
    pub told: Vec<(u32, Value)>,
}

impl Node {
    /// One that begins where these are there, itself included, and the numbers of their last entries are these.
    pub fn new(config: &Config, id: NodeId, living: BTreeMap<NodeId, i64>, now: Now) -> Self {
        let mut journal = Journal::new(JOURNAL);
        journal.begin(id, living);
        let journal = Rc::new(RefCell::new(journal));
        let engine = Box::new(JournalEngine(Rc::clone(&journal)));
        let mut commons = Commons::with_engine(config, u64::from(id.0), engine);
        Self {
            id,
            caller: commons.greet_caller(0),
            asked: VecDeque::new(),
            outcomes: Vec::new(),
            commons,
            journal,
            now,
            read: 0,
            people: BTreeMap::new(),
            relays: BTreeMap::new(),
            slots: 0,
            is_doomed: false,
            is_astray: false,
            said: Vec::new(),
            told: Vec::new(),
        }
    }

    /// It begins again where it knows nothing, as another one, by what it is told; its clients stay.
    pub fn begin_again(&mut self, id: NodeId, living: BTreeMap<NodeId, i64>, snapshot: &[u8]) {
        self.id = id;
        self.journal.borrow_mut().begin(id, living);
        while !self.commons.learn(snapshot).expect("a snapshot") {}
        self.is_doomed = false;
        if std::mem::take(&mut self.is_astray) {
            self.said.clear();
            self.outcomes.clear();
        }
    }

    /// It makes something else of the journal than others.
    pub fn stray(&mut self) {
        let hub = &mut self.commons.hub;
        let any = hub.channels_of(Space::Chat).next();
        if let Some((_, channel)) = any {
            self.is_astray = true;
            hub.say(channel, Kind::Text, false, |bytes, _, _| {
                bytes.extend_from_slice(b"{}");
            });
            hub.seal(|_, _| {});
        }
    }

    fn slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots
    }

    /// Someone comes, who is one of those of a name.
    pub fn enter(&mut self, name: &str) -> u32 {
        let slot = self.slot();
        let pass = Pass {
            id: Some(format!("id of {name}").into()),
            name: Some(format!("{name} at {}", self.id.0).into()),
            ..Pass::default()
        };
        let chat = Chat::enter(
            &mut self.commons,
            slot,
            Coding::Plain,
            name,
            None,
            pass,
            self.now,
        );
        self.people.insert(slot, chat);
        slot
    }

    pub fn ask(&mut self, slot: u32, request: &Value) {
        let text = request.to_string();
        let chat = self.people.get_mut(&slot).expect("it is here");
        chat.hear(Message::Text(&text), &mut self.commons, self.now);
    }

    pub fn exit(&mut self, slot: u32) {
        let chat = self.people.remove(&slot).expect("it is here");
        chat.end(Departure::Leaves, &mut self.commons, self.now);
    }

    /// The program asks for something.
    pub fn call(&mut self, order: Option<Order>, deed: Deed<'_>) {
        self.asked.push_back(order);
        self.commons.call(self.caller, deed);
    }

    /// Takes in what came of what programs asked for.
    fn heed(&mut self) {
        for (_, outcome) in self.commons.take_outcomes() {
            let order = self.asked.pop_front().expect("something was asked for");
            self.outcomes.push((order, outcome));
        }
        for dismissal in self.commons.take_dismissed() {
            if self.people.contains_key(&dismissal.slot) {
                self.exit(dismissal.slot);
            }
        }
    }

    pub fn enter_relay(&mut self, channel: &str) {
        let slot = self.slot();
        let hub = &mut self.commons.hub;
        let relay = Relay::join(hub, slot, channel, Form::Joined, Coding::Plain, 5, true);
        self.relays.insert(slot, relay);
    }

    pub fn say_on_relay(&mut self, slot: u32, words: &str) {
        let relay = &self.relays[&slot];
        let said = relay.hear(Message::Text(words), &mut self.commons, self.now);
        said.expect("it may speak");
    }

    pub fn exit_relay(&mut self, slot: u32) {
        let relay = self.relays.remove(&slot).expect("it is here");
        relay.end(Departure::Vanishes, &mut self.commons.hub, self.now);
    }

    /// Appends what is to be appended, if there is anything.
    pub fn append(&mut self, stream: &mut Stream) {
        let mut journal = self.journal.borrow_mut();
        if let Some(batch) = journal.batch().cloned() {
            let number = batch.number.try_into().expect("it is that of a batch");
            stream.append(batch.kind, self.id, number, batch.body);
            journal.appended(batch.number);
        }
    }

    /// Says that it is there.
    pub fn live(&mut self) {
        let mut journal = self.journal.borrow_mut();
        journal.tell_alive(self.now.monotonic);
    }

    /// Reads the next entry, if there is one, and does what it says.
    pub fn read(&mut self, stream: &Stream) -> bool {
        let Some((header, body)) = stream.entries.get(self.read) else {
            return false;
        };
        self.read += 1;
        let mut journal = self.journal.borrow_mut();
        journal.take(header.clone(), body.clone(), self.now.monotonic);
        drop(journal);
        self.commons.advance(self.now);
        self.begin_anew();
        self.heed();
        true
    }

    /// Forgets all that it knows, if that is of no use any more.
    fn begin_anew(&mut self) {
        if self.commons.is_over() {
            self.hand_out();
            self.commons.begin_anew();
        }
    }

    /// It finds, if it does, that it has made something else of the journal: it has no part in it any more. Returns whether that
    /// is so.
    pub fn finds_itself_astray(&mut self) -> bool {
        let mut journal = self.journal.borrow_mut();
        if journal.take_strayed().is_none() {
            return false;
        }
        journal.lose_track();
        drop(journal);
        self.commons.advance(self.now);
        self.begin_anew();
        true
    }

    /// Whether it has no part in the journal.
    pub fn is_nobody(&self) -> bool {
        self.journal.borrow().node().is_none()
    }

    /// Ends a turn, and begins the next one later.
    pub fn end_turn(&mut self, passed: Duration) {
        self.hand_out();
        self.now.monotonic += passed;
        self.now.unix_ms += 1;
        self.commons.begin_turn(self.now);
        self.commons.advance(self.now);
        self.heed();
    }

    fn hand_out(&mut self) {
        let Self {
            commons,
            said,
            told,
            ..
        } = self;
        let mut hear = |slot: u32, slice: Slice| {
            let run = &slice.run;
            for message in slice.from..slice.to {
                let body = run.body(message).to_vec();
                match &run.seal().origin {
                    Some(Origin::Chat { source, first }) => {
                        let number = first + u64::from(message);
                        let channel = String::from(&*source.channel);
                        said.push(((channel, source.epoch, number), body));
                    }
                    Some(Origin::Relay { .. }) => {}
                    _ => told.push((slot, serde_json::from_slice(&body).expect("JSON"))),
                }
            }
        };
        commons.hub.seal(&mut hear);
        commons.hub.replay(|_| 1 << 20, &mut hear);
        commons.registry.end_turn();
    }

    /// What it makes of the journal.
    pub fn look(&self) -> Sight {
        let hub = &self.commons.hub;
        let channels = hub.channels_of(Space::Chat).map(|(name, channel)| {
            let sight = Channel {
                epoch: hub.epoch(channel),
                said: hub.said(channel),
                oldest: hub.log(channel).first() + 1,
                members: hub.count(channel),
            };
            (name.to_owned(), sight)
        });
        let events = self.commons.registry.events();
        let events = events.expect("a program is told what happens");
        let (beginning, last) = events.recorded().unzip();
        let told = Told {
            beginning: beginning.map(str::to_owned),
            last: last.unwrap_or_default(),
            front: events.front().map(|front| front.to_string()),
            due: events.due(),
        };
        Sight {
            channels: channels.collect(),
            told,
        }
    }

    /// All messages of them that it keeps.
    pub fn kept(&self) -> Vec<(Place, Vec<u8>)> {
        let hub = &self.commons.hub;
        let mut kept = Vec::new();
        for (name, channel) in hub.channels_of(Space::Chat) {
            let (epoch, log) = (hub.epoch(channel), hub.log(channel));
            for place in log.first()..log.said() {
                let body = log.body(place).concat();
                kept.push(((name.to_owned(), epoch, place + 1), body));
            }
        }
        kept
    }

    /// Who it says is in a channel, as someone is told who asks.
    pub fn list(&mut self, slot: u32, channel: &str) -> Value {
        let asks =
            json!({"action": "list-members", "target": channel, "limit": 1000, "ref": "who"});
        self.ask(slot, &asks);
        self.end_turn(Duration::ZERO);
        let told = self.told.drain(..);
        let mut told = told.filter(|(to, told)| *to == slot && told["ref"] == "who");
        let (_, answer) = told.next().expect("an answer");
        match answer["code"].as_str() {
            Some("no-such-channel") => json!([]),
            None => answer["members"].clone(),
            Some(code) => panic!("{code}"),
        }
    }
}
