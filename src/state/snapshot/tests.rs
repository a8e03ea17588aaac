use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::slice;

use arrayvec::ArrayString;
use serde_json::json;

use super::*;
use crate::{
    state::commons::Commons,
    state::engine::{Action, Actor, Deed, Engine, Event, Once, Sequenced},
    state::events::Settlement,
    vocabulary::{
        chat::Identity,
        config::{Config, HistoryBounds, RECEIPTS_KEPT},
        time::Now,
        webhook::{Topic, WebhookPace, WebhookSettings},
    },
};

const US: NodeId = NodeId(9);

/// A sequence in which all is done elsewhere.
#[derive(Clone, Debug, Default)]
struct Elsewhere(Rc<RefCell<VecDeque<Sequenced<'static>>>>);

impl Engine for Elsewhere {
    fn is_shared(&self) -> bool {
        true
    }

    fn submit<'a>(&mut self, _: Action<'a>, _: Now) -> Option<Sequenced<'a>> {
        unreachable!("nobody is here")
    }

    fn next(&mut self, _: Now, _: Option<Duration>) -> Option<Sequenced<'static>> {
        self.0.borrow_mut().pop_front()
    }

    fn due(&self, _: Option<Duration>) -> Option<Duration> {
        None
    }
}

/// A server that only follows.
struct Follower {
    commons: Commons,
    sequence: Elsewhere,
}

impl Follower {
    fn new(config: &Config) -> Self {
        let sequence = Elsewhere::default();
        let commons = Commons::with_engine(config, 0, Box::new(sequence.clone()));
        Self { commons, sequence }
    }

    /// Follows on, to the end of a turn.
    fn follow(&mut self, events: &[Sequenced<'static>]) {
        self.sequence.0.borrow_mut().extend(events.iter().cloned());
        self.commons.advance(Now::default());
        self.commons.hub.seal(|_, _| ());
        while self.commons.registry.is_vanishing() {
            self.commons.advance(Now::default());
        }
    }

    fn frozen(&mut self) -> Vec<u8> {
        let Commons { hub, registry, .. } = &mut self.commons;
        let mut writing = Writing::begin(hub, registry, US);
        assert!(writing.go_on(hub, registry, usize::MAX));
        writing.into_bytes()
    }

    /// Learns a snapshot, in shares of so many bytes.
    fn learn(&mut self, snapshot: &[u8], share: usize) -> Result<(), SnapshotError> {
        let Commons { hub, registry, .. } = &mut self.commons;
        let mut reading = Reading::default();
        while !reading.go_on(hub, registry, snapshot, share)? {}
        Ok(())
    }

    /// All that it knows, in an order of its own.
    fn known(&mut self) -> Vec<Vec<u8>> {
        records(&self.frozen())
    }
}

/// Settings by which a program is told everything.
fn telling() -> Config {
    Config {
        webhook: Some(webhook(Topic::ALL)),
        ..Config::default()
    }
}

const fn at(seconds: u64) -> Moment {
    Moment {
        at: Duration::from_secs(seconds),
        unix_ms: seconds * 1000,
    }
}

/// A server says that it lives.
const ALIVE: Event<'static> = Event::Alive {
    node: US,
    number: 1,
    said: None,
    ours: US,
};

/// Something that may happen at a moment, among a few people and channels.
fn happening(chance: &mut fastrand::Rng, at: Duration, body: u64) -> Sequenced<'static> {
    let node = NodeId(chance.u32(1..4));
    let actor = Actor::Theirs {
        node,
        client: chance.u32(0..4),
    };
    let channel = format!("c{}", chance.u8(0..6));
    let body = json!({ "message": body }).to_string().into_bytes().into();
    let deed = match chance.u8(0..32) {
        0..5 => Deed::Enter(Rc::new(Identity {
            id: format!("id{}", chance.u8(0..5)).into(),
            name: format!("name{}", chance.u8(0..4)).into(),
            avatar: ArrayString::new(),
        })),
        5..7 => Deed::Exit,
        7..14 => Deed::Join(channel.into()),
        14..16 => Deed::Leave(channel.into()),
        16 => Deed::Private {
            target: "id1".into(),
            body,
        },
        17..25 => Deed::Say {
            channel: channel.into(),
            body,
        },
        25..29 => Deed::Publish {
            channel: channel.into(),
            body,
            once: once(chance),
        },
        29 => Deed::Whisper {
            target: "id1".into(),
            body,
            once: once(chance),
        },
        30 => Deed::Expel {
            target: "id1".into(),
            channel: channel.into(),
        },
        _ => Deed::Dismiss {
            target: "id2".into(),
            code: 4000,
            words: "bye".into(),
        },
    };
    let event = match chance.u8(0..64) {
        0 => Event::Death(node),
        1 => Event::Nothing,
        2 => Event::Alive {
            node,
            number: 1,
            said: None,
            ours: US,
        },
        _ => Event::Action(Action { actor, deed }),
    };
    let unix_ms = u64::try_from(at.as_millis()).unwrap();
    event.at(Moment { at, unix_ms })
}

/// Something that a program has perhaps asked for before.
fn once(chance: &mut fastrand::Rng) -> Option<Box<Once>> {
    let key = [chance.u8(0..40); 16];
    let body = [chance.u8(0..2); 16];
    let all = chance.bool().then(|| [chance.u8(0..40); 16]);
    chance.bool().then(|| Box::new(Once { key, body, all }))
}

/// What became of what a program is to be told of by then, if anything is.
fn settlement(leader: &Follower, chance: &mut fastrand::Rng) -> Option<Settlement> {
    let span = leader.commons.registry.events()?.front()?.span;
    Some(match chance.u8(0..64) {
        0 => Settlement::Gone(span),
        1 => Settlement::Ended,
        2..8 => Settlement::GivenUp(span),
        _ => Settlement::Told(span),
    })
}

/// All that happens, where nobody enters who is in already.
fn sequence(seed: u64, length: u64, config: &Config) -> Vec<Sequenced<'static>> {
    let mut leader = Follower::new(config);
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut at = Duration::from_hours(500_000);
    let mut inside = std::collections::HashSet::new();
    let mut events = Vec::new();
    for body in 0..length {
        at += Duration::from_millis(chance.u64(0..900));
        if chance.u8(0..32) == 0 {
            at += RECEIPTS_KEPT.mul_f64(chance.f64());
        }
        let happening = happening(&mut chance, at, body);
        let is_possible = match &happening.event {
            Event::Death(node) => {
                inside.retain(|(of, _)| of != node);
                true
            }
            Event::Action(Action {
                actor: Actor::Theirs { node, client },
                deed,
            }) => match deed {
                Deed::Enter(_) => inside.insert((*node, *client)),
                Deed::Exit => inside.remove(&(*node, *client)),
                Deed::Publish { .. }
                | Deed::Whisper { .. }
                | Deed::Expel { .. }
                | Deed::Dismiss { .. } => true,
                _ => inside.contains(&(*node, *client)),
            },
            _ => true,
        };
        if is_possible {
            let moment = happening.moment;
            leader.follow(slice::from_ref(&happening));
            events.push(happening);
            let settlement = settlement(&leader, &mut chance);
            if let Some(settlement) = settlement.filter(|_| chance.u8(0..4) == 0) {
                let settled = Event::Settled(settlement).at(moment);
                leader.follow(slice::from_ref(&settled));
                events.push(settled);
            }
        }
    }
    events
}

/// What happens before a snapshot is begun, and after.
struct Scene {
    chance: fastrand::Rng,
    config: Config,
    before: Vec<Sequenced<'static>>,
    after: Vec<Sequenced<'static>>,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let config = config(&mut chance);
        let mut before = sequence(seed, 300, &config);
        let after = before.split_off(chance.usize(0..before.len()));
        Self {
            chance,
            config,
            before,
            after,
        }
    }
}

fn config(chance: &mut fastrand::Rng) -> Config {
    Config {
        notice_limit: chance.usize(1..4),
        history: HistoryBounds {
            messages: chance.usize(0..8),
            bytes: 400,
            age: Duration::from_secs(chance.u64(2..30)),
            total_bytes: 800,
            channels: chance.usize(3..7),
        },
        webhook: (chance.u8(0..4) > 0).then(|| webhook(Topic::ALL)),
        ..Config::default()
    }
}

/// What a program is told of.
fn webhook(topics: impl IntoIterator<Item = Topic>) -> WebhookSettings {
    WebhookSettings {
        url: "http://localhost/".parse().unwrap(),
        secret: "secret".into(),
        topics: topics.into_iter().collect(),
        pace: WebhookPace::default(),
    }
}

#[test]
fn who_had_come_further_knows_what_was_known_before_and_goes_on_from_then() {
    let Scene {
        config,
        before,
        after,
        ..
    } = Scene::new(1);
    let mut first = Follower::new(&config);
    first.follow(&before);
    let snapshot = first.frozen();
    let mut other = Follower::new(&config);
    let end = after.last().expect("more happens").moment;
    for turn in [&before, &after, &vec![Event::Burial.at(end)]] {
        other.follow(turn);
    }
    other.commons.begin_anew();
    other.learn(&snapshot, usize::MAX).unwrap();
    assert_eq!(other.known(), records(&snapshot));
    for follower in [&mut first, &mut other] {
        follower.follow(&after);
    }
    assert_eq!(other.known(), first.known());
}

#[test]
fn who_loads_a_snapshot_goes_on_like_who_was_there_before() {
    for seed in 0..200 {
        let Scene {
            mut chance,
            config,
            before,
            after,
        } = Scene::new(seed);
        let mut first = Follower::new(&config);
        for turn in before.chunks(chance.usize(1..20)) {
            first.follow(turn);
        }
        let snapshot = first.frozen();
        let mut newcomer = Follower::new(&config);
        newcomer.learn(&snapshot, chance.usize(1..2000)).unwrap();
        assert_eq!(newcomer.known(), records(&snapshot), "seed {seed}");
        for turn in after.chunks(7) {
            first.follow(turn);
        }
        for turn in after.chunks(11) {
            newcomer.follow(turn);
        }
        assert_eq!(newcomer.known(), first.known(), "seed {seed}");
    }
}

#[test]
fn a_damaged_snapshot_is_told_from_one_and_costs_nothing_else() {
    let config = telling();
    let mut first = Follower::new(&config);
    first.follow(&sequence(1, 200, &config));
    let snapshot = first.frozen();
    for end in 0..snapshot.len() {
        let mut newcomer = Follower::new(&config);
        let learnt = newcomer.learn(&snapshot[..end], 1);
        assert_eq!(learnt, Err(SnapshotError::Damaged), "{end}");
    }
    for place in 0..snapshot.len() {
        let mut damaged = snapshot.clone();
        damaged[place] ^= 0x55;
        let mut newcomer = Follower::new(&config);
        // It may still be one, of something else.
        let _ = newcomer.learn(&damaged, usize::MAX);
    }
}

#[test]
fn who_comes_where_all_end_goes_on_like_who_was_told_before_what_a_program_does_not_want_to_hear() {
    let config = telling();
    let mut last = Follower::new(&config);
    last.follow(&[ALIVE.at(at(1)), Event::Nothing.at(at(2))]);
    let front = last.commons.registry.events().unwrap().front().unwrap();
    let gone = Event::Settled(Settlement::Gone(front.span));
    last.follow(&[gone.at(at(3))]);
    let mut told_before = Follower::new(&config);
    told_before.learn(&last.frozen(), usize::MAX).unwrap();
    told_before.follow(&[Event::Desertion(US).at(at(4))]);
    let left = Event::Asked {
        newcomer: US,
        ours: US,
    };
    last.follow(&[left.at(at(4))]);
    let mut heir = Follower::new(&config);
    heir.learn(&last.frozen(), usize::MAX).unwrap();
    assert_eq!(heir.known(), told_before.known());
    for follower in [&mut heir, &mut told_before] {
        follower.follow(&[ALIVE.at(at(5)), Event::Nothing.at(at(6))]);
        let events = follower.commons.registry.events().unwrap();
        assert_eq!(events.front().unwrap().span.from, 1);
    }
    assert_eq!(heir.known(), told_before.known());
}

#[test]
fn what_a_program_was_to_be_told_is_dropped_where_all_is_lost_and_where_others_know_it_is_not() {
    let config = telling();
    for (end, dropped) in [(Event::Burial, 0), (Event::Lost, 1)] {
        let mut server = Follower::new(&config);
        server.follow(&[ALIVE.at(at(1)), end.at(at(2))]);
        server.commons.begin_anew();
        let events = server.commons.registry.events().unwrap();
        assert_eq!((events.counts().dropped, events.front()), (dropped, None));
    }
}

#[test]
fn servers_tell_programs_of_the_same_or_do_not_learn_of_one_another() {
    let told = [
        None,
        Some(webhook([Topic::Joined])),
        Some(webhook([Topic::Joined, Topic::Left])),
    ];
    for (one, theirs) in told.iter().enumerate() {
        let config = |webhook: &Option<WebhookSettings>| Config {
            webhook: webhook.clone(),
            ..Config::default()
        };
        let snapshot = Follower::new(&config(theirs)).frozen();
        for (other, ours) in told.iter().enumerate() {
            let learnt = Follower::new(&config(ours)).learn(&snapshot, 1);
            let flag = match learnt {
                Ok(()) => "",
                Err(SnapshotError::Rules { flag, .. }) => flag,
                Err(error) => panic!("{error}"),
            };
            let expected = match (one, other) {
                _ if one == other => "",
                (0, _) | (_, 0) => "--webhook",
                _ => "--webhook-events",
            };
            assert_eq!(flag, expected, "{theirs:?} {ours:?}");
        }
    }
}

#[test]
fn a_snapshot_is_as_of_when_it_was_begun_whatever_happens_while_it_is_written() {
    for seed in 0..200 {
        let Scene {
            mut chance,
            config,
            before,
            after,
        } = Scene::new(seed);
        let mut first = Follower::new(&config);
        first.follow(&before);
        let at_once = first.known();
        let Commons { hub, registry, .. } = &mut first.commons;
        let mut writing = Writing::begin(hub, registry, US);
        let mut after = after.chunks(chance.usize(1..9));
        let share = chance.usize(1..100);
        loop {
            let Commons { hub, registry, .. } = &mut first.commons;
            if writing.go_on(hub, registry, share) {
                break;
            }
            first.follow(after.next().unwrap_or_default());
        }
        let snapshot = writing.into_bytes();
        assert_eq!(records(&snapshot), at_once, "seed {seed}");
        let mut newcomer = Follower::new(&config);
        newcomer.learn(&snapshot, share).unwrap();
    }
}
