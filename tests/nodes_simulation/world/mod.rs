//! Redis, nodes and those who are connected to them, moved step by step.

mod calm;
mod leaving;

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use hubbub::vocabulary::arrival::Role;

use crate::endpoint::{Endpoint, Told};
use crate::node::Node;
use crate::person::Person;
use crate::programs::{Programs, removal};
use crate::record::Record;
use crate::redis::FakeRedis;
use crate::sabotage::Sabotage;
use crate::settings::Settings;
use crate::socket::Manners;
use crate::talker::Talker;
use crate::watch::Sights;
use crate::weather::Weather;

const PEOPLE: usize = 6;
const TALKERS: usize = 3;
const RELAYS: usize = 2;
/// When the clock of Redis begins, in microseconds since the Unix epoch.
const EPOCH_US: u64 = 1_790_000_000_000_000;

/// All there is.
pub struct World {
    settings: Settings,
    redis: FakeRedis,
    weather: Weather,
    /// All nodes that there ever were, as long as they are there.
    nodes: Vec<Option<Node>>,
    people: Vec<Person>,
    talkers: Vec<Talker>,
    talkers_ever: usize,
    /// If there are any.
    programs: Option<Programs>,
    /// The endpoint of a webhook, if there is one.
    endpoint: Option<Rc<RefCell<Endpoint>>>,
    sights: Rc<RefCell<Sights>>,
    record: Record,
    now: Duration,
    is_calm: bool,
    /// How often a node began with nothing.
    foundings: usize,
    chance: fastrand::Rng,
    /// Decides when all nodes are restarted, without a part in what else happens.
    fate: fastrand::Rng,
    sabotage: Sabotage,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How much was said in the chat.
    pub messages: usize,
    /// How often two nodes were at one place of the journal.
    pub compared: u64,
    /// How many nodes there ever were.
    pub nodes: usize,
    /// Messages of the WebSocket that were inflated.
    pub inflated: u64,
    /// Orders of programs that were told.
    pub orders: usize,
    /// How often programs were told that an order was told before.
    pub told_again: usize,
    /// Connections that programs had closed.
    pub dismissed: usize,
    /// What the endpoint of a webhook was told.
    pub endpoint: Told,
}

impl World {
    pub fn new(seed: u64, sabotage: Sabotage, has_programs: bool) -> Self {
        let mut settings = Settings::draw(seed);
        let is_told = match sabotage {
            Sabotage::None => seed % 2 == 1,
            Sabotage::Untold => true,
            Sabotage::Flawed(_) | Sabotage::Misread(_) => false,
        };
        let endpoint = (has_programs && is_told).then(|| Endpoint::new(seed, sabotage));
        if endpoint.is_some() {
            settings = settings.with_webhook(seed);
        }
        let redis = FakeRedis::new(settings.redis.clone(), seed);
        let people = (0..PEOPLE).map(|id| {
            let flaw = sabotage.flaw().filter(|_| id == 0);
            Person::new(
                id,
                Manners {
                    flaw,
                    ..Manners::plain()
                },
            )
        });
        Self {
            weather: Weather::new(&redis),
            redis,
            nodes: Vec::new(),
            people: people.collect(),
            talkers: Vec::new(),
            talkers_ever: 0,
            programs: has_programs.then(Programs::default),
            endpoint: endpoint.map(|endpoint| Rc::new(RefCell::new(endpoint))),
            sights: Rc::default(),
            record: Record::new(!settings.is_roomy),
            now: Duration::from_secs(1),
            is_calm: false,
            foundings: 0,
            chance: fastrand::Rng::with_seed(seed),
            fate: fastrand::Rng::with_seed(seed),
            settings,
            sabotage,
        }
    }

    /// One step in which anything may happen.
    ///
    /// # Errors
    /// In which way the promise was broken.
    pub fn step(&mut self) -> Result<(), String> {
        self.come_and_go();
        if self.settings.is_restarted && self.fate.u16(0..250) == 0 {
            for node in self.nodes.iter_mut().flatten() {
                node.leave(self.now);
            }
        }
        for person in &mut self.people {
            if person.session.is_some() && self.chance.u8(0..6) == 0 {
                person.act(PEOPLE, &mut self.chance);
            }
        }
        for talker in &mut self.talkers {
            if self.chance.u8(0..10) == 0 {
                talker.say();
            }
        }
        self.call();
        for node in self.nodes.iter_mut().flatten() {
            match self.chance.u16(0..1000) {
                0..12 => node.cut(&mut self.redis, &mut self.chance),
                12..15 => {
                    let longest = self.settings.journal.lease * 2;
                    node.stands_until = self.now + longest.mul_f64(self.chance.f64());
                }
                20..40 => node.course.borrow_mut().misreading = self.sabotage.misreading(),
                _ => {}
            }
        }
        self.weather
            .pass(&mut self.redis, &self.settings, self.now, &mut self.chance);
        self.record.has_lost |= self.weather.has_lost;
        let longest_ms = if self.chance.u8(0..8) == 0 { 200 } else { 20 };
        let passed = Duration::from_micros(self.chance.u64(0..longest_ms * 1000));
        self.move_on(passed)
    }

    /// Nodes and those at them come and go, by chance.
    fn come_and_go(&mut self) {
        let chance = &mut self.chance;
        let living = self.nodes.iter().flatten().count();
        let admitting = self
            .nodes
            .iter()
            .flatten()
            .filter(|node| node.admits())
            .count();
        if living == 0 || living < self.settings.nodes && chance.u8(0..40) == 0 {
            let seed = chance.u64(..);
            self.begin(seed);
        }
        let chance = &mut self.chance;
        if admitting > 1 && chance.u16(0..300) == 0 {
            let index = chance.usize(0..self.nodes.len());
            self.nodes[index] = None;
        }
        let index = chance.usize(0..self.nodes.len());
        if let Some(node) = &mut self.nodes[index]
            && admitting > 1
            && chance.u16(0..300) == 0
        {
            node.leave(self.now);
        }
        for person in &mut self.people {
            match (&mut person.session, chance.u16(0..400)) {
                (Some(session), 0) => session.connection.vanish(),
                (Some(session), 1) => session.connection.close(),
                _ => {}
            }
        }
        if self.talkers.len() < TALKERS && chance.u8(0..8) == 0 {
            self.talk();
        }
        if self.chance.u8(0..8) == 0 {
            self.come_back();
        }
    }

    /// Programs come, publish and are gone, and have people removed, now and then.
    fn call(&mut self) {
        let Some(mut programs) = self.programs.take() else {
            return;
        };
        match self.chance.u8(0..64) {
            0..8 => programs.publish(&mut self.chance),
            8..12 => {
                if let Some(node) = self.any_node()
                    && let Some(program) = programs.come()
                {
                    self.accept(node, Role::Admin, Rc::clone(&program.pipe));
                }
            }
            12 => programs.lose(&mut self.chance),
            13 => self.remove(),
            _ => {}
        }
        self.programs = Some(programs);
    }

    /// Someone is removed.
    fn remove(&mut self) {
        let person = self.chance.choice(&self.people);
        let session = person.and_then(|person| person.session.as_ref());
        if let Some(id) = session.and_then(|session| session.id.as_deref()) {
            let deed = removal(id, &mut self.chance);
            if let Some(node) = self.any_node() {
                let node = self.nodes[node].as_mut().expect("it is there");
                node.call(deed, self.now);
            }
        }
    }

    /// Another node begins.
    fn begin(&mut self, seed: u64) {
        let (sights, endpoint) = (Rc::clone(&self.sights), self.endpoint.as_ref());
        let node = Node::new(&self.settings, sights, endpoint, seed);
        self.nodes.push(Some(node));
    }

    /// Everybody of the chat is there again.
    fn come_back(&mut self) {
        for index in 0..self.people.len() {
            if self.people[index].session.is_none()
                && let Some(node) = self.any_node()
            {
                let connection = self.people[index].come();
                let pipe = Rc::clone(&connection.pipe);
                self.accept(node, Role::Whole, pipe);
            }
        }
    }

    fn talk(&mut self) {
        if let Some(node) = self.any_node() {
            self.talkers_ever += 1;
            let channel = self.chance.usize(0..RELAYS);
            let talker = Talker::new(self.talkers_ever, channel);
            let pipe = Rc::clone(&talker.connection.pipe);
            self.talkers.push(talker);
            self.accept(node, Role::Whole, pipe);
        }
    }

    fn accept(&mut self, node: usize, role: Role, pipe: crate::socket::Shared) {
        let node = self.nodes[node].as_mut().expect("it is there");
        node.accept(role, pipe, self.now);
    }

    fn any_node(&mut self) -> Option<usize> {
        let nodes = self.nodes.iter().enumerate();
        let admits = |node: &Option<Node>| node.as_ref().is_some_and(Node::admits);
        let admitting: Vec<_> = nodes
            .filter(|(_, node)| admits(node))
            .map(|(index, _)| index)
            .collect();
        self.chance.choice(admitting)
    }

    fn move_on(&mut self, passed: Duration) -> Result<(), String> {
        self.move_on_listening(passed).map(|_| ())
    }

    /// Time passes, everyone has a turn, and lists that someone hears are returned.
    fn move_on_listening(&mut self, passed: Duration) -> Result<Vec<serde_json::Value>, String> {
        self.now += passed;
        let unix_us = EPOCH_US + u64::try_from(self.now.as_micros()).expect("no such age");
        self.redis.pass(self.now, unix_us);
        let sights = Rc::clone(&self.sights);
        for slot in &mut self.nodes {
            let Some(node) = slot else {
                continue;
            };
            node.carry(&mut self.redis, &mut self.chance, self.is_calm);
            if node.stands_until <= self.now && (self.is_calm || self.chance.u8(0..4) > 0) {
                node.turn(&mut self.redis, &sights, self.now);
            }
            node.carry(&mut self.redis, &mut self.chance, self.is_calm);
            self.foundings += mem::take(&mut node.foundings);
            if node.is_gone() {
                *slot = None;
            }
        }
        // Whoever begins with nothing after others did has lost all that they knew.
        self.record.has_lost |= self.foundings > 1;
        let mut lists = Vec::new();
        for person in &mut self.people {
            lists.extend(person.step(&mut self.record)?);
        }
        if let Some(programs) = &mut self.programs {
            programs.step(&mut self.record)?;
        }
        if let Some(endpoint) = &self.endpoint {
            endpoint.borrow_mut().step(self.now, &mut self.record)?;
        }
        let may_turn_out = self.sights.borrow().has_missed;
        for talker in &mut self.talkers {
            talker.step(&mut self.record, may_turn_out)?;
        }
        self.talkers.retain(|talker| !talker.connection.is_over());
        match &self.sights.borrow().difference {
            Some(difference) => Err(difference.clone()),
            None => Ok(lists),
        }
    }
}
