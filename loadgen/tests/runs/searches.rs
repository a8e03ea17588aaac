//! The most clients at a rate, and what a search says that found nothing.

use serde_json::Value;

use crate::common::{
    Run, against, refusal,
    relay::Relay,
    room::{self, Door},
    words,
};

/// A search that begins with so many clients and ends with so many.
fn search(url: &str, clients: &str, most: &str) -> Run {
    let flags = words(
        "search --slo messages.lost<1 --slo p99<10s --rate 200 --warmup 20ms --duration 100ms --settle 300ms",
    );
    let clients = ["--clients", clients, "--clients-up-to", most];
    against(url, &[&flags[..], &clients].concat())
}

/// Whether a busy machine spoiled no step with so many clients or fewer, all of which should hold. A late step may.
fn is_undisturbed(run: &Run, most: u64) -> bool {
    let steps = run.at("steps").as_array().unwrap().iter();
    let mut within = steps.filter(|step| step["clients"].as_u64().unwrap() <= most);
    within.all(|step| step["held"] == true)
}

/// Whether it says so, unless it calls itself not valid.
fn says(run: &Run, told: &str) -> bool {
    run.code == Some(3) || run.table.contains(told)
}

#[test]
fn the_most_clients_are_those_beyond_whom_messages_are_lost() {
    // A step's sender is the first of its clients.
    let relay = Relay::with(|_, to, batch| batch.retain(|said| to < said.from + 20));
    let run = search(&relay.start(), "4", "1000");
    for step in run.at("steps").as_array().unwrap() {
        let too_many = step["clients"].as_u64().unwrap() > 20;
        assert_eq!(step["lost"].as_u64().unwrap() > 0, too_many, "{step:#}");
        assert_eq!(step["rate"], Value::Null);
    }
    if is_undisturbed(&run, 20) {
        let run = run.good();
        assert_eq!(run.count("best.clients"), 20, "{run:#?}");
        assert_eq!(run.count("config.clients"), 4);
        let told = "20 clients are the most at which messages.lost<1 and p99<10s holds and nothing \
                    is lost at 200 messages a second";
        assert!(says(&run, told), "{}", run.table);
    }
}

#[test]
fn no_more_clients_are_tried_than_the_user_allows() {
    let run = search(&Relay::right().start(), "4", "11");
    let steps = run.at("steps").as_array().unwrap().iter();
    let mut tried: Vec<u64> = steps
        .map(|step| step["clients"].as_u64().unwrap())
        .collect();
    tried.dedup();
    if is_undisturbed(&run, 11) {
        assert_eq!(tried, [4, 8, 11]);
        let run = run.good();
        let told = "11 clients are as many as --clients-up-to allows";
        assert!(says(&run, told), "{}", run.table);
    }
}

#[test]
fn whom_the_server_turns_away_is_too_many() {
    // Four, eight, and not quite as many more.
    let door = Door {
        seats: 20,
        refusal: b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n",
    };
    let run = search(&room::open(Relay::right(), door), "4", "100");
    if is_undisturbed(&run, 8) {
        let run = run.good();
        assert_eq!(run.count("best.clients"), 8, "{run:#?}");
        let reason = run.at("turned_away").as_str().unwrap();
        assert!(reason.contains("503"), "{reason}");
        assert!(says(&run, "; with more, "), "{}", run.table);
    }
}

#[test]
fn no_clients_are_too_few_for_the_flags() {
    let told = refusal(&words(
        "search --publishers 4 --clients 3 --clients-up-to 8",
    ));
    assert!(told.contains("--publishers (4)"), "{told}");
    let told = refusal(&words("search --clients 2 --clients-up-to 100000"));
    assert!(told.contains("--source-ips 4"), "{told}");
}

#[test]
fn what_went_wrong_is_told_of_the_lowest_rate_at_which_anything_came() {
    // Of fewer messages nothing is left.
    let relay = Relay::with(|_, _, batch| batch.retain(|said| said.turn >= 2));
    let flags = words("search --rate 8 --warmup 0s --duration 500ms --settle 100ms --slo p99<10s");
    let run = against(&relay.start(), &flags);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = "FAILED: not even the lowest rate held: at 8 messages a second not every client got every message once and \
                in order (10 lost)";
    assert!(run.table.contains(told), "{}", run.table);
}

#[test]
fn a_server_that_is_gone_after_it_failed_is_told_with_how_it_failed() {
    let relay = Relay::with(|room, _, batch| {
        if batch[0].number == 20 {
            room.fall(0);
        }
    });
    let flags = words("search --rate 100 --duration 300ms --settle 300ms --slo p99<10s");
    let run = against(&relay.start(), &flags);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = "BROKEN: not every client got every message once and in order (5 disconnected \
                without being slow); see the server's log; after that, cannot connect to ";
    assert!(run.table.contains(told), "{}", run.table);
}
