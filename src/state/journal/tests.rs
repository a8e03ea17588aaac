mod engine;

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::state::engine::{Action, Actor, Deed, Engine, Once, Pressure};

const US: NodeId = NodeId(7);
const OTHER: NodeId = NodeId(8);

fn journal() -> Journal {
    let mut journal = Journal::new(JournalBounds {
        queue_bytes: 4096,
        patience: Duration::from_secs(10),
    });
    journal.begin(US, [(US, 0)]);
    journal
}

fn header(kind: EntryKind, node: NodeId, number: u64, seconds: u64) -> Header {
    Header {
        kind,
        node,
        number: number.try_into().unwrap(),
        time: Duration::from_secs(seconds),
        previous: None,
    }
}

fn join(channel: &str) -> Deed<'static> {
    Deed::Join(channel.to_owned().into())
}

fn submit(journal: &mut Journal, client: u32, deed: &Deed<'_>) {
    let is_taken = journal.submit(ClientId::of_number(client), deed, Duration::ZERO);
    assert!(is_taken);
}

/// Appends what is to be appended and reads it, in which second.
fn turn_over(journal: &mut Journal, seconds: u64) {
    let batch = journal.batch().expect("something to append").clone();
    journal.appended(batch.number);
    let header = header(batch.kind, US, batch.number, seconds);
    journal.take(header, batch.body, Duration::from_secs(seconds));
}

fn events(journal: &mut Journal) -> Vec<(u64, Event<'static>)> {
    let mut events = Vec::new();
    while let Some(Sequenced { event, moment }) = journal.next() {
        events.push((moment.at.as_secs(), event));
    }
    events
}

fn action(actor: Actor, deed: Deed<'static>) -> Event<'static> {
    Event::Action(Action { actor, deed })
}

#[test]
fn what_is_done_comes_back_in_order_at_the_moment_of_its_entry() {
    let mut journal = journal();
    submit(&mut journal, 1, &join("tea"));
    submit(&mut journal, 2, &join("tea"));
    assert_eq!(events(&mut journal), []);
    turn_over(&mut journal, 5);
    let ours = |number| Actor::Ours(ClientId::of_number(number));
    assert_eq!(
        events(&mut journal),
        [
            (5, action(ours(1), join("tea"))),
            (5, action(ours(2), join("tea")))
        ]
    );
    assert!(journal.queue.is_empty());
    assert_eq!(journal.unread_bytes(), 0);
}

#[test]
fn every_kind_of_deed_is_the_same_when_it_comes_back() {
    let identity = crate::vocabulary::chat::Identity {
        id: "id".into(),
        name: "Ada \u{1f375}".into(),
        avatar: arrayvec::ArrayString::from(&"0".repeat(64)).unwrap(),
    };
    let body = || b"\0 bytes \xff".to_vec().into();
    let once = Some(Box::new(Once {
        key: [1; 16],
        body: [0xff; 16],
        all: Some([2; 16]),
    }));
    let deeds = [
        Deed::Enter(Rc::new(identity.clone())),
        join("tea"),
        Deed::Say {
            channel: "tea".into(),
            body: body(),
        },
        Deed::Private {
            target: "id".into(),
            body: body(),
        },
        Deed::Relay {
            channel: "lobby".into(),
            kind: crate::vocabulary::frame::Kind::Binary,
            body: body(),
        },
        Deed::Relay {
            channel: "lobby".into(),
            kind: crate::vocabulary::frame::Kind::Text,
            body: body(),
        },
        Deed::Leave("tea".into()),
        Deed::Exit,
        Deed::Return {
            identity: Rc::new(identity),
            channels: vec!["tea".into(), "milk".into()],
            is_told: true,
        },
        Deed::Publish {
            channel: "tea".into(),
            body: body(),
            once: None,
        },
        Deed::Publish {
            channel: "tea".into(),
            body: body(),
            once: once.clone(),
        },
        Deed::Whisper {
            target: "id".into(),
            body: body(),
            once,
        },
        Deed::Expel {
            target: "id".into(),
            channel: "tea".into(),
        },
        Deed::Dismiss {
            target: "id".into(),
            code: 4321,
            words: "bye".into(),
        },
    ];
    let mut journal = journal();
    for deed in deeds.clone() {
        submit(&mut journal, 3, &deed);
    }
    turn_over(&mut journal, 1);
    let came_back = events(&mut journal).into_iter().map(|(_, event)| event);
    let actor = Actor::Ours(ClientId::of_number(3));
    let expected = deeds.map(|deed| action(actor, deed));
    assert_eq!(came_back.collect::<Vec<_>>(), expected);
}

#[test]
fn what_others_say_is_passed_on_together_up_to_what_is_something_else() {
    let mut body = Vec::new();
    let says = |text: &'static str| Deed::Say {
        channel: "tea".into(),
        body: text.as_bytes().into(),
    };
    let publishes = |text: &'static str| Deed::Publish {
        channel: "tea".into(),
        body: text.as_bytes().into(),
        once: None,
    };
    for deed in [
        says("one"),
        publishes("two"),
        join("milk"),
        says("three"),
        says("four"),
    ] {
        Line::of(3, &deed).write(&mut body);
    }
    let mut journal = journal();
    journal.living.insert(OTHER, 0);
    let actions = header(EntryKind::Actions, OTHER, 1, 5);
    journal.take(actions, body.into(), Duration::ZERO);
    let overhear = |journal: &mut Journal| {
        let mut heard = Vec::new();
        journal.overhear(&mut |moment, sayings| {
            let sayings = sayings.iter().map(|saying| {
                assert_eq!(
                    (saying.node, saying.client, saying.channel),
                    (OTHER, 3, "tea")
                );
                String::from_utf8(saying.body.to_vec()).unwrap()
            });
            heard.extend(sayings);
            usize::try_from(moment.at.as_secs()).unwrap()
        });
        heard
    };
    assert_eq!(overhear(&mut journal), ["one", "two"]);
    let theirs = Actor::Theirs {
        node: OTHER,
        client: 3,
    };
    for deed in [join("milk"), says("three")] {
        assert_eq!(overhear(&mut journal), [""; 0]);
        let next = journal.next().map(|sequenced| sequenced.event);
        assert_eq!(next, Some(action(theirs, deed)));
    }
    assert_eq!(overhear(&mut journal), ["four"]);
    assert_eq!((journal.next(), journal.unread_bytes()), (None, 0));
}

#[test]
fn what_was_read_before_is_read_once() {
    let mut journal = journal();
    submit(&mut journal, 1, &join("tea"));
    let batch = journal.batch().unwrap().clone();
    for _ in 0..2 {
        let header = header(batch.kind, US, batch.number, 1);
        journal.take(header, batch.body.clone(), Duration::ZERO);
    }
    assert_eq!(events(&mut journal).len(), 1);
}

#[test]
fn entries_of_who_is_no_node_are_skipped_and_counted() {
    let mut journal = journal();
    let body = Bytes::from_static(b"\x01\x01");
    journal.take(
        header(EntryKind::Actions, OTHER, 1, 1),
        body.clone(),
        Duration::ZERO,
    );
    assert_eq!((events(&mut journal), journal.foreign()), (vec![], 1));
    journal.take(
        header(EntryKind::Hello, OTHER, 0, 2),
        hello(&[US]).into(),
        Duration::ZERO,
    );
    journal.take(
        header(EntryKind::Actions, OTHER, 1, 3),
        body,
        Duration::ZERO,
    );
    let theirs = Actor::Theirs {
        node: OTHER,
        client: 1,
    };
    assert_eq!(
        events(&mut journal),
        [(2, Event::Nothing), (3, action(theirs, Deed::Exit))]
    );
    journal.take(
        header(EntryKind::Death, NodeId::default(), 0, 4),
        Bytes::from_static(b"8"),
        Duration::ZERO,
    );
    assert_eq!(journal.living().collect::<Vec<_>>(), [US]);
    assert_eq!(events(&mut journal), [(4, Event::Death(OTHER))]);
}

#[test]
fn who_lives_says_what_it_made_of_the_journal_up_to_its_last_entry() {
    let mut engine = JournalEngine(Rc::new(RefCell::new(journal())));
    let mut says = |seconds| {
        let mut journal = engine.0.borrow_mut();
        journal.tell_alive(Duration::ZERO);
        turn_over(&mut journal, seconds);
        let alive = events(&mut journal).remove(0).1;
        drop(journal);
        engine.vouch(Voucher {
            number: 1,
            sum: u64::MAX,
        });
        alive
    };
    let alive = |number, said| Event::Alive {
        node: US,
        number,
        said,
        ours: US,
    };
    assert_eq!(says(1), alive(1, None));
    let said = Voucher {
        number: 1,
        sum: u64::MAX,
    };
    assert_eq!(says(2), alive(2, Some(said)));
}

#[test]
fn who_has_lost_track_has_a_part_in_what_was_read_before_and_no_other() {
    let mut journal = journal();
    submit(&mut journal, 1, &join("tea"));
    turn_over(&mut journal, 1);
    journal.lose_track();
    assert!(!journal.is_nobody());
    let events: Vec<_> = events(&mut journal).into_iter().collect();
    let ours = Actor::Ours(ClientId::of_number(1));
    let expected = [(1, action(ours, join("tea"))), (1, Event::Burial)];
    assert_eq!(events, expected);
    assert!(journal.is_nobody() && journal.node().is_none());
}

#[test]
fn a_node_that_is_taken_for_dead_reads_so() {
    let mut journal = journal();
    journal.take(
        header(EntryKind::Death, OTHER, 0, 1),
        Bytes::from_static(b"7"),
        Duration::ZERO,
    );
    assert_eq!(events(&mut journal), [(1, Event::Burial)]);
}

#[test]
fn of_an_entry_that_nobody_of_ours_would_have_written_the_rest_is_skipped() {
    let mut journal = journal();
    let mut body = Vec::new();
    Line::of(1, &join("tea")).write(&mut body);
    body.extend_from_slice(b"\xff\xff\xff\xff\xff\xff");
    journal.take(
        header(EntryKind::Actions, US, 1, 1),
        body.into(),
        Duration::ZERO,
    );
    assert_eq!(events(&mut journal).len(), 1);
    assert_eq!((journal.foreign(), journal.unread_bytes()), (1, 0));
}

#[test]
fn where_nothing_can_be_appended_what_waits_for_too_long_or_is_too_much_is_refused() {
    let mut journal = journal();
    submit(&mut journal, 1, &join("tea"));
    let client = ClientId::of_number(1);
    let large = "x".repeat(4096);
    assert!(!journal.submit(client, &join(&large), Duration::ZERO));
    let leave = Deed::Leave(large.into());
    assert!(journal.submit(ClientId::of_number(2), &leave, Duration::ZERO));
    let refused = |deed| Event::Refused {
        client,
        deed,
        why: Refusal::Unavailable,
    };
    journal.refuse_late(Duration::from_secs(9));
    assert_eq!(events(&mut journal), []);
    journal.refuse_late(Duration::from_secs(10));
    assert_eq!(events(&mut journal), [(0, refused(join("tea")))]);
    assert!(journal.queue_bytes() > 4096);
}

#[test]
fn at_half_of_the_queue_or_far_behind_the_pressure_is_high() {
    let shared = Rc::new(RefCell::new(journal()));
    let engine = JournalEngine(Rc::clone(&shared));
    assert_eq!(engine.pressure(), Pressure::Low);
    let mut pressures = Vec::new();
    for _ in 0..4 {
        submit(&mut shared.borrow_mut(), 1, &join(&"x".repeat(700)));
        pressures.push(engine.pressure());
    }
    let (low, middle, high) = (Pressure::Low, Pressure::Middle, Pressure::High);
    assert_eq!(pressures, [low, middle, high, high]);
    shared.borrow_mut().batch();
    assert_eq!(engine.pressure(), low);
    for lag in [middle, high] {
        shared.borrow_mut().note_lag(lag);
        assert_eq!(engine.pressure(), lag);
    }
}

#[test]
fn what_is_refused_comes_before_what_was_asked_for_after_it() {
    let mut journal = journal();
    submit(&mut journal, 1, &join("tea"));
    let before = journal.batch().expect("something to append").clone();
    submit(&mut journal, 1, &join("milk"));
    journal.refuse_late(Duration::from_secs(10));
    submit(&mut journal, 1, &Deed::Leave("tea".into()));
    journal.appended(before.number);
    let after = journal.batch().expect("something to append").clone();
    for batch in [before, after] {
        let header = header(batch.kind, US, batch.number, batch.number);
        journal.take(header, batch.body, Duration::ZERO);
    }
    let client = ClientId::of_number(1);
    let refused = Event::Refused {
        client,
        deed: join("milk"),
        why: Refusal::Unavailable,
    };
    let done = |deed| action(Actor::Ours(client), deed);
    assert_eq!(
        events(&mut journal),
        [
            (1, done(join("tea"))),
            (0, refused),
            (2, done(Deed::Leave("tea".into()))),
        ]
    );
}

#[test]
fn the_first_of_the_living_sees_to_it_that_time_goes_on() {
    let due_at = Duration::from_secs(11);
    let due = Some(due_at);
    let mut journal = journal();
    journal.take(
        header(EntryKind::Hello, OTHER, 0, 10),
        Bytes::new(),
        Duration::from_secs(100),
    );
    events(&mut journal);
    journal.prompt(Duration::from_secs(100), due);
    assert_eq!(journal.batch(), None);
    assert_eq!(journal.comes_at(due_at), Some(Duration::from_secs(101)));
    journal.prompt(Duration::from_secs(101), due);
    journal.prompt(Duration::from_secs(101), due);
    turn_over(&mut journal, 11);
    assert_eq!(events(&mut journal), [(11, Event::Nothing)]);
    assert_eq!(journal.batch(), None);
    let mut second = Journal::new(journal.bounds);
    second.begin(OTHER, [(US, 0), (OTHER, NEWCOMER)]);
    second.take(
        header(EntryKind::Alive, US, 1, 20),
        Bytes::new(),
        Duration::ZERO,
    );
    second.prompt(Duration::from_secs(100), due);
    assert_eq!(second.batch(), None);
}

#[test]
fn who_begins_again_at_an_earlier_place_takes_the_times_that_are_there() {
    let mut journal = journal();
    let take = |journal: &mut Journal, seconds| {
        let alive = header(EntryKind::Alive, OTHER, seconds, seconds);
        journal.begin(US, [(OTHER, 0)]);
        journal.take(alive, Bytes::new(), Duration::ZERO);
        events(journal)[0].0
    };
    assert_eq!(take(&mut journal, 20), 20);
    assert_eq!(take(&mut journal, 10), 10);
}

#[test]
fn an_era_that_begins_with_nothing_begins_at_its_own_time() {
    let mut journal = journal();
    for (kind, seconds) in [(EntryKind::Alive, 20), (EntryKind::Lost, 10)] {
        let entry = header(kind, US, seconds, seconds);
        journal.take(entry, Bytes::new(), Duration::ZERO);
    }
    assert_eq!(events(&mut journal).last(), Some(&(10, Event::Lost)));
}

#[test]
fn who_came_first_of_those_that_know_and_are_not_said_to_be_silent_answers_a_newcomer() {
    let asks = |number, silent: &[NodeId]| {
        let mut journal = journal();
        journal.living.insert(NodeId(3), NEWCOMER);
        let other = Header {
            number,
            ..header(EntryKind::Hello, OTHER, 0, 1)
        };
        journal.take(other, hello(silent).into(), Duration::ZERO);
        events(&mut journal)
    };
    let asked = Event::Asked {
        newcomer: OTHER,
        ours: US,
    };
    assert_eq!(asks(NEWCOMER, &[]), [(1, asked)]);
    assert_eq!(asks(NEWCOMER, &[NodeId(5), US]), [(1, Event::Nothing)]);
    assert_eq!(asks(0, &[]), [(1, Event::Nothing)]);
}

#[test]
fn who_has_its_number_from_an_era_that_ends_before_answers_no_newcomer_in_the_place_of_another() {
    let mut journal = journal();
    journal.take(
        header(EntryKind::Lost, OTHER, 0, 1),
        Bytes::new(),
        Duration::ZERO,
    );
    for (node, number) in [(US, 0), (OTHER, NEWCOMER)] {
        let hello = Header {
            number,
            ..header(EntryKind::Hello, node, 0, 2)
        };
        journal.take(hello, Bytes::new(), Duration::ZERO);
    }
    assert!(!journal.is_asked_by(OTHER));
    let expected = [(1, Event::Lost), (2, Event::Nothing), (2, Event::Nothing)];
    assert_eq!(events(&mut journal), expected);
}

#[test]
fn the_last_that_knows_leaves_behind_what_there_is() {
    let goes = |others: &[(NodeId, i64)]| {
        let mut journal = journal();
        journal.living.extend(others.iter().copied());
        journal.take(
            header(EntryKind::Bye, US, 1, 1),
            Bytes::new(),
            Duration::ZERO,
        );
        events(&mut journal)
    };
    let (newcomer, ours) = (US, US);
    let asked = Event::Asked { newcomer, ours };
    assert_eq!(goes(&[(OTHER, NEWCOMER)]), [(1, asked)]);
    assert_eq!(goes(&[(OTHER, 0)]), [(1, Event::Nothing)]);
}

#[test]
fn who_goes_leaves_nobody_behind() {
    let mut journal = journal();
    let other = header(EntryKind::Hello, OTHER, 0, 1);
    journal.take(other, hello(&[US]).into(), Duration::ZERO);
    let bye = header(EntryKind::Bye, OTHER, 1, 2);
    journal.take(bye, Bytes::new(), Duration::ZERO);
    assert_eq!(events(&mut journal)[1], (2, Event::Death(OTHER)));
}

#[test]
fn after_a_lost_era_nobody_is_there_and_nothing_is_ours_before_the_next_hello() {
    let mut journal = journal();
    submit(&mut journal, 1, &join("tea"));
    turn_over(&mut journal, 1);
    let lost = header(EntryKind::Lost, NodeId(0), 0, 2);
    journal.take(lost, Bytes::new(), Duration::ZERO);
    assert_eq!(journal.living().count(), 0);
    // The number that was ours is given to another.
    journal.take(
        header(EntryKind::Hello, US, 0, 3),
        Bytes::new(),
        Duration::ZERO,
    );
    let mut theirs = Vec::new();
    Line::of(1, &join("tea")).write(&mut theirs);
    journal.take(
        header(EntryKind::Actions, US, 1, 4),
        theirs.into(),
        Duration::ZERO,
    );
    let ours = Actor::Ours(ClientId::of_number(1));
    let theirs = Actor::Theirs {
        node: US,
        client: 1,
    };
    assert_eq!(
        events(&mut journal),
        [
            (1, action(ours, join("tea"))),
            (2, Event::Lost),
            (3, Event::Nothing),
            (4, action(theirs, join("tea"))),
        ]
    );
    assert_eq!(journal.batch(), None);
}

#[test]
fn whoever_has_just_come_reads_that_the_last_goes_who_knows_what_there_is() {
    const LAST: NodeId = NodeId(3);
    for (others, body, expected) in [
        (vec![(LAST, 4), (US, NEWCOMER)], "", Event::Desertion(LAST)),
        (vec![(LAST, 4), (US, NEWCOMER)], "fell", Event::Death(LAST)),
        (vec![(LAST, 4), (US, 1)], "", Event::Death(LAST)),
    ] {
        let mut journal = journal();
        journal.begin(US, others);
        let bye = header(EntryKind::Bye, LAST, 5, 1);
        journal.take(bye, Bytes::from(body), Duration::ZERO);
        assert_eq!(events(&mut journal), [(1, expected)]);
    }
}
