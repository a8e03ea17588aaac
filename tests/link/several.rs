//! Several nodes around one Redis: whoever comes is told what there is, and all hear the same.

use std::cell::RefCell;
use std::env;
use std::panic;
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use hubbub::server::redis::Eras;

use crate::{
    LEASE,
    node::{Node, Shared},
    now,
    redis::{Failure, FakeRedis, Memory, Settings},
};

struct Hub {
    redis: Shared,
    nodes: Vec<Node>,
    now: Duration,
    count: usize,
    lease: Duration,
}

/// Runs of chance.
const SEEDS: u64 = 12;

impl Hub {
    /// So many nodes, who live.
    fn new(nodes: usize) -> Self {
        Self::with_lease(nodes, LEASE)
    }

    fn with_lease(nodes: usize, lease: Duration) -> Self {
        let settings = Settings {
            password: None,
            is_written: true,
            is_synced: true,
            is_reticent: false,
        };
        let redis = Rc::new(RefCell::new(FakeRedis::new(settings, 7)));
        let mut hub = Self {
            redis,
            nodes: Vec::new(),
            now: Duration::from_secs(1),
            count: 0,
            lease,
        };
        for _ in 0..nodes {
            hub.come();
            hub.pass(Duration::from_secs(1));
            hub.say();
        }
        hub.all_agree();
        hub
    }

    /// All nodes are gone, and so many others come at once.
    fn restart(&mut self, nodes: usize) {
        self.nodes.clear();
        self.count = 0;
        for _ in 0..nodes {
            self.come();
        }
    }

    /// Whether Redis knows of a node.
    fn is_known(&self, node: usize) -> bool {
        let store = self.redis.borrow().moment();
        let nodes = store.hash(b"{hubbub}:nodes").unwrap();
        nodes.is_some_and(|nodes| nodes.contains_key(&format!("n:{node}")))
    }

    fn come(&mut self) {
        let seed = self.nodes.len() as u64;
        self.nodes.push(Node::new(&self.redis, self.lease, seed));
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now += Duration::from_millis(20);
            let unix_us = now(self.now).unix_ms * 1000;
            self.redis.borrow_mut().pass(self.now, unix_us);
            let now = now(self.now);
            for _ in 0..6 {
                for node in &mut self.nodes {
                    node.turn(now);
                }
            }
        }
    }

    /// Each node says something.
    fn say(&mut self) {
        let now = now(self.now);
        for node in &mut self.nodes {
            node.say(&self.count.to_string(), now);
            self.count += 1;
        }
    }

    /// All nodes live, and have heard everything once, and in one order.
    #[track_caller]
    fn all_agree(&mut self) {
        self.pass(Duration::from_secs(1));
        for node in &self.nodes {
            assert!(node.link.is_up(), "{:?}", node.link.outage());
            assert_eq!(node.said, self.nodes[0].said);
            assert_eq!(node.link.nodes(), self.nodes.len());
        }
        let mut said = self.nodes[0].said.clone();
        said.sort_by_key(|text| text.parse::<usize>().unwrap());
        let all: Vec<_> = (0..self.count).map(|number| number.to_string()).collect();
        assert_eq!(said, all);
    }
}

#[test]
fn who_comes_is_told_what_there_is_and_goes_on_from_there() {
    let mut hub = Hub::new(1);
    for _ in 0..20_000 {
        hub.say();
    }
    hub.pass(Duration::from_secs(1));
    hub.come();
    for _ in 0..50 {
        let now = now(hub.now);
        hub.nodes[0].say(&hub.count.to_string(), now);
        hub.count += 1;
        hub.pass(Duration::from_millis(20));
    }
    hub.all_agree();
    hub.say();
    hub.all_agree();
}

#[test]
fn another_is_asked_where_one_tells_nothing() {
    let mut hub = Hub::new(2);
    hub.nodes[0].is_mute = true;
    hub.come();
    hub.pass(Duration::from_secs(2));
    assert!(!hub.nodes[2].is_living());
    // The id that it had when it asked the first one has to die.
    hub.pass(Duration::from_secs(2) + 3 * LEASE);
    assert!(hub.nodes[2].is_living());
    hub.say();
    hub.all_agree();
}

#[test]
fn of_several_who_come_at_once_one_begins_and_tells_the_others() {
    let mut hub = Hub::new(1);
    hub.redis.borrow_mut().flush_all();
    hub.restart(3);
    hub.pass(Duration::from_secs(1));
    hub.say();
    hub.all_agree();
}

#[test]
fn who_died_before_it_said_anything_keeps_nobody_out_for_longer_than_the_lease() {
    let mut hub = Hub::new(1);
    hub.redis.borrow_mut().flush_all();
    hub.restart(1);
    while !hub.is_known(1) {
        hub.nodes[0].turn(now(hub.now));
    }
    hub.restart(2);
    hub.pass(LEASE / 2);
    assert!(!hub.nodes.iter().any(Node::is_living));
    hub.pass(2 * LEASE);
    hub.say();
    hub.all_agree();
}

#[test]
fn where_the_last_who_knew_dies_one_of_those_who_wait_begins_anew_and_tells_the_others() {
    let mut hub = Hub::new(1);
    hub.nodes[0].is_mute = true;
    hub.come();
    hub.come();
    hub.pass(Duration::from_secs(1));
    assert!(!hub.nodes[1..].iter().any(Node::is_living));
    hub.nodes.remove(0);
    hub.count = 0;
    hub.pass(3 * LEASE);
    hub.say();
    hub.all_agree();
}

#[test]
fn a_node_that_is_gone_is_found_dead_by_the_others() {
    let mut hub = Hub::new(3);
    hub.nodes.remove(0);
    assert_eq!(hub.nodes[0].link.nodes(), 3);
    hub.pass(2 * LEASE);
    hub.say();
    hub.all_agree();
}

#[test]
fn one_that_stood_still_beyond_its_lease_is_told_anew() {
    let mut hub = Hub::new(3);
    let still = hub.nodes.pop().unwrap();
    hub.pass(2 * LEASE);
    hub.say();
    hub.nodes.push(still);
    hub.pass(2 * LEASE);
    hub.say();
    hub.all_agree();
}

/// One that stood still within its lease while so much was said that Redis has not kept it, beside those who said it.
fn one_that_fell_off_the_journal() -> (Hub, Node) {
    let mut hub = Hub::with_lease(2, 1000 * LEASE);
    let still = hub.nodes.pop().unwrap();
    for _ in 0..400 {
        hub.say();
        hub.pass(Duration::from_millis(20));
    }
    (hub, still)
}

#[test]
fn one_that_fell_off_the_journal_is_told_anew_and_is_there_once() {
    let (mut hub, still) = one_that_fell_off_the_journal();
    hub.nodes.push(still);
    hub.pass(LEASE);
    hub.say();
    hub.all_agree();
}

#[test]
fn one_that_fell_off_the_journal_and_is_alone_does_not_wait_for_itself() {
    let (mut hub, still) = one_that_fell_off_the_journal();
    hub.nodes[0].link.leave();
    hub.pass(LEASE);
    hub.nodes = vec![still];
    hub.pass(LEASE);
    assert!(hub.nodes[0].is_living());
    assert_eq!(hub.nodes[0].link.nodes(), 1);
}

#[test]
fn all_go_on_in_one_order_where_redis_kept_everything() {
    let mut hub = Hub::new(3);
    for _ in 0..3 {
        hub.say();
        hub.pass(Duration::from_millis(20));
        hub.say();
        hub.redis.borrow_mut().crash();
        hub.pass(Duration::from_secs(1));
        hub.say();
        hub.redis.borrow_mut().restart(Memory::Whole, true);
        hub.pass(Duration::from_secs(1));
        hub.redis.borrow_mut().load();
        hub.all_agree();
    }
    for node in &hub.nodes {
        assert_eq!(node.link.eras(), Eras { kept: 3, lost: 0 });
    }
}

#[test]
fn all_come_together_again_where_redis_was_emptied() {
    let mut hub = Hub::new(3);
    hub.redis.borrow_mut().flush_all();
    hub.pass(2 * LEASE);
    for node in &mut hub.nodes {
        assert_eq!(node.link.eras(), Eras { kept: 0, lost: 1 });
        node.said.clear();
    }
    hub.count = 0;
    hub.say();
    hub.all_agree();
}

#[test]
fn whatever_fails_of_a_redis_that_keeps_everything_all_hear_everything_once_and_in_one_order() {
    let seeds = match number("HUBBUB_LINK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("HUBBUB_LINK_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let run = panic::catch_unwind(|| fail_at_random(seed));
        assert!(run.is_ok(), "replay with HUBBUB_LINK_SEED={seed}");
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

fn fail_at_random(seed: u64) {
    let mut chance = Rng::with_seed(seed);
    let mut hub = Hub::new(chance.usize(1..4));
    for _ in 0..60 {
        let some_time = Duration::from_millis(chance.u64(0..300));
        match chance.u8(0..12) {
            0 if hub.nodes.len() < 5 => hub.come(),
            1 => hub.redis.borrow_mut().flush_scripts(),
            2 => {
                hub.redis.borrow_mut().stall(true);
                hub.pass(10 * some_time);
                hub.redis.borrow_mut().stall(false);
            }
            3 => {
                hub.redis.borrow_mut().crash();
                hub.pass(10 * some_time);
                let is_loading = chance.bool();
                hub.redis.borrow_mut().restart(Memory::Whole, is_loading);
                hub.pass(some_time);
                hub.redis.borrow_mut().load();
            }
            4 => {
                let refusals = [Failure::Oom, Failure::ReadOnly, Failure::Misconf];
                let refusal = refusals[chance.usize(..refusals.len())];
                hub.redis.borrow_mut().refuse(Some(refusal));
                hub.pass(some_time);
                hub.redis.borrow_mut().refuse(None);
            }
            5..8 => {
                let node = chance.usize(..hub.nodes.len());
                if let Some(client) = hub.nodes[node].clients[chance.usize(..2)] {
                    hub.redis.borrow_mut().cut(client, chance.usize(..300));
                }
            }
            _ => hub.say(),
        }
        hub.pass(some_time);
    }
    hub.pass(5 * LEASE);
    hub.say();
    hub.all_agree();
}
