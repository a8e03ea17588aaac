use allocation_counter::measure;
use proptest::prelude::*;

use super::*;
use crate::state::{batch::Form, seal::Seal};

const AGE: Duration = Duration::from_mins(1);

/// How late something is dropped at most.
const TICK: Duration = Duration::from_millis(TICK_MILLIS);

fn bounds(messages: usize, bytes: usize) -> HistoryBounds {
    HistoryBounds {
        messages,
        bytes,
        age: AGE,
        total_bytes: 1 << 20,
        ..HistoryBounds::default()
    }
}

fn say(log: &mut Log, body: &[u8], bounds: &HistoryBounds) {
    log.push(Kind::Text, false, body, Duration::ZERO, bounds);
}

fn notice(log: &mut Log, body: &[u8], bounds: &HistoryBounds) {
    log.push(Kind::Text, true, body, Duration::ZERO, bounds);
}

/// All that is kept, with its place.
fn kept(log: &Log) -> Vec<(u64, Vec<u8>)> {
    let places = log.first()..log.said();
    places
        .map(|place| (place, log.body(place).concat()))
        .collect()
}

/// One that a simple log keeps.
#[derive(Clone, Debug)]
struct Plain {
    kind: Kind,
    is_notice: bool,
    body: Vec<u8>,
    at: Duration,
}

/// A log that takes its time.
#[derive(Debug, Default)]
struct Model {
    kept: VecDeque<Plain>,
    said: u64,
}

impl Model {
    fn bytes(&self) -> usize {
        self.kept.iter().map(|plain| plain.body.len()).sum()
    }

    fn messages(&self) -> usize {
        self.kept.iter().filter(|plain| !plain.is_notice).count()
    }

    fn push(&mut self, plain: Plain, bounds: &HistoryBounds) {
        self.said += 1;
        if bounds.messages > 0 {
            self.kept.push_back(plain);
        }
        while self.exceeds(bounds) {
            self.kept.pop_front();
        }
    }

    fn exceeds(&self, bounds: &HistoryBounds) -> bool {
        if self.messages() > bounds.messages {
            return true;
        }
        let is_newest = match self.messages() {
            0 => self.kept.len() == 1,
            messages => messages == 1 && !self.kept[0].is_notice,
        };
        let newest = if is_newest {
            self.kept[0].body.len()
        } else {
            0
        };
        let counted = self.bytes() - newest;
        let limit = bounds.bytes;
        counted > limit || counted + newest > limit && newest > bounds.total_bytes / 4
    }

    /// What is certainly too old is dropped, and what is certainly not is kept.
    fn age(&mut self, now: Duration, kept: usize) {
        while self.kept.len() > kept {
            let first = self.kept.pop_front().unwrap();
            assert!(first.at + AGE <= now, "dropped early");
        }
        if let Some(first) = self.kept.front() {
            assert!(first.at + AGE + TICK > now, "kept for too long");
        }
    }

    fn first(&self) -> u64 {
        self.said - self.kept.len() as u64
    }

    fn last(&self, messages: usize) -> u64 {
        let mut start = self.kept.len();
        let mut found = 0;
        for (index, plain) in self.kept.iter().enumerate().rev() {
            if !plain.is_notice && found < messages {
                found += 1;
                start = index;
            }
        }
        self.first() + start as u64
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push {
        kind: Kind,
        is_notice: bool,
        bytes: usize,
    },
    Pass(Duration),
    DropFirst,
    Shrink,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop_oneof![6 => 0..100_usize, 3 => 100..2000_usize, 1 => 2000..40_000_usize];
    let push = (any::<bool>(), any::<bool>(), any::<bool>(), bytes);
    prop_oneof![
        20 => push.prop_map(|(is_text, one, other, bytes)| Step::Push {
            kind: if is_text { Kind::Text } else { Kind::Binary },
            is_notice: one && other,
            bytes,
        }),
        3 => (0..20_000_u64).prop_map(|millis| Step::Pass(Duration::from_millis(millis))),
        1 => Just(Step::DropFirst),
        1 => Just(Step::Shrink),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn it_is_the_end_of_what_was_said_whatever_is_said_and_dropped(
        messages in prop_oneof![Just(0_usize), 1..5_usize, 5..60_usize],
        bytes in prop_oneof![Just(0_usize), 1..500_usize, 500..50_000_usize],
        steps in prop::collection::vec(step(), 1..300),
    ) {
        let bounds = HistoryBounds { total_bytes: 100_000, ..bounds(messages, bytes) };
        let (mut log, mut model) = (Log::default(), Model::default());
        let mut now = Duration::from_secs(1);
        let mut chance = fastrand::Rng::with_seed(steps.len() as u64);
        for step in steps {
            match step {
                Step::Push { kind, is_notice, bytes } => {
                    let body: Vec<_> = (0..bytes).map(|_| chance.u8(..)).collect();
                    log.push(kind, is_notice, &body, now, &bounds);
                    model.push(Plain { kind, is_notice, body, at: now }, &bounds);
                }
                Step::Pass(time) => {
                    now += time;
                    log.age(now, AGE);
                    let kept = log.said() - log.first();
                    model.age(now, usize::try_from(kept).unwrap());
                }
                Step::DropFirst => {
                    if let Some(first) = model.kept.pop_front() {
                        prop_assert_eq!(log.drop_first(), first.body.len());
                    }
                }
                Step::Shrink => log.shrink(),
            }
            prop_assert_eq!((log.first(), log.said()), (model.first(), model.said));
            prop_assert_eq!((log.bytes(), log.messages()), (model.bytes(), model.messages()));
            prop_assert_eq!(log.is_empty(), model.kept.is_empty());
            let wanted = chance.usize(..10);
            prop_assert_eq!(log.last(wanted), model.last(wanted));
            if let Some(at) = log.ages_at(now, AGE) {
                prop_assert!(at >= model.kept[0].at + AGE && at <= model.kept[0].at + AGE + TICK);
            }
        }
        let mut batch = OpenBatch::default();
        log.copy(log.first(), log.said(), &mut batch);
        let run = batch.encode(Form::Single, Seal::default());
        prop_assert_eq!(run.messages() as usize, model.kept.len());
        for (index, plain) in (0..).zip(&model.kept) {
            prop_assert_eq!(run.kind(index), plain.kind);
            prop_assert_eq!(run.body(index), &*plain.body);
        }
    }

    #[test]
    fn every_place_is_in_one_block_which_is_not_much_larger_than_a_block(
        sizes in prop::collection::vec(prop_oneof![0..10_usize, 10..5000_usize, 20_000..30_000_usize], 1..200),
        dropped in 0..50_usize,
    ) {
        let mut log = Log::default();
        for &size in &sizes {
            say(&mut log, &vec![b'x'; size], &bounds(1000, 1 << 30));
        }
        for _ in 0..dropped.min(sizes.len() - 1) {
            log.drop_first();
        }
        let mut place = log.first();
        while place < log.said() {
            let (from, to) = log.block(place);
            prop_assert_eq!(from, place, "blocks follow on each other");
            for within in from..to {
                prop_assert_eq!(log.block(within), (from, to));
            }
            let but_last: usize = (from..to - 1).map(|place| log.body(place).concat().len()).sum();
            prop_assert!(but_last <= REPLAY_BLOCK_BYTES);
            place = to;
        }
    }
}

#[test]
fn places_count_from_zero_and_go_on_where_nothing_is_kept() {
    let mut log = Log::default();
    assert_eq!((log.first(), log.said(), log.last(5)), (0, 0, 0));
    say(&mut log, b"one", &bounds(0, 100));
    assert_eq!((log.first(), log.said(), log.last(5)), (1, 1, 1));
    assert_eq!((log.heap_bytes(), log.bytes()), (0, 0));
    say(&mut log, b"two", &bounds(1, 100));
    assert_eq!(kept(&log), [(1, b"two".to_vec())]);
}

#[test]
fn notices_are_kept_between_messages_and_do_not_count() {
    let bounds = bounds(2, 1000);
    let mut log = Log::default();
    for round in 0..3 {
        say(&mut log, &[b'm', round], &bounds);
        notice(&mut log, &[b'n', round], &bounds);
    }
    let bodies: Vec<_> = kept(&log).into_iter().map(|(_, body)| body).collect();
    let expected = [[b'n', 0], [b'm', 1], [b'n', 1], [b'm', 2], [b'n', 2]];
    assert_eq!(bodies, expected);
    assert_eq!(log.messages(), 2);
    assert_eq!(
        (log.last(1), log.last(2), log.last(9)),
        (log.first() + 3, log.first() + 1, log.first() + 1)
    );
    assert_eq!(log.last(0), log.said());
}

#[test]
fn the_newest_message_is_kept_whatever_its_size_up_to_a_quarter_of_all() {
    let bounds = HistoryBounds {
        total_bytes: 400,
        ..bounds(10, 20)
    };
    let mut log = Log::default();
    say(&mut log, b"before", &bounds);
    say(&mut log, &[b'x'; 100], &bounds);
    notice(&mut log, b"a notice after it", &bounds);
    assert_eq!((log.first(), log.said()), (1, 3));
    say(&mut log, &[b'x'; 101], &bounds);
    assert_eq!((log.first(), log.said(), log.is_empty()), (4, 4, true));
}

#[test]
fn what_fits_is_kept_even_if_it_is_more_than_a_quarter_of_all() {
    let bounds = HistoryBounds {
        total_bytes: 100,
        ..bounds(10, 100)
    };
    let mut log = Log::default();
    say(&mut log, &[b'x'; 60], &bounds);
    assert_eq!(log.bytes(), 60);
    say(&mut log, &[b'x'; 30], &bounds);
    assert_eq!(log.bytes(), 90);
}

#[test]
fn nothing_is_dropped_before_it_is_too_old() {
    let mut log = Log::default();
    let said = Duration::from_millis(1009);
    for age in [5, 15, 1000].map(Duration::from_millis) {
        log.push(Kind::Text, false, b"x", said, &bounds(10, 100));
        log.age((said + age).saturating_sub(Duration::from_nanos(1)), age);
        assert_eq!(log.messages(), 1, "{age:?}");
        log.age(said + age + TICK, age);
        assert_eq!(log.messages(), 0, "{age:?}");
    }
}

#[test]
fn a_message_of_64_bytes_takes_32_more_than_its_json_and_the_formula_is_exact() {
    let json = |number: usize| {
        let mut json = format!(
            r#"{{"action":"send-message","message":"{number:064}","target":"tea","sender":{{"id":"67e55044-10b1-426f-9247-bb680e5fe0c8","name":"Ada"}},"ref":"1"}}"#
        )
        .into_bytes();
        crate::vocabulary::chat::number(&mut json, number as u64, 1_700_000_000_000);
        json
    };
    let said: Vec<_> = (1..=1000).map(json).collect();
    let bounds = HistoryBounds::default();
    let mut log = Log::default();
    let held = measure(|| {
        for message in &said[..500] {
            say(&mut log, message, &bounds);
        }
    });
    let held = usize::try_from(held.bytes_current).unwrap();
    assert_eq!(log.messages(), 100);
    assert_eq!(log.heap_bytes(), held);
    assert!(
        held <= log.bytes() + 100 * 32,
        "{held} B for {} B of JSON",
        log.bytes()
    );
    let more = measure(|| {
        for message in &said[500..] {
            say(&mut log, message, &bounds);
        }
    });
    assert_eq!(
        more.count_total, 0,
        "a full log is in the memory that it has"
    );
}

#[test]
fn memory_is_given_back_when_messages_get_smaller_and_when_nothing_is_left() {
    let bounds = bounds(100, 256 << 10);
    let mut log = Log::default();
    for _ in 0..100 {
        say(&mut log, &[b'x'; 2000], &bounds);
    }
    assert!(log.heap_bytes() > 200_000);
    for _ in 0..100 {
        say(&mut log, b"small", &bounds);
    }
    assert!(log.heap_bytes() < 8000, "{}", log.heap_bytes());
    log.age(AGE * 2, AGE);
    assert_eq!(log.heap_bytes(), 0);
    for _ in 0..100 {
        say(&mut log, b"", &bounds);
    }
    log.age(AGE * 4, AGE);
    assert_eq!(log.heap_bytes(), 0, "of what had no bytes too");
}
