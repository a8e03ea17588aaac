//! Nodes that go while a run is on: their clients go to the next one, and have every message once over all their
//! connections, or were told which will not come.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    common::{
        Run, against_all,
        chat::{Chat, Event, Fate, Fault},
        proxy,
        room::Room,
        words,
    },
    nodes::listening_twice,
};

/// A history that nobody outruns.
const LONG: usize = 100_000;
/// The message, counted from 0, at which something happens.
const FATEFUL: usize = 30;
/// The same where a busy machine may get through few.
const EARLY: usize = 4;
/// Clients of a run, every other of which begins at the first of two nodes; the first two of all publish.
const CLIENTS: usize = 10;
/// One of them.
const VICTIM: usize = 4;

/// A run against a chat of two nodes.
fn at_two(chat: Chat, mode: &str) -> Run {
    let urls: [String; 2] = chat.start_nodes();
    let flags =
        format!("{mode} --protocol chat --clients {CLIENTS} --publishers 2 --duration 500ms");
    against_all(&urls, &words(flags.trim()))
}

/// A chat on which something befalls once, with the fateful message, by who says it.
fn befallen(mut fall: impl FnMut(&mut Room, usize) -> Fate + Send + 'static) -> Chat {
    befallen_with(None, move |room, from| fall(room, from))
}

/// The same where what those are told who come back is wrong.
fn befallen_with(
    fault: Option<Fault>,
    mut fall: impl FnMut(&mut Room, usize) -> Fate + Send + 'static,
) -> Chat {
    Chat::keeping(LONG, fault).scripted(move |room, event| match event {
        Event::Said { from, number } if number == FATEFUL => fall(room, from),
        _ => Fate::Told,
    })
}

/// The first node is gone.
fn first_falls(room: &mut Room, _from: usize) -> Fate {
    room.fall(0);
    Fate::Told
}

/// Fails unless nothing of these went wrong.
fn none(run: &Run, figures: &[&str]) {
    for figure in figures {
        assert_eq!(
            run.count(&format!("recovery.{figure}")),
            0,
            "{figure}: {run:#?}"
        );
    }
}

#[test]
fn who_loses_its_node_goes_to_the_next_and_round_again_and_recovers_there() {
    // The first node falls; once all are at the second, the first is there again, and the second falls.
    let mut rose = false;
    let mut fell = false;
    let chat = Chat::keeping(LONG, None).scripted(move |room, event| {
        match event {
            Event::Said {
                number: FATEFUL, ..
            } => room.fall(0),
            Event::Entered if !rose && room.present(1) == CLIENTS => {
                room.rise(0);
                rose = true;
            }
            Event::Said { .. } if rose && !fell => {
                room.fall(1);
                fell = true;
            }
            _ => {}
        }
        Fate::Told
    });
    let run = at_two(chat, "--rate 200").good();
    assert_eq!(run.count("recovery.moved"), 15, "{run:#?}");
    assert!(run.count("recovery.recovered") >= 10, "{run:#?}");
    none(
        &run,
        &[
            "cuts",
            "with_gaps",
            "failed",
            "declared",
            "silent",
            "repeated",
            "epochs",
        ],
    );
    assert!(run.figure("recovery.moved_caught_up_us.p99") > 0.0);
    assert!(run.at("recovery.caught_up_us").is_null());
    for row in [
        "cut off / moved to another node",
        "at another node and caught up",
    ] {
        assert!(run.table.contains(row), "{}", run.table);
    }
}

#[test]
fn who_is_cut_off_comes_back_to_where_it_began_or_else_goes_on() {
    let run = at_two(
        befallen(first_falls),
        "--rate 200 --threads 2 --cut 50%/200ms --away 10ms..100ms",
    )
    .good();
    assert!(run.count("recovery.cuts") > 0, "{run:#?}");
    assert!(run.count("recovery.moved") >= 5, "{run:#?}");
    none(
        &run,
        &["with_gaps", "failed", "declared", "silent", "repeated"],
    );
}

#[test]
fn a_closed_loop_goes_on_at_the_next_node() {
    // All that the publisher has under way is gone with its node.
    let mut is_gone = false;
    let chat = Chat::keeping(LONG, None).scripted(move |room, event| match event {
        Event::Said { from, number } if number >= EARLY && room.node(from) == 0 => {
            if !is_gone {
                room.fall(0);
            }
            is_gone = true;
            Fate::Unheard
        }
        _ => Fate::Told,
    });
    let urls: [String; 2] = chat.start_nodes();
    let flags = "saturate --protocol chat --clients 4 --publishers 1 --window 2 --duration 500ms";
    let run = against_all(&urls, &words(flags)).good();
    assert_eq!(run.count("recovery.moved"), 2, "{run:#?}");
    assert!((1..=2).contains(&run.count("recovery.unknown")), "{run:#?}");
    assert!(run.message("sent") > 2 + EARLY as u64, "{run:#?}");
}

#[test]
fn who_is_said_goodbye_to_goes_to_the_next_node() {
    let run = at_two(
        befallen(|room, _| {
            for client in room.clients() {
                if room.node(client) == 0 {
                    room.close(client, 1001);
                }
            }
            Fate::Told
        }),
        "--rate 200",
    )
    .good();
    assert_eq!(run.count("recovery.moved"), 5, "{run:#?}");
}

#[test]
fn a_node_that_answers_nobody_is_gone() {
    let stuck = befallen(|room, _| {
        room.stick(0);
        Fate::Told
    });
    let run = at_two(stuck, "--rate 200 --settle 10s").good();
    assert_eq!(run.count("recovery.moved"), 5, "{run:#?}");
    assert!(
        run.figure("recovery.moved_caught_up_us.p50") > 2e6,
        "{run:#?}"
    );
}

#[test]
fn who_is_not_let_into_its_channel_for_now_asks_again() {
    let run = at_two(befallen_with(Some(Fault::Busy), first_falls), "--rate 200").good();
    assert_eq!(run.count("recovery.moved"), 5, "{run:#?}");
    assert_eq!(run.count("recovery.recovered"), 5, "{run:#?}");
}

#[test]
fn who_is_disconnected_by_a_node_that_is_there_has_not_moved() {
    let dropped = befallen(|room, _| {
        room.hang_up(VICTIM);
        Fate::Told
    });
    let run = at_two(dropped, "--rate 200").broken([0, 0, 0, 1]);
    assert_eq!(run.message("disconnects_by.no close"), 1);
    assert_eq!(run.count("recovery.recovered"), 1, "{run:#?}");
    none(&run, &["moved", "failed", "silent"]);

    let closed = befallen(|room, _| {
        room.close(VICTIM, 4001);
        Fate::Told
    });
    let run = at_two(closed, "--rate 200").broken([0, 0, 0, 1]);
    assert_eq!(run.message("disconnects_by.4001"), 1);
}

#[test]
fn what_nobody_got_of_a_lost_node_is_unknown_and_not_lost() {
    let mut is_gone = false;
    let chat = Chat::keeping(LONG, None).scripted(move |room, event| match event {
        // The last word of the publisher there.
        Event::Said { from, number } if number >= FATEFUL && room.node(from) == 0 && !is_gone => {
            is_gone = true;
            room.fall(0);
            Fate::Unheard
        }
        _ => Fate::Told,
    });
    let run = at_two(chat, "--rate 200").good();
    tells_who_reached_nobody(&run);
    none(&run, &["failed", "silent", "declared"]);
}

/// Fails unless a run that lost nothing tells that some messages reached nobody.
fn tells_who_reached_nobody(run: &Run) {
    let row = format!("\n{:<39} ", "reached nobody, sender told or in doubt");
    assert!(run.table.contains(&row), "{}", run.table);
    let told = match run.count("recovery.unknown") {
        0 => panic!("all reached someone: {run:#?}"),
        1 => "but 1 message reached nobody: its sender was told so, or left in doubt.",
        _ => "messages reached nobody: their senders were told so, or left in doubt.",
    };
    let sentence = run.table.lines().last().unwrap();
    assert!(
        run.code == Some(3) || sentence.ends_with(told),
        "{sentence}"
    );
}

#[test]
fn what_some_got_of_a_lost_node_must_come_to_all() {
    // One at the other node is passed over with the last that was said before the first fell.
    let other = Arc::new(AtomicUsize::new(0));
    let passed_over = Arc::clone(&other);
    let chat = befallen(move |room, from| {
        let mut clients = room.clients();
        let there = clients.find(|client| room.node(*client) == 1 && *client != from);
        other.store(there.unwrap(), Ordering::SeqCst);
        first_falls(room, from)
    })
    .ruled(move |to, number| {
        usize::from(number != FATEFUL || to != passed_over.load(Ordering::SeqCst))
    });
    let run = at_two(chat, "--rate 200");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(
        (run.message("lost"), run.count("recovery.silent")),
        (1, 1),
        "{run:#?}"
    );
}

#[test]
fn a_replay_at_the_next_node_that_is_wrong_is_noticed() {
    for (fault, figure) in [
        (Fault::Early, "repeated"),
        (Fault::Double, "repeated"),
        (Fault::Late, "silent"),
        (Fault::Deaf, "failed"),
    ] {
        let run = at_two(befallen_with(Some(fault), first_falls), "--rate 200");
        assert_eq!(run.code, Some(1), "{run:#?}");
        assert!(
            run.count(&format!("recovery.{figure}")) > 0,
            "{fault:?}: {run:#?}"
        );
    }
}

#[test]
fn a_message_that_vanishes_while_its_sender_stays_is_lost() {
    let run = at_two(befallen(|_, _| Fate::Unheard), "--rate 200");
    assert_eq!((run.code, run.message("lost")), (Some(1), 10), "{run:#?}");
    assert_eq!(run.count("recovery.unknown"), 0, "{run:#?}");
}

#[test]
fn what_a_server_could_not_say_is_unknown_and_what_it_would_not_is_lost() {
    for code in ["unavailable", "unknown"] {
        let run = at_two(befallen(move |_, _| Fate::Refused(code)), "--rate 200").good();
        assert_eq!(run.count("recovery.unknown"), 1, "{run:#?}");
        tells_who_reached_nobody(&run);
    }
    let run = at_two(befallen(|_, _| Fate::Refused("bad-json")), "--rate 200");
    assert_eq!((run.code, run.message("lost")), (Some(1), 10), "{run:#?}");
}

/// A chat that forgets all that was said before the fateful message, of whose last some have got nothing; and that passes
/// over one of them with the first of the next epoch, if it is wrong.
fn forgetful(is_wrong: bool) -> Chat {
    befallen(|_, _| Fate::First).ruled(move |to, number| {
        let was_late = (FATEFUL - 5..FATEFUL).contains(&number) && to > 6;
        let is_passed_over = is_wrong && number == FATEFUL && to == VICTIM;
        usize::from(!was_late && !is_passed_over)
    })
}

#[test]
fn an_epoch_declares_that_the_end_of_the_one_before_may_be_missing() {
    let run = at_two(forgetful(false), "--rate 200").good();
    assert_eq!(run.count("recovery.epochs"), CLIENTS as u64, "{run:#?}");
    assert!(run.count("recovery.declared") > 0, "{run:#?}");
    none(&run, &["silent", "repeated", "failed"]);
    assert!(run.table.contains("told of a new epoch"), "{}", run.table);
    let told = "or was told that it would not";
    assert!(
        run.code == Some(3) || run.table.contains(told),
        "{}",
        run.table
    );
}

#[test]
fn what_is_left_out_after_an_epoch_is_lost() {
    let run = at_two(forgetful(true), "--rate 200");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(
        (run.message("lost"), run.count("recovery.silent")),
        (1, 1),
        "{run:#?}"
    );
}

#[test]
fn hubbub_itself_recovers_whoever_loses_its_node() {
    let places = listening_twice();
    let far: SocketAddr = places[1].trim_start_matches("ws://").parse().unwrap();
    let near = proxy::start(far, 100_000);
    let urls = [format!("{}/ws", places[0]), format!("ws://{near}/ws")];
    let flags = "--protocol chat --clients 10 --publishers 2 --rate 200 --duration 500ms --cut 50%/200ms --away 10ms..100ms";
    let run = against_all(&urls, &words(flags)).good();
    assert!(run.count("recovery.moved") >= 5, "{run:#?}");
    none(
        &run,
        &["with_gaps", "failed", "declared", "silent", "repeated"],
    );
}
