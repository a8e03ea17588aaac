//! The most clients at a rate.

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
