//! The link of a node to a Redis that fails in every way it can: what its clients say comes out once and in order, or it is
//! told why not.

#[path = "../redis/mod.rs"]
#[allow(dead_code, reason = "the tests of the script know more of it")]
mod redis;

mod node;
mod several;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hubbub::{
    server::redis::{Eras, Standing, outage::Outage},
    vocabulary::time::Now,
};
use node::{Node, Shared};
use redis::{Failure, FakeRedis, Memory, Settings};

const LEASE: Duration = Duration::from_secs(2);
const UNIX_MS: u64 = 1_790_000_000_000;

/// A reading of the clocks, so long after the beginning.
fn now(monotonic: Duration) -> Now {
    let ms = u64::try_from(monotonic.as_millis()).unwrap();
    Now {
        monotonic,
        unix_ms: UNIX_MS + ms,
    }
}

struct Scene {
    redis: Shared,
    node: Node,
    now: Duration,
    /// How much was said.
    count: usize,
}

impl Scene {
    /// A node and a Redis, which keeps everything or not, and which have not met.
    fn apart(is_synced: bool) -> Self {
        let settings = Settings {
            password: None,
            is_written: true,
            is_synced,
            is_reticent: false,
        };
        let redis = Rc::new(RefCell::new(FakeRedis::new(settings, 7)));
        Self {
            node: Node::new(&redis, LEASE, 1),
            redis,
            now: Duration::from_secs(1),
            count: 0,
        }
    }

    /// The same, together, and something was said.
    fn new(is_synced: bool) -> Self {
        let mut scene = Self::apart(is_synced);
        scene.pass(Duration::ZERO);
        assert!(scene.node.is_living());
        scene.say();
        scene.hears_all();
        scene
    }

    /// Lets time pass, in small steps.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let unix_us = now(self.now).unix_ms * 1000;
            self.redis.borrow_mut().pass(self.now, unix_us);
            for _ in 0..8 {
                self.node.turn(now(self.now));
            }
            if self.now >= until {
                return;
            }
            self.now += Duration::from_millis(20);
        }
    }

    /// Says the next number.
    fn say(&mut self) {
        self.node.say(&self.count.to_string(), now(self.now));
        self.count += 1;
        self.pass(Duration::ZERO);
    }

    /// All numbers came out, each once, in order, within a second.
    #[track_caller]
    fn hears_all(&mut self) {
        self.pass(Duration::from_secs(1));
        let all: Vec<_> = (0..self.count).map(|number| number.to_string()).collect();
        assert_eq!(self.node.said, all);
        assert!(self.node.link.is_up());
    }

    fn eras(&self) -> [u64; 2] {
        let Eras { kept, lost } = self.node.link.eras();
        [kept, lost]
    }
}

#[test]
fn a_node_may_begin_before_redis_does_and_while_it_loads() {
    let mut scene = Scene::apart(true);
    scene.redis.borrow_mut().crash();
    scene.pass(Duration::from_secs(30));
    assert!(matches!(
        scene.node.link.outage(),
        Some(Outage::Unreachable(_))
    ));
    scene.redis.borrow_mut().restart(Memory::Whole, true);
    scene.pass(Duration::from_secs(5));
    assert_eq!(scene.node.link.outage(), Some(&Outage::Loading));
    assert!(!scene.node.is_living());
    scene.redis.borrow_mut().load();
    scene.pass(Duration::from_millis(200));
    scene.say();
    scene.hears_all();
}

#[test]
fn what_is_said_comes_out_whichever_connection_is_cut_at_whatever_byte() {
    let mut scene = Scene::new(true);
    for after in 0..60 {
        for side in 0..2 {
            let client = scene.node.clients[side].unwrap();
            scene.redis.borrow_mut().cut(client, after);
            scene.say();
            scene.hears_all();
        }
    }
    assert_eq!(scene.eras(), [0, 0]);
}

#[test]
fn what_is_said_while_redis_stands_still_comes_out_when_it_goes_on() {
    let mut scene = Scene::new(true);
    scene.redis.borrow_mut().stall(true);
    scene.say();
    scene.pass(Duration::from_secs(6));
    assert!(matches!(scene.node.link.outage(), Some(Outage::Silent(_))));
    scene.redis.borrow_mut().stall(false);
    scene.pass(Duration::from_millis(500));
    scene.say();
    scene.hears_all();
}

#[test]
fn what_redis_refuses_for_a_while_waits_and_is_named() {
    let mut scene = Scene::new(true);
    for refusal in [
        Failure::Oom,
        Failure::NoReplicas,
        Failure::ReadOnly,
        Failure::Misconf,
    ] {
        scene.redis.borrow_mut().refuse(Some(refusal));
        scene.say();
        scene.pass(Duration::from_secs(2));
        assert!(scene.node.link.outage().is_some());
        assert!(scene.node.is_living());
        scene.redis.borrow_mut().refuse(None);
        scene.pass(Duration::from_millis(600));
        scene.hears_all();
    }
}

#[test]
fn a_redis_that_kept_all_goes_on_where_it_was() {
    let mut scene = Scene::new(true);
    for _ in 0..3 {
        scene.redis.borrow_mut().crash();
        scene.say();
        scene.pass(Duration::from_secs(3));
        scene.redis.borrow_mut().restart(Memory::Whole, true);
        scene.pass(Duration::from_secs(1));
        scene.redis.borrow_mut().load();
        scene.hears_all();
    }
    assert_eq!(scene.eras(), [3, 0]);
}

#[test]
fn after_one_that_may_not_have_kept_all_everything_begins_anew() {
    let mut scene = Scene::new(false);
    scene.redis.borrow_mut().crash();
    scene.redis.borrow_mut().restart(Memory::Whole, false);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.eras(), [0, 1]);
    assert!(scene.node.is_living());
    scene.say();
    scene.hears_all();
}

#[test]
fn one_that_went_back_in_time_is_found_out() {
    let mut scene = Scene::new(true);
    let moment = scene.redis.borrow().moment();
    scene.say();
    scene.hears_all();
    scene.redis.borrow_mut().crash();
    let former = Memory::Former(moment);
    scene.redis.borrow_mut().restart(former, false);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.eras(), [0, 1]);
    scene.say();
    scene.hears_all();
}

#[test]
fn one_in_whose_place_another_came_may_not_have_all() {
    let mut scene = Scene::new(true);
    let moment = scene.redis.borrow().moment();
    scene.redis.borrow_mut().fail_over(moment);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.eras(), [0, 1]);
    scene.say();
    scene.hears_all();
}

#[test]
fn one_that_was_emptied_is_found_out_though_nobody_says_anything() {
    let mut scene = Scene::new(true);
    scene.redis.borrow_mut().flush_all();
    scene.pass(LEASE);
    assert_eq!(scene.eras(), [0, 1]);
    scene.say();
    scene.hears_all();
}

#[test]
fn a_script_that_is_gone_is_loaded_again() {
    let mut scene = Scene::new(true);
    scene.redis.borrow_mut().flush_scripts();
    scene.pass(LEASE);
    scene.say();
    scene.hears_all();
}

#[test]
fn who_reads_what_it_said_of_itself_needs_no_answer_to_that() {
    let mut scene = Scene::new(true);
    let cut = |scene: &Scene| {
        let append = scene.node.clients[0].unwrap();
        scene.redis.borrow_mut().cut(append, 0);
    };
    let heard = |scene: &Scene| {
        let store = scene.redis.borrow().moment();
        store.hash(b"{hubbub}:nodes").unwrap().unwrap()["s:1"].clone()
    };
    cut(&scene);
    scene.pass(LEASE);
    let before = heard(&scene);
    scene.pass(LEASE);
    assert!(heard(&scene) > before, "it says that it lives");
    cut(&scene);
    scene.node.link.leave();
    scene.pass(LEASE);
    assert_eq!(scene.node.link.standing(), Standing::Gone);
}

#[test]
fn many_things_said_at_once_come_out_in_order() {
    let mut scene = Scene::new(true);
    for _ in 0..2000 {
        scene.say();
    }
    scene.hears_all();
    assert_eq!(scene.node.link.lag_bytes(), 0);
}

#[test]
fn one_that_stood_still_beyond_its_lease_comes_back_alone() {
    let mut scene = Scene::new(true);
    scene.now += 10 * LEASE;
    scene.pass(Duration::from_secs(1));
    scene.say();
    scene.hears_all();
}

#[test]
fn who_leaves_says_bye_and_whoever_comes_next_goes_on_from_what_it_left() {
    let mut scene = Scene::new(true);
    scene.node.link.leave();
    scene.pass(Duration::from_millis(40));
    assert_eq!(scene.node.link.standing(), Standing::Gone);
    for seed in 2..4 {
        // Who died after all did not take it away.
        scene.node = Node::new(&scene.redis, LEASE, seed);
        scene.pass(Duration::from_secs(1));
        assert!(scene.node.is_living());
        assert_eq!(scene.node.said, ["0"]);
        scene.redis.borrow_mut().crash();
        scene.redis.borrow_mut().restart(Memory::Whole, false);
        scene.node.link.leave();
        scene.pass(Duration::from_secs(2));
        assert_eq!(scene.node.link.standing(), Standing::Gone);
    }
    scene.node = Node::new(&scene.redis, LEASE, 4);
    scene.say();
    scene.hears_all();
    assert_eq!(scene.node.link.nodes(), 1);
}

#[test]
fn where_nothing_was_left_or_the_journal_is_too_short_whoever_comes_next_begins_anew() {
    for is_trimmed in [false, true] {
        let mut scene = Scene::new(true);
        scene.node.is_mute = !is_trimmed;
        scene.node.link.leave();
        scene.pass(Duration::from_secs(1));
        let is_gone = scene.node.link.standing() == Standing::Gone;
        assert_eq!(is_gone, is_trimmed);
        if is_trimmed {
            let mut redis = scene.redis.borrow_mut();
            let operator = redis.connect().unwrap();
            let trim =
                b"*4\r\n$5\r\nXTRIM\r\n$16\r\n{hubbub}:journal\r\n$6\r\nMAXLEN\r\n$1\r\n0\r\n";
            redis.feed(operator, trim);
        }
        scene.node = Node::new(&scene.redis, LEASE, 2);
        scene.count = 0;
        scene.pass(Duration::from_millis(500));
        assert_eq!(scene.node.is_living(), is_trimmed);
        scene.pass(3 * LEASE);
        assert!(scene.node.is_living());
        scene.say();
        scene.hears_all();
    }
}
