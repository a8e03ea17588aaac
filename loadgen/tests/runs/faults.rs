//! Servers that are wrong in one place: exactly that is reported.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::common::{
    against, loadgen, refused_by,
    relay::{Relay, Said},
    room::{self, Door, Room},
};

/// The client that meets a fault: one that does not send.
const VICTIM: usize = 1;
/// The message, counted from 0, at which it happens.
const FAULTY: usize = 3;
/// All messages of a small load, and what becomes of them where nothing is wrong.
const SENT: u64 = 40;
const DELIVERED: u64 = 5 * SENT;
/// What the victim gets no more once it was disconnected instead of getting the faulty message.
const MISSED: u64 = SENT - FAULTY as u64;

/// How a server says that it takes in no more.
const UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nno seat";

/// A relay that does something wrong once: with one message, by its place in a frame to the victim.
fn once(mut wrong: impl FnMut(&mut Room, &mut Vec<Said>, usize) + Send + 'static) -> Relay {
    Relay::with(move |room, to, batch| {
        let faulty = batch.iter().position(|said| said.number == FAULTY);
        if let (VICTIM, Some(at)) = (to, faulty) {
            wrong(room, batch, at);
        }
    })
}

/// A relay that delivers only some of the messages.
fn only(mut wanted: impl FnMut(&Room, usize, &Said) -> bool + Send + 'static) -> Relay {
    Relay::with(move |room, to, batch| batch.retain(|said| wanted(room, to, said)))
}

#[test]
fn a_right_relay_is_found_right() {
    let run = against(&Relay::right().start(), &[]).good();
    assert_eq!(run.message("sent"), SENT);
    assert_eq!(run.message("expected"), DELIVERED);
    assert_eq!(run.message("delivered"), DELIVERED);
    assert_eq!(run.count("connect.clients"), 5);
}

#[test]
fn messages_that_share_a_frame_are_told_apart() {
    let url = Relay::right().in_batches_of(4).start();
    let run = against(&url, &[]).good();
    assert_eq!(run.message("delivered"), DELIVERED);
    let batch = run.figure("throughput.mean_batch");
    assert!((batch - 4.0).abs() < 0.01, "{batch}");
}

#[test]
fn every_message_that_one_client_does_not_get_is_lost() {
    let thousandth = |_: &Room, to, said: &Said| to != VICTIM || said.number % 1000 != 999;
    let url = only(thousandth).in_batches_of(10).start();
    let run = against(&url, &["--rate", "5000"]).broken([2, 0, 0, 0]);
    assert_eq!(run.message("sent"), 2000);
    assert_eq!(run.message("delivered"), 9998);
}

#[test]
fn a_lost_message_is_found_within_a_frame_and_alone() {
    for batch in [1, 2] {
        let relay = once(|_, batch, at| drop(batch.remove(at)));
        let url = relay.in_batches_of(batch).start();
        against(&url, &[]).broken([1, 0, 0, 0]);
    }
}

#[test]
fn a_doubled_message_is_a_duplicate() {
    let relay = once(|_, batch, at| batch.insert(at, batch[at].clone()));
    let run = against(&relay.start(), &[]).broken([0, 1, 0, 0]);
    assert_eq!(run.message("delivered"), DELIVERED);
}

#[test]
fn swapped_messages_are_reordered() {
    let relay = once(|_, batch, at| batch.swap(at, at + 1));
    let url = relay.in_batches_of(5).start();
    against(&url, &[]).broken([0, 0, 1, 0]);
}

/// A relay that sends the victim one message before another one that is before it elsewhere: of the same publisher, or of
/// another.
fn overtaking(of_same: bool) -> Relay {
    let relay = once(move |_, batch, at| {
        let overtakes = |said: &Said| (said.from == batch[at].from) == of_same;
        let behind = batch[at + 1..].iter().position(overtakes);
        let overtaking = batch.remove(at + 1 + behind.expect("two publish"));
        batch.insert(at, overtaking);
    });
    relay.in_batches_of(20)
}

#[test]
fn what_one_client_gets_in_another_order_than_the_others_is_disordered() {
    for threads in ["1", "5"] {
        let flags = ["--publishers", "2", "--threads", threads];
        let run = against(&overtaking(false).start(), &flags).broken([0; 4]);
        assert!(run.message("disordered") > 0, "{run:#?}");
        let told = "in another order than elsewhere, which --order publisher allows)";
        assert!(run.table.contains(told), "{}", run.table);
    }
}

#[test]
fn an_order_among_publishers_that_nobody_promised_is_told_and_no_fault() {
    for threads in ["1", "5"] {
        let flags = [
            "--publishers",
            "2",
            "--order",
            "publisher",
            "--threads",
            threads,
        ];
        let run = against(&overtaking(false).start(), &flags);
        let valid = run.at("valid") == true;
        assert_eq!(run.code, Some(if valid { 0 } else { 3 }), "{run:#?}");
        let disordered = run.message("disordered");
        assert!(disordered > 0, "{run:#?}");
        let told = format!(
            "Good: every client got every message once and in the order of its publisher ({disordered} among several \
             publishers in another than elsewhere)."
        );
        assert!(!valid || run.table.contains(&told), "{}", run.table);
        assert_eq!(run.at("config.order"), "publisher");

        // What one publisher said is in order all the same, or it is a fault.
        let run = against(&overtaking(true).start(), &flags).broken([0, 0, 1, 0]);
        assert!(run.table.contains("1 out of order"), "{}", run.table);
    }
    let run = against(&Relay::right().start(), &["--order", "publisher"]).good();
    assert!(!run.table.contains("of its publisher"), "{}", run.table);
}

#[test]
fn a_client_that_is_closed_is_counted_with_its_code() {
    let relay = once(|room, batch, _| {
        batch.clear();
        room.close(VICTIM, 4001);
    });
    let run = against(&relay.start(), &[]).broken([0, 0, 0, 1]);
    assert_eq!(run.message("disconnects_by.4001"), 1);
    assert_eq!(run.message("missed"), MISSED);
}

#[test]
fn a_client_whose_connection_is_reset_is_counted_as_not_closed() {
    let relay = once(|room, _, _| room.reset(VICTIM));
    let run = against(&relay.start(), &[]).broken([0, 0, 0, 1]);
    assert_eq!(run.message("disconnects_by.no close"), 1);
    assert_eq!(run.message("missed"), MISSED);
}

#[test]
fn a_server_that_goes_away_disconnects_everyone() {
    let relay = Relay::with(|room, to, batch| {
        if batch.iter().any(|said| said.number == FAULTY) {
            room.hang_up(to);
        }
    });
    let run = against(&relay.start(), &[]).broken([0, 0, 0, 5]);
    assert_eq!(run.message("disconnects_by.no close"), 5);
    assert_eq!(run.message("delivered"), 5 * FAULTY as u64);
}

#[test]
fn a_message_in_a_wrong_channel_is_stray() {
    let relay = only(|room, to, said| {
        let at_home = room.query(to) == room.query(said.from);
        at_home || (to == VICTIM && said.number == FAULTY)
    });
    let run = against(&relay.start(), &["--channels", "2"]).broken([0; 4]);
    assert_eq!(run.message("stray"), 1);
    assert_eq!(run.message("delivered"), 3 * SENT);
}

#[test]
fn a_damaged_message_is_foreign_and_lost() {
    let cut = |said: &mut Said| said.text.truncate(50);
    // What stands in the place of its publisher is none.
    let garbled = |said: &mut Said| said.text[8..12].fill(b'f');
    for (damage, batch) in [(cut as fn(&mut Said), 1), (garbled, 4)] {
        let relay = once(move |_, batch, at| damage(&mut batch[at]));
        let url = relay.in_batches_of(batch).start();
        let run = against(&url, &[]).broken([1, 0, 0, 0]);
        assert_eq!(run.message("foreign"), 1);
        let told = "in order (1 lost); 1 message came damaged: ~";
        assert!(run.table.contains(told), "{}", run.table);
    }
}

#[test]
fn a_server_that_answers_only_the_sender_is_told_in_words() {
    let relay = only(|_, to, said| to == said.from);
    let run = against(&relay.start(), &[]).broken([DELIVERED - SENT, 0, 0, 0]);
    let told = "answers the sender of a message and nobody else";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_server_that_leaves_out_the_sender_is_told_in_words() {
    for publishers in ["1", "3"] {
        let url = only(|_, to, said| to != said.from).start();
        let run = against(&url, &["--publishers", publishers]).broken([SENT, 0, 0, 0]);
        let told = "to everyone but its sender";
        assert!(run.table.contains(told), "{}", run.table);
    }
}

#[test]
fn what_a_deaf_server_does_not_take_is_lost_and_the_wait_is_told() {
    let deaf = Relay::with(|_, _, _| {
        loop {
            thread::park();
        }
    });
    let run = against(&deaf.start(), &["--size", "1MiB"]).broken([DELIVERED, 0, 0, 0]);
    assert!(run.message("sent") < SENT);
    // The time to settle passed before the sends were given up.
    assert!(run.figure("loadgen.send_blocked_us.max") > 1e6);
}

/// A server that does nothing for 300 ms in every second, in the middle of it.
fn stalling() -> Relay {
    let stall = Duration::from_millis(400)..Duration::from_millis(700);
    let mut start = None;
    Relay::with(move |_, _, _| {
        let elapsed = start.get_or_insert_with(Instant::now).elapsed();
        let within = Duration::from_nanos(u64::from(elapsed.subsec_nanos()));
        if within >= stall.start {
            thread::sleep(stall.end.saturating_sub(within));
        }
    })
}

#[test]
fn a_stalled_server_shows_in_full_though_it_also_holds_up_the_sending() {
    // A message every 5 ms meets the one stall of that second, so that the first of them waits at least 295 ms and
    // the third, which is the p99 of 200, at least 285 ms.
    let flags = ["--rate", "200", "--duration", "1s"];
    let run = against(&stalling().start(), &flags).good();
    for figures in ["latency_us", "last_receiver_us"] {
        let [p99, max] = ["p99", "max"].map(|figure| run.figure(&format!("{figures}.{figure}")));
        assert!(p99 >= 280_000.0, "{figures}.p99 is {p99}");
        assert!(max >= 290_000.0, "{figures}.max is {max}");
    }
}

#[test]
fn clients_that_are_turned_away_are_told_with_how_many_came_in() {
    for (refusal, told) in [
        (UNAVAILABLE, "503 Service Unavailable"),
        (b"", "closed the connection"),
    ] {
        let door = Door { seats: 3, refusal };
        let url = room::open(Relay::right(), door);
        let (code, sentence) = refused_by(&mut loadgen(&["--url", &url]));
        assert_eq!(code, Some(1), "{sentence}");
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        assert!(sentence.contains(told), "{sentence}");
        assert!(sentence.contains("(3 clients came in)"), "{sentence}");
    }
}

/// A relay that has room for so many clients.
fn with_seats(seats: usize) -> String {
    let refusal = UNAVAILABLE;
    room::open(Relay::right(), Door { seats, refusal })
}

#[test]
fn newcomers_that_are_let_in_and_forgotten_are_noticed() {
    let run = against(&only(|_, to, _| to < 5).start(), &["--storm", "2"]).broken([0; 4]);
    assert_eq!(run.count("storm.clients"), 2);
    assert_eq!(run.count("storm.delivered"), 0);
    assert!(run.count("storm.lost") > 0);
    assert_eq!(run.message("delivered"), DELIVERED);
}

#[test]
fn newcomers_that_are_turned_away_are_counted_apart() {
    let run = against(&with_seats(5), &["--storm", "3"]).broken([0; 4]);
    assert_eq!(run.count("storm.failed"), 3);
    assert_eq!(run.message("delivered"), DELIVERED);
    let told = "(3 not let in halfway); of the first that was not let in: the server answered 503";
    assert!(run.table.contains(told), "{}", run.table);

    let run = against(&with_seats(6), &["idle", "--storm", "3"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(
        (run.count("storm.clients"), run.count("storm.failed")),
        (1, 2)
    );
}

#[test]
fn handshakes_that_fail_are_counted_beside_those_that_do_not() {
    // Some of the first round, all of the second, or some of it.
    for seats in [3, 5, 7] {
        let run = against(&with_seats(seats), &["connect", "--duration", "10m"]);
        assert_eq!(run.code, Some(1), "{run:#?}");
        assert_eq!(run.count("connect.clients"), seats as u64);
        assert!(run.count("connect.failed") > 0, "{run:#?}");
        let told = "BROKEN: not every client came in; of the first that was not let in: the server answered 503 Service \
                    Unavailable (no seat);";
        assert!(run.table.contains(told), "{}", run.table);
        let refused = run.at("heard.refused").as_str().unwrap();
        assert!(refused.contains("503"), "{refused}");
    }
}

#[test]
fn a_slow_client_that_is_closed_is_no_fault() {
    // The last client of the second run, once measuring has begun: the first run has the other four alone.
    let relay = Relay::with(|room, to, batch| {
        if to == 8 && batch[0].number == 60 {
            batch.clear();
            room.close(to, 4001);
        }
    });
    let run = against(&relay.start(), &["--slow", "1", "--isolation"]).good();
    assert_eq!(run.count("slow.disconnects"), 1);
    assert_eq!(run.count("slow.disconnects_by.4001"), 1);
    assert_eq!(run.message("delivered"), 4 * SENT);
    let [without, with, ratio] = ["p99_us_without", "p99_us_with", "ratio"]
        .map(|figure| run.figure(&format!("isolation.{figure}")));
    assert!((with / without - ratio).abs() < 1e-6, "{ratio}");
}
