//! Several nodes of one hub: clients are spread over them, and all are judged together.

use std::{
    collections::BTreeSet,
    mem,
    net::TcpListener,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use hubbub::{
    system::reactor::Reactor,
    vocabulary::{
        address::Address,
        config::{Config, HistoryBounds},
    },
};

use crate::common::{
    Run, against_all, loadgen, refused_by,
    relay::{Relay, Said},
    room::Room,
    words,
};

/// The message, counted from 0, at which a fault happens.
const FAULTY: usize = 3;
/// All messages of a small load, and what becomes of them at four clients.
const SENT: u64 = 40;
const DELIVERED: u64 = 4 * SENT;

/// A run of four clients, two of which publish, against a relay of two nodes.
fn at_two(relay: Relay) -> Run {
    let urls: [String; 2] = relay.start_nodes();
    against_all(&urls, &words("--clients 4 --publishers 2"))
}

/// A relay that does something wrong with one message, by its place in a frame, to everyone at the second node.
fn wrong_at_the_second(mut wrong: impl FnMut(&mut Vec<Said>, usize) + Send + 'static) -> Relay {
    Relay::with(move |room, to, batch| {
        let faulty = batch.iter().position(|said| said.number == FAULTY);
        if let (1, Some(at)) = (room.node(to), faulty) {
            wrong(batch, at);
        }
    })
}

#[test]
fn clients_go_to_the_nodes_in_turn_and_get_everything_at_all_of_them() {
    let nodes = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&nodes);
    let run = at_two(Relay::with(move |room: &mut Room, to, _| {
        seen.lock().unwrap().insert((to, room.node(to)));
    }))
    .good();
    assert_eq!(run.message("delivered"), DELIVERED);
    let at_each = [0, 1].map(|node| {
        let nodes = nodes.lock().unwrap();
        nodes.iter().filter(|(_, at)| *at == node).count()
    });
    assert_eq!(at_each, [2, 2]);
    assert_eq!(run.at("config.urls").as_array().unwrap().len(), 2);
    assert!(run.at("config.url").is_null());
    assert!(run.table.contains("4 clients at 2 nodes"), "{}", run.table);
}

#[test]
fn latency_is_told_apart_by_whether_sender_and_receiver_share_a_node() {
    let run = at_two(Relay::right()).good();
    for figure in ["own_latency_us", "other_latency_us"] {
        assert!(run.figure(&format!("nodes.{figure}.p99")) > 0.0, "{run:#?}");
    }
    for row in ["latency at the sender's node", "latency at other nodes"] {
        assert!(run.table.contains(row), "{}", run.table);
    }
    let alone: [String; 1] = Relay::right().start_nodes();
    assert!(against_all(&alone, &[]).good().at("nodes").is_null());
}

#[test]
fn what_comes_late_from_another_node_shows_there_alone() {
    // What one node says to the other is held back for as long as it takes to say the next.
    let mut held: Vec<(usize, Said)> = Vec::new();
    let relay = Relay::with(move |room, to, batch| {
        let (near, far): (Vec<Said>, Vec<Said>) = mem::take(batch)
            .into_iter()
            .partition(|said| room.node(said.from) == room.node(to));
        let (ours, others) = mem::take(&mut held)
            .into_iter()
            .partition(|(at, _)| *at == to);
        held = others;
        let ours: Vec<(usize, Said)> = ours;
        batch.extend(ours.into_iter().map(|(_, said)| said));
        batch.extend(near);
        held.extend(far.into_iter().map(|said| (to, said)));
    });
    // One publishes, at the first node; the last of its messages never comes to the second.
    let urls: [String; 2] = relay.start_nodes();
    let run = against_all(&urls, &words("--clients 4 --settle 100ms")).broken([2, 0, 0, 0]);
    let [own, other] =
        ["own", "other"].map(|node| run.figure(&format!("nodes.{node}_latency_us.p50")));
    // A message is due every 10 ms.
    assert!(other >= 9_000.0 && own < other, "{own} {other}");
}

#[test]
fn what_is_lost_doubled_or_reordered_at_another_node_is_found() {
    let lost = wrong_at_the_second(|batch, at| drop(batch.remove(at)));
    at_two(lost).broken([2, 0, 0, 0]);
    let doubled = wrong_at_the_second(|batch, at| batch.insert(at, batch[at].clone()));
    let run = at_two(doubled).broken([0, 2, 0, 0]);
    assert_eq!(run.message("delivered"), DELIVERED);
    let swapped = wrong_at_the_second(|batch, at| {
        let from = batch[at].from;
        let same = |said: &Said| said.from == from;
        let after = at + 1 + batch[at + 1..].iter().position(same).expect("it goes on");
        batch.swap(at, after);
    });
    let run = at_two(swapped.in_batches_of(20));
    assert_eq!((run.code, run.message("lost")), (Some(1), 0), "{run:#?}");
    assert!(run.message("reordered") >= 2, "{run:#?}");
}

#[test]
fn an_order_that_differs_from_node_to_node_is_found() {
    for threads in ["1", "4"] {
        let relay = wrong_at_the_second(|batch, at| {
            let other = |said: &Said| said.from != batch[at].from;
            let after = at + 1 + batch[at + 1..].iter().position(other).expect("two publish");
            let overtaking = batch.remove(after);
            batch.insert(at, overtaking);
        });
        let urls: [String; 2] = relay.in_batches_of(20).start_nodes();
        let flags = ["--clients", "4", "--publishers", "2", "--threads", threads];
        let run = against_all(&urls, &flags).broken([0; 4]);
        assert!(run.message("disordered") > 0, "{run:#?}");
    }
}

#[test]
fn a_node_that_lets_nobody_in_is_named() {
    let [one]: [String; 1] = Relay::right().start_nodes();
    let (_, told) = refused_by(&mut loadgen(&[
        "--url",
        &one,
        "--url",
        "ws://127.0.0.1:1/relay",
    ]));
    assert!(told.contains("ws://127.0.0.1:1/relay"), "{told}");
}

#[test]
fn who_came_in_at_one_node_is_not_said_to_be_at_another() {
    let [one]: [String; 1] = Relay::right().start_nodes();
    // The system takes in the connections of a listener that does not.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = format!("ws://{}/relay", listener.local_addr().unwrap());
    let flags = ["--url", &one, "--url", &deaf, "--entry-timeout", "500ms"];
    let (_, told) = refused_by(&mut loadgen(&[&["--clients", "4"], &flags[..]].concat()));
    let words = format!(
        "only 2 of 4 clients could connect, and none in the last 500ms: client 1 at {deaf} waits for"
    );
    assert!(told.contains(&words), "{told}");
}

/// A Hubbub that listens twice, which lasts as long as the tests; its two hosts and ports.
pub(crate) fn listening_twice() -> Vec<String> {
    let (listening, places) = mpsc::channel();
    thread::spawn(move || {
        let reactor = Reactor::bind(Config {
            addrs: vec![Address::loopback(0); 2],
            // Nobody outruns it.
            history: HistoryBounds {
                messages: 10_000,
                bytes: 16 << 20,
                ..HistoryBounds::default()
            },
            ..Config::default()
        })
        .unwrap();
        let urls = reactor.places().iter().map(|place| place.url.clone());
        listening.send(urls.collect::<Vec<_>>()).unwrap();
        reactor.run()
    });
    let urls = places.recv().unwrap();
    urls.iter()
        .map(|url| url.replace("http://", "ws://"))
        .collect()
}

#[test]
fn every_mode_works_with_several_nodes() {
    let places = listening_twice();
    let own = std::process::id().to_string();
    for mode in [
        "fanout",
        "fanout --protocol chat --channels 2 --threads 2",
        "saturate",
        "search --rate 50 --duration 100ms --warmup 50ms --slo p99<1us",
        "idle --ping",
        "connect",
    ] {
        let endpoint = if mode.contains("chat") {
            "/ws"
        } else {
            "/relay"
        };
        let urls: Vec<String> = places
            .iter()
            .map(|url| format!("{url}{endpoint}"))
            .collect();
        // The process of both is this one, and counts once.
        let pids = ["--server-pid", &own, "--server-pid", &own];
        let run = against_all(&urls, &[&words(mode)[..], &pids].concat());
        assert!(run.figure("server.rss_bytes_start") > 0.0, "{run:#?}");
        if !mode.starts_with("search") {
            run.good();
        }
    }
}
