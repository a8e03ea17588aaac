//! Where memory goes, and that it comes back.

use allocation_counter::measure;
use hubbub::vocabulary::config::Config;

use crate::room::{Room, text};
use crate::world::World;

/// What is kept to be used again, whoever needed it: a few buffers of a batch's size.
const KEPT_BYTES: usize = 256 << 10;

fn total(room: &Room) -> usize {
    let parts = room.server.memory().parts();
    parts.iter().map(|(_, bytes)| bytes).sum()
}

#[test]
fn the_ledger_says_what_the_allocator_says() {
    let join = text(r#"{"action":"join-channel","message":"tea"}"#);
    for (path, clients, first_words) in [("/relay", 2000, &[][..]), ("/ws?name=Ada", 500, &join)] {
        let room = Room::of(Config::default(), clients, path, first_words);
        let told = total(&room);
        let server = room.server;
        let freed = -measure(|| drop(server)).bytes_current;
        let freed = usize::try_from(freed).unwrap();
        assert!(
            told.abs_diff(freed) < freed / 8,
            "{path}: {told} B are told, {freed} B are held"
        );
    }
}

#[test]
fn what_lags_behind_is_told_and_given_back() {
    let mut room = Room::of(Config::default(), 100, "/relay", b"");
    let large = text(&"x".repeat(50_000));
    let before = room.server.memory();
    let after = measure(|| {
        room.set_deaf(true);
        for _ in 0..10 {
            room.speak(0..1, &large);
        }
        let lagging = room.server.memory();
        assert!(lagging.outboxes > 10 * large.len(), "{lagging:?}");
        assert!(lagging.outboxes < 12 * large.len(), "shared: {lagging:?}");
        room.set_deaf(false);
    });
    assert_eq!(room.server.memory().outboxes, before.outboxes);
    let logged = room.server.memory().logs - before.logs;
    assert!(
        logged > 4 * large.len(),
        "the log keeps what fits: {logged} B"
    );
    let kept = usize::try_from(after.bytes_current).unwrap() - logged;
    assert!(kept < KEPT_BYTES, "{kept} B are not given back");
}

#[test]
fn a_large_message_in_pieces_is_told_and_given_back() {
    let mut room = Room::of(Config::default(), 100, "/echo", b"");
    let large = text(&"x".repeat(50_000));
    let (first, second) = large.split_at(large.len() / 2);
    let before = room.server.memory();
    let after = measure(|| {
        room.speak(0..100, first);
        let unfinished = room.server.memory();
        assert!(unfinished.input > 100 * first.len(), "{unfinished:?}");
        room.speak(0..100, second);
    });
    assert_eq!(room.server.memory().input, before.input);
    let sent_by_peers = 100 * second.len();
    let kept = usize::try_from(after.bytes_current).unwrap();
    assert!(
        kept < sent_by_peers + KEPT_BYTES,
        "{kept} B are not given back"
    );
}

#[test]
fn a_member_at_another_server_takes_at_most_500_bytes() {
    const PEOPLE: u32 = 100_000;
    let mut world = None;
    let taken = measure(|| world = Some(World::of(PEOPLE, |_| "tea".to_owned())));
    let each = taken.bytes_current / i64::from(PEOPLE);
    assert!((1..=500).contains(&each), "{each} B");
}
