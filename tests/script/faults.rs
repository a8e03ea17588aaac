//! What the fake Redis does beside the script, and when it goes wrong: as a real one would.

use crate::redis::{Client, Failure, FakeRedis, Memory, Settings, Store};
use crate::subject::{Answer, Fake, Subject, command};
use crate::{SOURCE, synced};

/// A fake that has greeted, and has one entry.
fn greeted() -> Fake {
    let mut fake = Fake::new(synced());
    assert!(matches!(fake.ask(&["HELLO", "3"]), Answer::List(_)));
    fake.ask(&["XADD", "stream", "1-1", "key", "value"]);
    fake
}

fn length(fake: &mut Fake) -> Answer {
    fake.ask(&["XLEN", "stream"])
}

fn entries(count: u64) -> Answer {
    Answer::Text(count.to_string())
}

fn is_refused(answer: &Answer, word: &str) -> bool {
    matches!(answer, Answer::Error(text) if text.starts_with(word))
}

fn said(redis: &mut FakeRedis, client: Client) -> String {
    String::from_utf8(redis.take(client, usize::MAX)).unwrap()
}

fn run_id(fake: &mut Fake) -> Answer {
    fake.ask(&["INFO", "server"])
}

#[test]
fn nobody_is_answered_without_the_password() {
    let mut fake = Fake::new(Settings {
        password: Some("secret".to_owned()),
        ..synced()
    });
    assert!(is_refused(&fake.ask(&["PING"]), "NOAUTH"));
    let wrong = fake.ask(&["HELLO", "3", "AUTH", "default", "wrong"]);
    assert!(is_refused(&wrong, "WRONGPASS"));
    fake.ask(&["HELLO", "3", "AUTH", "default", "secret", "SETNAME", "x"]);
    assert_eq!(fake.ask(&["PING"]), Answer::Text("PONG".to_owned()));
}

#[test]
fn a_reader_waits_for_the_next_entry_and_not_for_ever() {
    let mut fake = greeted();
    let reader = fake.redis.connect().unwrap();
    let read = command(&["XREAD", "BLOCK", "500", "STREAMS", "stream", "1-1"]);
    fake.redis.feed(reader, &read);
    assert_eq!(said(&mut fake.redis, reader), "");
    assert!(fake.redis.due().is_some());
    fake.ask(&["XADD", "stream", "1-*", "key", "value"]);
    let answer =
        "%1\r\n$6\r\nstream\r\n*1\r\n*2\r\n$3\r\n1-2\r\n*2\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";
    assert_eq!(said(&mut fake.redis, reader), answer);
    let read = command(&["XREAD", "BLOCK", "500", "STREAMS", "stream", "1-2"]);
    fake.redis.feed(reader, &read);
    fake.wait(499, "");
    assert_eq!(said(&mut fake.redis, reader), "");
    fake.wait(1, "");
    assert_eq!(said(&mut fake.redis, reader), "_\r\n");
    assert_eq!(fake.redis.due(), None);
}

#[test]
fn a_reader_that_is_ahead_of_the_stream_is_told_nothing() {
    let mut fake = greeted();
    let reader = fake.redis.connect().unwrap();
    let read = command(&["XREAD", "BLOCK", "0", "STREAMS", "stream", "9-9"]);
    fake.redis.feed(reader, &read);
    fake.ask(&["XADD", "stream", "1-*", "key", "value"]);
    assert_eq!(said(&mut fake.redis, reader), "");
}

#[test]
fn a_crash_ends_all_connections_and_the_next_run_has_what_it_is_given() {
    let mut fake = greeted();
    let (moment, before) = (fake.redis.moment(), run_id(&mut fake));
    fake.ask(&["XADD", "stream", "1-*", "key", "value"]);
    let other = fake.redis.connect().unwrap();
    fake.redis.crash();
    assert!(fake.redis.is_over(other));
    assert_eq!(fake.redis.connect(), None);
    fake.redis.restart(Memory::Whole, false);
    fake.reconnect();
    assert_eq!(length(&mut fake), entries(2));
    assert_ne!(run_id(&mut fake), before);
    for (memory, count) in [(moment, 1), (Store::default(), 0)] {
        fake.redis.crash();
        fake.redis.restart(Memory::Former(memory), false);
        fake.reconnect();
        assert_eq!(length(&mut fake), entries(count));
    }
}

#[test]
fn a_replica_that_takes_its_place_says_so() {
    let mut fake = greeted();
    let moment = fake.redis.moment();
    fake.ask(&["XADD", "stream", "1-*", "key", "value"]);
    let told = |fake: &mut Fake| match fake.ask(&["INFO", "replication"]) {
        Answer::Text(text) => text.contains(&format!("master_replid2:{:040}", 0)),
        other => panic!("{other:?}"),
    };
    assert!(told(&mut fake));
    fake.redis.fail_over(moment);
    fake.reconnect();
    assert!(!told(&mut fake));
    assert_eq!(length(&mut fake), entries(1));
}

#[test]
fn one_that_loads_greets_and_does_nothing_else() {
    let mut fake = greeted();
    fake.redis.crash();
    fake.redis.restart(Memory::Whole, true);
    fake.reconnect();
    assert!(matches!(fake.ask(&["HELLO", "3"]), Answer::List(_)));
    assert!(matches!(run_id(&mut fake), Answer::Text(_)));
    for refused in [["PING", ""], ["XLEN", "stream"], ["SCRIPT", "FLUSH"]] {
        assert!(is_refused(&fake.ask(&refused), "LOADING"));
    }
    fake.redis.load();
    assert_eq!(length(&mut fake), entries(1));
}

#[test]
fn a_script_is_known_until_it_is_forgotten() {
    let mut fake = greeted();
    let call = |digest| {
        [
            "EVALSHA", digest, "2", "j", "n", "hello", "0", "r", "10", "",
        ]
    };
    let Answer::Text(digest) = fake.ask(&["SCRIPT", "LOAD", SOURCE]) else {
        panic!("it is loaded");
    };
    assert_eq!(fake.ask(&call(&digest)).texts()[0], "ok");
    assert!(is_refused(&fake.ask(&call("0123")), "NOSCRIPT"));
    fake.redis.flush_scripts();
    assert!(is_refused(&fake.ask(&call(&digest)), "NOSCRIPT"));
}

#[test]
fn all_keys_go_at_once_and_the_run_stays() {
    let mut fake = greeted();
    let before = run_id(&mut fake);
    fake.redis.flush_all();
    assert_eq!(length(&mut fake), entries(0));
    assert_eq!(run_id(&mut fake), before);
}

#[test]
fn one_that_stands_still_answers_once_it_goes_on() {
    let mut fake = greeted();
    let other = fake.redis.connect().unwrap();
    fake.redis.stall(true);
    fake.redis.feed(other, &command(&["PING"]));
    fake.wait(60_000, "");
    assert_eq!(said(&mut fake.redis, other), "");
    fake.redis.stall(false);
    assert_eq!(said(&mut fake.redis, other), "+PONG\r\n");
}

#[test]
fn what_is_refused_is_refused_by_the_word() {
    let mut fake = greeted();
    let write = ["XADD", "stream", "1-*", "key", "value"];
    for (refusal, word, refuses_reading) in [
        (Failure::Busy, "BUSY", true),
        (Failure::Misconf, "MISCONF", false),
        (Failure::NoReplicas, "NOREPLICAS", false),
        (Failure::Oom, "OOM", false),
        (Failure::ReadOnly, "READONLY", false),
    ] {
        fake.redis.refuse(Some(refusal));
        assert!(is_refused(&fake.ask(&write), word));
        assert_eq!(is_refused(&length(&mut fake), word), refuses_reading);
    }
    fake.redis.refuse(None);
    assert_eq!(length(&mut fake), entries(1));
}

#[test]
fn a_connection_that_is_cut_has_had_done_what_it_asked_whole() {
    let mut fake = greeted();
    let other = fake.redis.connect().unwrap();
    let write = command(&["XADD", "stream", "1-*", "key", "value"]);
    fake.redis.cut(other, 2);
    let (half, rest) = write.split_at(9);
    fake.redis.feed(other, half);
    assert_eq!(length(&mut fake), entries(1));
    fake.redis.feed(other, rest);
    assert_eq!(length(&mut fake), entries(2));
    assert_eq!(said(&mut fake.redis, other), "$3");
    assert!(fake.redis.is_over(other));
    let third = fake.redis.connect().unwrap();
    fake.redis.feed(third, half);
    fake.redis.end(third);
    fake.redis.feed(third, rest);
    assert_eq!(length(&mut fake), entries(2));
}

#[test]
fn what_is_no_command_ends_its_connection_only() {
    let mut fake = greeted();
    let other = fake.redis.connect().unwrap();
    fake.redis.feed(other, b":1\r\n");
    assert!(said(&mut fake.redis, other).starts_with("-ERR Protocol"));
    assert!(fake.redis.is_over(other));
    assert_eq!(length(&mut fake), entries(1));
}

#[test]
fn parts_of_a_snapshot_are_kept_for_as_long_as_they_are_to() {
    let mut fake = greeted();
    fake.ask(&["SET", "part", "on", "PX", "1000"]);
    fake.ask(&["APPEND", "part", "e"]);
    assert_eq!(fake.ask(&["GET", "part"]), Answer::Text("one".to_owned()));
    fake.ask(&["PEXPIRE", "part", "2000"]);
    fake.wait(1999, "");
    assert_eq!(fake.ask(&["EXISTS", "part"]), entries(1));
    fake.wait(1, "");
    assert_eq!(fake.ask(&["GET", "part"]), Answer::Nil);
}

#[test]
fn what_it_is_worth_is_told() {
    let mut fake = greeted();
    let asked = [
        "CONFIG",
        "GET",
        "appendonly",
        "appendfsync",
        "maxmemory-policy",
    ];
    let answer = fake.ask(&asked).texts();
    for pair in [["appendonly", "yes"], ["appendfsync", "always"]] {
        assert!(answer.windows(2).any(|told| told == pair), "{answer:?}");
    }
    let mut reticent = Fake::new(Settings {
        is_reticent: true,
        ..synced()
    });
    assert!(is_refused(&reticent.ask(&asked), "NOPERM"));
    let facts = fake.ask(&["XINFO", "STREAM", "stream"]);
    assert!(
        matches!(facts, Answer::List(facts) if facts.contains(&Answer::Text("1-1".to_owned())))
    );
}
