//! Runs in which clients come and go with the stages: whoever is in and stays has every message once and in order, and
//! whoever comes or goes while a message is under way has it at most once.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use crate::common::{
    Run, against,
    chat::Chat,
    relay::{Relay, Said},
    room::{self, Door, Host, Room},
    run, words,
};

/// Four clients, then four more, the one after the other; then these go.
const STAGES: [&str; 5] = [
    "200ms: clients=4",
    "200ms: clients=4..8",
    "600ms",
    "200ms: clients=8..4",
    "200ms",
];
/// One that was there from the begin and does not send, and one that comes.
const SETTLED: usize = 1;
const COMER: usize = 5;

fn staged<'a>(stages: &[&'a str], more: &'a str) -> Vec<&'a str> {
    let stages = stages.iter().flat_map(|&stage| ["--stage", stage]);
    let flags = stages.chain(words("--warmup 0s"));
    flags.chain(more.split_whitespace()).collect()
}

fn crowd(url: &str, more: &str) -> Run {
    against(url, &staged(&STAGES, more))
}

fn counts(run: &Run, figure: &str) -> Vec<u64> {
    let count = |stage| run.count(&format!("stages.{stage}.{figure}"));
    (0..run.at("stages").as_array().unwrap().len())
        .map(count)
        .collect()
}

/// How often each stage's clients came, went and were not let in, where they should.
fn moved(run: &Run, stage: usize) -> [u64; 3] {
    ["came", "went", "failed"].map(|what| run.count(&format!("stages.{stage}.crowd.{what}")))
}

/// A relay that does something wrong once: with that of the frames to a client which has this number among them.
fn once(
    to: usize,
    number: usize,
    mut wrong: impl FnMut(&mut Room, &mut Vec<Said>) + Send + 'static,
) -> Relay {
    let mut frames = 0;
    Relay::with(move |room, client, batch| {
        if client == to {
            if frames == number {
                wrong(room, batch);
            }
            frames += 1;
        }
    })
}

#[test]
fn what_a_connection_takes_is_told_where_all_were_silent_together() {
    let told = |stages: &[&str]| {
        let run = run(&staged(stages, "--publishers 2")).good();
        assert!(run.figure("server.rss_bytes_idle") > 0.0, "{run:#?}");
        run.at("server.rss_bytes_per_connection").is_number()
    };
    assert!(!told(&["200ms: clients=4..100", "200ms"]));
    assert!(told(&["200ms: clients=100..4", "200ms"]));
}

#[test]
fn clients_come_and_go_and_all_adds_up() {
    let [relay, chat] = [Relay::right().start(), Chat::default().start()];
    for (url, more) in [
        (&relay, ""),
        (&relay, "--publishers 3 --threads 2"),
        (&relay, "--publishers 3 --threads 2 --compress=50%"),
        (&chat, "--protocol chat --publishers 2"),
    ] {
        let run = crowd(url, more).good();
        assert_eq!(moved(&run, 1), [4, 0, 0], "{run:#?}");
        assert_eq!(moved(&run, 3), [0, 4, 0], "{run:#?}");
        assert!(run.at("stages.1.crowd.connect_us.p50").is_number());
        assert_eq!(counts(&run, "clients_begin"), [4, 4, 8, 8, 4]);
        assert_eq!(counts(&run, "clients_end"), [4, 8, 8, 4, 4]);
        let (sent, delivered) = (counts(&run, "sent"), counts(&run, "delivered"));
        assert_eq!(sent, [20, 20, 60, 20, 20]);
        assert_eq!(delivered[0], 4 * 20);
        // Whoever was on its way in or out may have got some of what was under way.
        for (sent, delivered) in sent.iter().zip(&delivered) {
            assert!((4 * sent..=8 * sent).contains(delivered), "{run:#?}");
        }
        assert_eq!(counts(&run, "expected"), delivered);
        assert_eq!(counts(&run, "missing"), [0; 5]);
        assert_eq!(run.message("delivered"), delivered.iter().sum::<u64>());
        assert_eq!(run.message("expected"), run.message("delivered"));
        assert_eq!(run.count("connect.clients"), 4);
        assert!(run.table.contains("4 to 8"), "{}", run.table);
        assert!(run.table.contains("4 / 4 / 0"), "{}", run.table);
    }
}

#[test]
fn only_what_holds_still_is_judged() {
    let run = crowd(&Relay::right().start(), "").good();
    let judged = (0..5).map(|stage| run.at(&format!("stages.{stage}.valid")).is_boolean());
    let judged: Vec<bool> = judged.collect();
    assert_eq!(judged, [true, false, true, false, true]);
}

#[test]
fn hubbub_itself_lets_them_come_and_go() {
    for more in ["", "--protocol chat", "--threads 2"] {
        let run = run(&staged(&STAGES, more)).good();
        assert_eq!((moved(&run, 1), moved(&run, 3)), ([4, 0, 0], [0, 4, 0]));
    }
}

#[test]
fn a_client_may_go_and_come_again() {
    let stages = [
        "100ms: clients=2..5",
        "100ms: clients=5..2",
        "100ms: clients=2..6",
        "200ms",
    ];
    let url = Relay::right().start();
    for threads in ["", "--threads 2"] {
        let run = against(&url, &staged(&stages, threads)).good();
        let moved = [0, 1, 2].map(|stage| moved(&run, stage));
        assert_eq!(moved, [[3, 0, 0], [0, 3, 0], [4, 0, 0]], "{run:#?}");
    }
}

#[test]
fn whose_script_awaits_nothing_is_in_after_a_while() {
    let stages = ["100ms: clients=2..4", "1500ms"];
    let flags = staged(&stages, "--protocol raw");
    let run = against(&Relay::right().start(), &flags).good();
    assert_eq!(moved(&run, 0), [2, 0, 0]);
    let relay = once(3, 120, |_, batch| batch.clear());
    against(&relay.start(), &flags).broken([1, 0, 0, 0]);
}

/// A server that takes a while to heed who asks for messages, without a word.
#[derive(Default)]
struct Leisurely {
    asked: Vec<(Instant, usize)>,
}

impl Host for Leisurely {
    fn said(&mut self, room: &mut Room, from: usize, text: &str) {
        if text == "me too" {
            return self.asked.push((Instant::now(), from));
        }
        for (asked, client) in &self.asked {
            if asked.elapsed() > Duration::from_millis(200) {
                room.say(*client, text);
            }
        }
    }
}

#[test]
fn what_a_server_does_not_send_before_it_heeds_a_script_is_not_lost() {
    let url = room::open(Leisurely::default(), Door::OPEN);
    let mut flags = staged(&["100ms: clients=2..4", "1s"], "--protocol raw");
    flags.extend(["--hello", "me too"]);
    let run = against(&url, &flags).good();
    assert_eq!(moved(&run, 0), [2, 0, 0]);
    assert!(run.message("delivered") < 4 * run.message("sent"));
}

#[test]
fn whoever_was_in_misses_a_message_also_while_others_come_and_go() {
    // Of a hundred messages a second, all to this one: in each stage.
    for (number, stage) in [(10, 0), (30, 1), (60, 2), (110, 3), (130, 4)] {
        let relay = once(SETTLED, number, |_, batch| batch.clear());
        let run = crowd(&relay.start(), "").broken([1, 0, 0, 0]);
        let mut missing = [0; 5];
        missing[stage] = 1;
        assert_eq!(counts(&run, "missing"), missing);
        assert_eq!(run.message("expected"), run.message("delivered") + 1);
    }
}

#[test]
fn whoever_came_misses_a_message_like_everyone() {
    let relay = once(COMER, 40, |_, batch| batch.clear());
    let run = crowd(&relay.start(), "").broken([1, 0, 0, 0]);
    assert_eq!(counts(&run, "missing"), [0, 0, 1, 0, 0]);
}

#[test]
fn what_comes_twice_to_one_that_came_is_noticed_from_the_first_message_on() {
    for number in [0, 1, 40] {
        let relay = once(COMER, number, |_, batch| batch.push(batch[0].clone()));
        crowd(&relay.start(), "").broken([0, 1, 0, 0]);
    }
}

#[test]
fn what_comes_in_the_wrong_order_to_one_that_came_is_noticed() {
    let relay = once(COMER, 20, |_, batch| batch.reverse()).in_batches_of(2);
    crowd(&relay.start(), "").broken([0, 0, 1, 0]);
}

#[test]
fn who_goes_says_goodbye_and_the_last_that_came_goes_first() {
    let (sender, goodbyes) = mpsc::channel();
    let relay = Relay::right().that_hears_goodbyes(sender);
    let stages = [
        "100ms: clients=4",
        "400ms: clients=4..8",
        "100ms",
        "400ms: clients=8..2",
        "100ms",
    ];
    let run = against(&relay.start(), &staged(&stages, "--publishers 2")).good();
    assert_eq!(moved(&run, 3), [0, 6, 0]);
    let told: Vec<(usize, Option<u16>)> = goodbyes.try_iter().take(6).collect();
    let leavers = [7, 6, 5, 4, 3, 2].map(|client| (client, Some(1000)));
    assert_eq!(told, leavers);
}

#[test]
fn who_is_not_let_in_with_a_stage_is_told_and_the_run_goes_on() {
    let refusal = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let url = room::open(Relay::right(), Door { seats: 6, refusal });
    let run = crowd(&url, "").broken([0; 4]);
    assert_eq!(moved(&run, 1), [2, 0, 2]);
    assert_eq!(moved(&run, 3), [0, 2, 0]);
    let why = run.at("stages.1.crowd.first_failure").as_str().unwrap();
    assert!(why.contains("503"), "{why}");
    assert!(
        run.table.contains("2 not let in with their stage"),
        "{}",
        run.table
    );
    assert!(run.table.contains(why), "{}", run.table);
}

/// A server that greets only so many, and leaves the others to themselves or sends them away.
struct Shy {
    greets: usize,
    closes: bool,
}

impl Host for Shy {
    fn entered(&mut self, room: &mut Room, client: usize) {
        if client < self.greets {
            room.say(client, "welcome");
        } else if self.closes {
            room.close(client, 4401);
        }
    }

    fn said(&mut self, room: &mut Room, _from: usize, text: &str) {
        for client in 0..self.greets.min(room.clients().end) {
            room.say(client, text);
        }
    }
}

#[test]
fn who_waits_in_vain_or_is_sent_away_before_it_is_in_was_not_let_in() {
    for (closes, why) in [(false, "waited for welcome"), (true, "4401")] {
        let url = room::open(Shy { greets: 6, closes }, Door::OPEN);
        let stages = ["200ms: clients=4..8", "200ms"];
        let flags = staged(&stages, "--protocol raw --await welcome --settle 200ms");
        let run = against(&url, &flags).broken([0; 4]);
        assert_eq!(moved(&run, 0), [2, 0, 2], "{run:#?}");
        let told = run.at("stages.0.crowd.first_failure").as_str().unwrap();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn who_is_not_in_in_time_is_not_waited_for() {
    let shy = Shy {
        greets: 6,
        closes: false,
    };
    let stages = ["100ms: clients=4..8", "900ms"];
    let flags = staged(
        &stages,
        "--protocol raw --await welcome --entry-timeout 300ms",
    );
    let run = against(&room::open(shy, Door::OPEN), &flags).broken([0; 4]);
    assert_eq!(moved(&run, 0), [2, 0, 2], "{run:#?}");
    let told = run.at("stages.0.crowd.first_failure").as_str().unwrap();
    assert!(
        told.contains("after 300ms, and got nothing at all"),
        "{told}"
    );
}

#[test]
fn who_is_disconnected_does_not_go_once_more() {
    let relay = once(COMER, 30, |room, batch| {
        room.close(COMER, 4001);
        batch.clear();
    });
    let run = crowd(&relay.start(), "").broken([0, 0, 0, 1]);
    assert_eq!(moved(&run, 3), [0, 3, 0]);
    assert!(run.message("missed") > 0, "{run:#?}");
    assert_eq!(counts(&run, "missing"), [0; 5]);
}
