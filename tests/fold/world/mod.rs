//! Nodes, the journal, and what all nodes are to agree on.

mod fates;
mod programs;
mod telling;

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use hubbub::vocabulary::{
    config::{Config, HistoryBounds, LOSSES_TOLD_MAX},
    id::NodeId,
    time::Now,
    webhook::{Topic, WebhookPace, WebhookSettings},
};
use serde_json::{Value, json};

use crate::node::{Node, Place, Sight};
use crate::program::Order;
use crate::stream::Stream;

const FOUNDERS: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];
const NODES_MAX: usize = 4;
/// More than there may be.
const CHANNELS: [&str; 6] = ["tea", "coffee", "milk", "water", "soup", "wine"];
const CHANNELS_MAX: usize = 4;
const RELAYS: [&str; 3] = ["lobby", "hall", "attic"];
const NAMES: [&str; 3] = ["Ada", "Bob", "Cleo"];
const AGE: Duration = Duration::from_secs(4);

pub struct World {
    config: Config,
    nodes: Vec<Node>,
    /// How many there ever were.
    nodes_ever: u32,
    /// Those that have said hello, and where; one that has lost its place among the others is with its clients.
    newcomers: BTreeMap<NodeId, (usize, Option<Node>)>,
    stream: Stream,
    chance: fastrand::Rng,
    /// What was made of the channels by the first who had read so many entries.
    sights: BTreeMap<usize, Sight>,
    /// What was said, as the first made it who made anything of it.
    said: BTreeMap<Place, Vec<u8>>,
    words: usize,
    /// Where each order was told, by the era.
    told: BTreeMap<(Order, usize), Place>,
    orders: u64,
    /// What a program is told under an id.
    offers: BTreeMap<String, Vec<u8>>,
    seen: Sights,
}

/// What there was to be seen.
#[derive(Default)]
pub struct Sights(BTreeMap<&'static str, usize>);

impl Sights {
    /// What is worth being seen and was not.
    pub fn missing(&self) -> Vec<&'static str> {
        let all = [
            "a summary",
            "a summary of a death",
            "a death told one by one",
            "another life",
            "a full chat",
            "something too old or too much",
            "a private message",
            "a newcomer",
            "a lost era",
            "one that was buried and is back",
            "one that was astray and is back",
            "a member told of another life",
            "a member told of a gap",
            "an order that was told before",
            "an order that is another",
            "an order of which nobody knows",
            "someone removed",
            "someone dismissed",
            "events that are told",
            "events that are given up",
            "a program that is told no more",
            "a record that ends",
            "another beginning",
        ];
        let is_missing = |what: &&str| !self.0.contains_key(what);
        all.into_iter().filter(is_missing).collect()
    }

    fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

impl AddAssign for Sights {
    fn add_assign(&mut self, other: Self) {
        for (what, count) in other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let history = HistoryBounds {
            messages: chance.usize(0..8),
            bytes: 1000,
            age: AGE,
            total_bytes: 2000,
            channels: CHANNELS_MAX,
        };
        let webhook = WebhookSettings {
            url: "http://localhost/".parse().expect("a URL"),
            secret: "secret".into(),
            topics: Topic::ALL.into_iter().collect(),
            pace: WebhookPace::default(),
        };
        let config = Config {
            history,
            notice_limit: chance.usize(1..5),
            webhook: Some(webhook),
            ..Config::default()
        };
        let all = FOUNDERS.map(|node| (node, 0));
        let nodes = FOUNDERS.map(|id| Node::new(&config, id, all.into(), now(&mut chance)));
        Self {
            config,
            nodes: nodes.into(),
            nodes_ever: 3,
            newcomers: BTreeMap::new(),
            stream: Stream::new(),
            chance,
            sights: BTreeMap::new(),
            said: BTreeMap::new(),
            words: 0,
            told: BTreeMap::new(),
            orders: 0,
            offers: BTreeMap::new(),
            seen: Sights::default(),
        }
    }

    /// One thing that may happen.
    pub fn step(&mut self) {
        let index = self.chance.usize(0..self.nodes.len());
        match self.chance.u8(0..32) {
            0..3 => self.pass(),
            3..8 => self.read(index, 4),
            8..12 => self.end_turn(index),
            12..17 => self.nodes[index].append(&mut self.stream),
            17..19 => self.go_on_relay(index),
            19 => self.come(index),
            20 if self.chance.u8(0..8) == 0 => self.crowd(index),
            20 if self.chance.u8(0..8) == 0 => self.die(index),
            20 if self.chance.u8(0..4) == 0 => self.say_hello(),
            21 if self.chance.u8(0..16) == 0 => self.bury(index),
            21 if self.chance.u8(0..16) == 0 => self.lose(),
            21 if self.chance.u8(0..16) == 0 => self.lead_astray(index),
            21 if self.chance.bool() => self.nodes[index].live(),
            22..25 => self.call(index),
            25 => self.settle(index),
            _ => self.act(index),
        }
    }

    /// All has been appended and read, and all agree.
    pub fn end(mut self) -> Sights {
        for _ in 0..40 {
            for index in (0..self.nodes.len()).rev() {
                self.nodes[index].append(&mut self.stream);
                self.read(index, usize::MAX);
            }
        }
        self.nodes.retain(|node| !node.is_astray);
        let watchers: Vec<_> = self
            .nodes
            .iter_mut()
            .map(|node| node.enter("Eve"))
            .collect();
        for node in &mut self.nodes {
            node.append(&mut self.stream);
            node.append(&mut self.stream);
        }
        for index in 0..self.nodes.len() {
            self.read(index, usize::MAX);
            self.end_turn(index);
        }
        for channel in CHANNELS {
            let nodes = self.nodes.iter_mut().zip(&watchers);
            let mut lists = nodes.map(|(node, &watcher)| node.list(watcher, channel));
            let first = lists.next().expect("there is a node");
            assert!(lists.all(|list| same_people(&list) == same_people(&first)));
        }
        self.seen
    }

    fn pass(&mut self) {
        let most = if self.chance.u8(0..8) == 0 { 6000 } else { 700 };
        self.stream.now += Duration::from_millis(self.chance.u64(0..most));
    }

    /// Reads some entries, and compares what is made of each with what others made of it.
    fn read(&mut self, index: usize, most: usize) {
        let mut read = 0;
        while read < most && self.nodes[index].read(&self.stream) {
            read += 1;
            if self.nodes[index].is_nobody() {
                return self.fall_out(index);
            }
            self.compare(index);
        }
        if self.nodes[index].finds_itself_astray() {
            // Its lease ends.
            self.declare_dead(self.nodes[index].id);
            return self.fall_out(index);
        }
        let gift = self.nodes[index].journal.borrow_mut().take_gift();
        if let Some(gift) = gift {
            self.come_in(gift.newcomer, &gift.snapshot);
        }
    }

    fn compare(&mut self, index: usize) {
        let node = &self.nodes[index];
        if node.is_astray {
            return;
        }
        let (sight, kept) = (node.look(), node.kept());
        if let Some(known) = self.sights.get(&node.read) {
            assert_eq!(&sight, known, "after {} entries", node.read);
        } else {
            self.note(&sight);
            self.sights.insert(self.nodes[index].read, sight);
        }
        self.agree(kept);
    }

    /// Counts what is worth being seen.
    fn note(&mut self, Sight { channels, told }: &Sight) {
        let mut sights = self.sights.values();
        let beginning = |sight: &Sight| sight.told.beginning.clone();
        if let Some(known) = sights.find_map(beginning)
            && told.beginning.as_ref().is_some_and(|it| *it != known)
        {
            self.seen.note("another beginning");
        }
        if channels.len() == CHANNELS_MAX {
            self.seen.note("a full chat");
        }
        for (name, sight) in channels {
            let mut lives = self.said.range((name.clone(), 0, 0)..);
            let first = lives.next().filter(|((of, ..), _)| of == name);
            if first.is_some_and(|((_, epoch, _), _)| *epoch != sight.epoch) {
                self.seen.note("another life");
            }
            if sight.oldest > 1 {
                self.seen.note("something too old or too much");
            }
        }
    }

    /// What was said is the same wherever it is heard or kept.
    fn agree(&mut self, said: impl IntoIterator<Item = (Place, Vec<u8>)>) {
        for (place, body) in said {
            if let Some(known) = self.said.get(&place) {
                assert_eq!(text(&body), text(known), "{place:?}");
                continue;
            }
            let message: Value = serde_json::from_slice(&body).expect("JSON");
            match (message["event"].as_str(), message["reason"].as_str()) {
                (Some("summary"), None) => self.seen.note("a summary"),
                (Some("summary"), Some("node-lost")) => self.seen.note("a summary of a death"),
                (Some("left"), Some("node-lost")) => self.seen.note("a death told one by one"),
                _ => {}
            }
            if let Some(order) = message["data"].as_u64() {
                self.tell(Order(order), &place);
            }
            self.said.insert(place, body);
        }
    }

    fn end_turn(&mut self, index: usize) {
        let passed = Duration::from_millis(self.chance.u64(0..3000));
        let node = &mut self.nodes[index];
        node.end_turn(passed);
        let said = std::mem::take(&mut node.said);
        for (_, told) in node.told.drain(..) {
            match told["action"].as_str() {
                Some("send-private") => self.seen.note("a private message"),
                Some("epoch") => self.seen.note("a member told of another life"),
                Some("gap") => self.seen.note("a member told of a gap"),
                _ => {}
            }
        }
        let outcomes = std::mem::take(&mut node.outcomes);
        if !node.is_astray {
            self.agree(said);
            for (order, outcome) in outcomes {
                self.heed(order, &outcome);
            }
        }
    }

    fn come(&mut self, index: usize) {
        let name = self.chance.choice(NAMES).expect("there are names");
        self.nodes[index].enter(name);
    }

    /// So many come at once that nobody is told of each when their node dies.
    fn crowd(&mut self, index: usize) {
        let channel = self.chance.choice(CHANNELS).expect("there are channels");
        let node = &mut self.nodes[index];
        for _ in 0..=LOSSES_TOLD_MAX {
            let slot = node.enter("Dora");
            node.ask(slot, &json!({"action": "join-channel", "message": channel}));
        }
    }

    /// Someone does something, or asks for something that changes nothing.
    fn act(&mut self, index: usize) {
        let (chance, node) = (&mut self.chance, &mut self.nodes[index]);
        let Some(slot) = chance.choice(node.people.keys().copied().collect::<Vec<_>>()) else {
            return self.come(index);
        };
        let channel = chance.choice(CHANNELS).expect("there are channels");
        self.words += 1;
        let words = "x".repeat(chance.usize(0..200));
        let request = match chance.u8(0..24) {
            0..7 => json!({"action": "join-channel", "message": channel, "last": 3}),
            7..9 => json!({"action": "leave-channel", "message": channel}),
            9..18 => json!({
                "action": "send-message",
                "target": channel,
                "message": format!("{} {words}", self.words),
            }),
            18 => json!({
                "action": "send-private",
                "target": chance.choice(["id of Ada", "Bob at 1", "Cleo at 2"]),
                "message": "psst",
            }),
            19 => json!({"action": "history", "target": channel}),
            20 => json!({"action": "list-members", "target": channel}),
            21 => json!({"action": "list-channels"}),
            22 => return node.live(),
            _ => return node.exit(slot),
        };
        node.ask(slot, &request);
    }

    fn go_on_relay(&mut self, index: usize) {
        let (chance, node) = (&mut self.chance, &mut self.nodes[index]);
        let channel = chance.choice(RELAYS).expect("there are relays");
        let slots: Vec<_> = node.relays.keys().copied().collect();
        match (chance.choice(slots), chance.u8(0..8)) {
            (None, _) | (_, 0) => node.enter_relay(channel),
            (Some(slot), 1) => node.exit_relay(slot),
            (Some(slot), _) => node.say_on_relay(slot, &"y".repeat(chance.usize(1..400))),
        }
    }
}

/// What one takes for the time, which none knows.
fn now(chance: &mut fastrand::Rng) -> Now {
    Now {
        monotonic: Duration::from_millis(chance.u64(0..1_000_000)),
        unix_ms: chance.u64(0..1 << 40),
    }
}

/// Those of a list, in an order of their own where several have one id.
fn same_people(list: &Value) -> Vec<String> {
    let people = list.as_array().expect("a list").iter();
    let mut people: Vec<_> = people.map(Value::to_string).collect();
    people.sort_unstable();
    people
}

fn text(body: &[u8]) -> &str {
    str::from_utf8(body).expect("what is said in the chat is text")
}
