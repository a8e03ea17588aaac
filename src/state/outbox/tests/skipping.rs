//! What one who lags goes without, and what it is told.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use super::{Seen, Sink, seen};
use crate::{
    state::{
        batch::{Form, OpenBatch, Run, Slice},
        outbox::{Outbox, Pending},
        seal::{Gap, Origin, Seal, Source},
    },
    vocabulary::{
        chat::GapReason,
        coding::Coding,
        config::{FRAME_BYTES_MAX, Slow},
        frame::Kind,
    },
};

const SECOND: Duration = Duration::from_secs(1);
const MOST: usize = 16 << 10;

fn source(channel: &str) -> Rc<Source> {
    Rc::new(Source {
        channel: channel.into(),
        epoch: 7,
    })
}

/// Messages of a channel of the chat, with these numbers.
fn said(source: &Rc<Source>, first: u64, count: u64, bytes: usize, at: Duration) -> Slice {
    let mut batch = OpenBatch::default();
    for number in first..first + count {
        let message = format!("{} {number} {}", source.channel, "x".repeat(bytes));
        batch.push(Kind::Text, message.as_bytes());
    }
    let origin = Some(Origin::Chat {
        source: Rc::clone(source),
        first,
    });
    Slice::whole(Rc::new(batch.encode(Form::Joined, Seal { at, origin })))
}

/// What is for one alone.
fn told(words: &str, origin: Option<Origin>) -> Slice {
    let at = Duration::ZERO;
    let run = Run::alone(
        Kind::Text,
        words.as_bytes(),
        Form::Joined,
        Seal { at, origin },
    );
    Slice::whole(Rc::new(run))
}

fn trimmed(source: &Rc<Source>, from: u64, to: u64) -> Slice {
    let gap = Gap {
        source: Rc::clone(source),
        from,
        to,
        reason: GapReason::Trimmed,
    };
    Slice::whole(Rc::new(Run::gap(gap, Duration::ZERO)))
}

fn relayed(words: &[&str], at: Duration) -> Slice {
    let mut batch = OpenBatch::default();
    for word in words {
        batch.push(Kind::Text, word.as_bytes());
    }
    let origin = Some(Origin::Relay { channel: 1 });
    Slice::whole(Rc::new(batch.encode(Form::Joined, Seal { at, origin })))
}

/// All lines that wait, or that leave from now on.
fn lines(outbox: &mut Outbox) -> Vec<String> {
    let mut sink = Sink::with_room(usize::MAX);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    heard(&sink.taken)
}

fn heard(bytes: &[u8]) -> Vec<String> {
    let frames = seen(bytes).into_iter();
    frames
        .flat_map(|frame| match frame {
            Seen::Text(lines) => {
                let bytes = lines.iter().map(|line| line.len() + 1).sum::<usize>() - 1;
                assert!(lines.len() == 1 || bytes <= FRAME_BYTES_MAX);
                lines
            }
            other => panic!("nobody said {other:?}"),
        })
        .collect()
}

fn gap(channel: &str, from: u64, to: u64, reason: &str) -> String {
    format!(
        r#"{{"action":"gap","channel":"{channel}","epoch":7,"from":{from},"to":{to},"reason":"{reason}"}}"#
    )
}

/// Skips all that is older than a second.
fn skip_old(outbox: &mut Outbox) -> usize {
    outbox.skip(Slow::Gap, usize::MAX, SECOND)
}

#[test]
fn the_oldest_go_until_a_quarter_of_the_bytes_is_left_and_a_gap_stands_in_their_place() {
    let tea = source("tea");
    let mut outbox = Outbox::default();
    outbox.push(told("before", None));
    for number in 1..=20 {
        outbox.push(said(&tea, number, 1, 1000, SECOND));
    }
    outbox.push(told("after", None));
    assert!(outbox.exceeds(MOST));
    let skipped = outbox.skip(Slow::Gap, MOST, Duration::ZERO);
    assert!(outbox.unsent_bytes() <= MOST / 4 && outbox.unsent_bytes() > MOST / 4 - 1100);
    let lines = lines(&mut outbox);
    assert_eq!(
        lines[..2],
        ["before", &gap("tea", 1, skipped as u64, "slow")]
    );
    assert!(lines[2].starts_with(&format!("tea {} ", skipped + 1)));
    assert_eq!(lines.last().unwrap(), "after");
    assert_eq!(lines.len(), 3 + 20 - skipped);
}

#[test]
fn what_has_waited_for_too_long_goes_and_the_rest_stays() {
    let tea = source("tea");
    let mut outbox = Outbox::default();
    outbox.push(said(&tea, 1, 3, 1, Duration::ZERO));
    outbox.push(said(&tea, 4, 1, 1, SECOND));
    assert_eq!(outbox.oldest(Slow::Gap), Some(Duration::ZERO));
    assert_eq!(skip_old(&mut outbox), 3);
    assert_eq!(outbox.oldest(Slow::Gap), Some(SECOND));
    assert_eq!(lines(&mut outbox), [&gap("tea", 1, 3, "slow"), "tea 4 x"]);
}

#[test]
fn a_frame_that_has_begun_is_finished_and_nothing_of_it_is_skipped() {
    let tea = source("tea");
    let mut outbox = Outbox::default();
    outbox.push(said(&tea, 1, 3, 1, Duration::ZERO));
    let mut sink = Sink::with_room(5);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    outbox.push(said(&tea, 4, 2, 1, Duration::ZERO));
    assert_eq!(skip_old(&mut outbox), 2);
    assert_eq!(skip_old(&mut outbox), 0);
    sink.room = usize::MAX;
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    let expected = ["tea 1 x", "tea 2 x", "tea 3 x", &gap("tea", 4, 5, "slow")];
    assert_eq!(heard(&sink.taken), expected);
}

#[test]
fn a_gap_grows_by_what_is_adjacent_and_says_slow_where_anything_of_it_was() {
    let [tea, cake] = ["tea", "cake"].map(source);
    let mut outbox = Outbox::default();
    outbox.push(trimmed(&tea, 1, 2));
    outbox.push(trimmed(&tea, 3, 4));
    outbox.push(said(&cake, 1, 1, 1, Duration::ZERO));
    outbox.push(told("answer", None));
    outbox.push(said(&tea, 5, 1, 1, Duration::ZERO));
    outbox.push(said(&cake, 2, 1, 1, Duration::ZERO));
    outbox.push(trimmed(&cake, 3, 3));
    assert_eq!(skip_old(&mut outbox), 3);
    let expected = [
        &gap("tea", 1, 5, "slow"),
        &gap("cake", 1, 3, "slow"),
        "answer",
    ];
    assert_eq!(lines(&mut outbox), expected);
    outbox.push(trimmed(&tea, 6, 6));
    outbox.push(trimmed(&tea, 7, 9));
    assert_eq!(lines(&mut outbox), [gap("tea", 6, 9, "trimmed")]);
}

#[test]
fn what_stands_between_two_gaps_of_a_channel_is_skipped_and_counted() {
    let tea = source("tea");
    let mut outbox = Outbox::default();
    outbox.push(trimmed(&tea, 1, 2));
    outbox.push(said(&tea, 3, 2, 1, SECOND));
    outbox.push(trimmed(&tea, 5, 6));
    let mut sink = Sink::with_room(usize::MAX);
    assert_eq!(outbox.flush(&mut sink, Coding::Plain).unwrap().skipped, 2);
    assert_eq!(heard(&sink.taken), [gap("tea", 1, 6, "slow")]);
}

#[test]
fn no_gap_grows_across_the_membership_that_it_belongs_to() {
    let tea = source("tea");
    let mut outbox = Outbox::default();
    outbox.push(said(&tea, 1, 2, 1, Duration::ZERO));
    outbox.push(told("joined", Some(Origin::Membership(Rc::clone(&tea)))));
    outbox.push(said(&tea, 3, 2, 1, Duration::ZERO));
    assert_eq!(skip_old(&mut outbox), 4);
    let expected = [
        &gap("tea", 1, 2, "slow"),
        "joined",
        &gap("tea", 3, 4, "slow"),
    ];
    assert_eq!(lines(&mut outbox), expected);
}

#[test]
fn nothing_is_told_of_what_a_relay_skips() {
    let mut outbox = Outbox::default();
    outbox.push(relayed(&["old", "old"], Duration::ZERO));
    outbox.push(relayed(&["new"], SECOND));
    assert_eq!(skip_old(&mut outbox), 2);
    assert_eq!(lines(&mut outbox), ["new"]);
    outbox.push(relayed(&["old"], Duration::ZERO));
    assert_eq!(skip_old(&mut outbox), 1);
    assert!(outbox.is_empty());
}

#[test]
fn the_latest_of_a_relay_is_one_message_however_old_it_is() {
    let mut outbox = Outbox::default();
    outbox.push(relayed(&["1", "2"], Duration::ZERO));
    outbox.push(relayed(&["3", "4"], Duration::ZERO));
    assert_eq!(outbox.oldest(Slow::Latest), Some(Duration::ZERO));
    assert_eq!(outbox.skip(Slow::Latest, MOST, SECOND), 3);
    assert_eq!(outbox.oldest(Slow::Latest), None);
    assert_eq!(lines(&mut outbox), ["4"]);
}

#[test]
fn what_may_not_be_skipped_is_never_skipped_and_does_not_lag_under_a_gap() {
    let mut outbox = Outbox::default();
    for _ in 0..100 {
        outbox.push(told("answer", None));
    }
    assert_eq!(outbox.oldest(Slow::Close), Some(Duration::ZERO));
    assert_eq!(outbox.oldest(Slow::Gap), None);
    assert_eq!(outbox.skip(Slow::Gap, MOST, SECOND), 0);
    assert!(outbox.exceeds(MOST));
    assert_eq!(lines(&mut outbox), ["answer"; 100]);
}

/// What is to be heard of one channel: numbers, in order, between the answers that begin a membership.
#[derive(Clone, Debug, PartialEq)]
enum Owed {
    Number(u64),
    Membership,
}

#[test]
fn whatever_is_skipped_when_every_number_is_heard_or_told_once_and_in_order() {
    for seed in 0..200 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let sources = ["tea", "cake", "pie"].map(source);
        let mut next = [1; 3];
        let mut owed = BTreeMap::<String, Vec<Owed>>::new();
        let mut said_lines = Vec::new();
        let mut outbox = Outbox::default();
        let mut sink = Sink::with_room(0);
        let mut skipped = 0;
        let mut trimmed_numbers = 0;
        for turn in 0..chance.u32(1..60) {
            let at = SECOND * turn;
            let which = chance.usize(0..3);
            let (source, next) = (&sources[which], &mut next[which]);
            let count = chance.u64(1..8);
            let numbers = (*next..*next + count).map(Owed::Number);
            let of_channel = owed.entry(source.channel.to_string()).or_default();
            match chance.u8(0..10) {
                0 => {
                    let answer = format!("answer {turn}");
                    outbox.push(told(&answer, None));
                    said_lines.push(answer);
                }
                1 => {
                    *next += chance.u64(0..3);
                    let answer = format!("{} joined {turn}", source.channel);
                    let origin = Origin::Membership(Rc::clone(source));
                    outbox.push(told(&answer, Some(origin)));
                    of_channel.push(Owed::Membership);
                    said_lines.push(answer);
                }
                2 => {
                    outbox.push(trimmed(source, *next, *next + count - 1));
                    of_channel.extend(numbers);
                    *next += count;
                    trimmed_numbers += count;
                }
                _ => {
                    let bytes = match chance.u8(0..20) {
                        0 => chance.usize(0..20_000),
                        _ => chance.usize(0..300),
                    };
                    let slice = said(source, *next, count, bytes, at);
                    let bodies = (0..slice.to).map(|message| slice.run.body(message).to_vec());
                    said_lines.extend(bodies.map(|body| String::from_utf8(body).unwrap()));
                    outbox.push(slice);
                    of_channel.extend(numbers);
                    *next += count;
                }
            }
            if chance.u8(0..3) == 0 {
                let sealed_before = SECOND * chance.u32(0..=turn);
                let most = if chance.bool() { MOST } else { usize::MAX };
                skipped += outbox.skip(Slow::Gap, most, sealed_before);
            }
            assert_at_most_one_gap_of_a_membership(&outbox, seed);
            if chance.u8(0..3) == 0 {
                sink.room = chance.usize(0..5000);
                sink.gulp = chance.usize(1..5000);
                skipped += outbox.flush(&mut sink, Coding::Plain).unwrap().skipped;
            }
        }
        sink.room = usize::MAX;
        skipped += outbox.flush(&mut sink, Coding::Plain).unwrap().skipped;
        assert!(outbox.is_empty(), "seed {seed}");
        let lines = heard(&sink.taken);
        let mut rest = said_lines.iter();
        for line in lines.iter().filter(|line| !line.starts_with('{')) {
            assert!(rest.any(|said| said == line), "seed {seed}: {line}");
        }
        let (heard_of, told_numbers) = heard_of(&lines);
        owed.retain(|_, numbers| !numbers.is_empty());
        assert_eq!(heard_of, owed, "seed {seed}");
        assert_eq!(
            told_numbers,
            trimmed_numbers + skipped as u64,
            "seed {seed}"
        );
        let answers = |lines: &[String]| {
            let answers = lines.iter().filter(|line| line.starts_with("answer"));
            answers.count()
        };
        assert_eq!(answers(&lines), answers(&said_lines), "seed {seed}");
    }
}

/// What was heard or told of each channel, and how many numbers were told to be missing.
fn heard_of(lines: &[String]) -> (BTreeMap<String, Vec<Owed>>, u64) {
    let mut heard = BTreeMap::<String, Vec<Owed>>::new();
    let mut missing = 0;
    for line in lines {
        if let Ok(gap) = serde_json::from_str::<Value>(line) {
            let [from, to] = ["from", "to"].map(|field| gap[field].as_u64().unwrap());
            let channel = gap["channel"].as_str().unwrap().to_owned();
            let numbers = (from..=to).map(Owed::Number);
            heard.entry(channel).or_default().extend(numbers);
            missing += to - from + 1;
            continue;
        }
        let (channel, words) = line.split_once(' ').unwrap();
        let number = words.split(' ').next().unwrap().parse();
        if channel != "answer" {
            let what = number.map_or(Owed::Membership, Owed::Number);
            heard.entry(channel.to_owned()).or_default().push(what);
        }
    }
    (heard, missing)
}

/// Insists that a channel has one gap of which no byte is out, as long as one is its member.
fn assert_at_most_one_gap_of_a_membership(outbox: &Outbox, seed: u64) {
    let Pending::Backlog(backlog) = &outbox.pending else {
        return;
    };
    let mut begun = backlog.begun.map_or(0, |begun| begun.messages);
    let mut open = Vec::new();
    for slice in &backlog.batches {
        let is_out = begun > 0;
        begun -= begun.min(slice.len());
        match &slice.run.seal().origin {
            _ if is_out => {}
            Some(Origin::Gap(gap)) => {
                assert!(!open.contains(&&gap.source), "seed {seed}");
                open.push(&gap.source);
            }
            Some(Origin::Membership(source)) => open.retain(|of| **of != *source),
            _ => {}
        }
    }
}
