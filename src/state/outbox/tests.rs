//! What leaves, in which frames, and in which order.

mod codings;
mod skipping;
mod wholeness;

use std::io::{Cursor as Bytewise, IoSlice};
use std::rc::Rc;

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::*;
use crate::{
    state::{
        batch::{Form, OpenBatch, Run},
        press::inflate::inflate,
        seal::Seal,
    },
    vocabulary::{
        coding::Coding,
        config::{FRAME_BYTES_MAX, OUTBOX_BATCHES_MAX},
        frame::{self, Kind, PING},
    },
};

/// A stream that takes as much as it is told to, then blocks.
#[derive(Default)]
struct Sink {
    taken: Vec<u8>,
    room: usize,
    writes: usize,
    /// The most that one write takes.
    gulp: usize,
}

impl Sink {
    fn with_room(room: usize) -> Self {
        Self {
            room,
            gulp: usize::MAX,
            ..Self::default()
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        let taken = bytes.len().min(self.room).min(self.gulp);
        if taken == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= taken;
        self.taken.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = slices
            .iter()
            .flat_map(|slice| slice.iter().copied())
            .collect();
        self.write(&bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, PartialEq)]
enum Seen {
    Text(Vec<String>),
    Binary(Vec<u8>),
    Ping,
    Close,
}

/// Reads whole frames, and insists that nothing is left over.
fn seen(bytes: &[u8]) -> Vec<Seen> {
    seen_by(Coding::Plain, bytes).0
}

/// The same for a peer of a coding; and how many of the frames were deflated.
fn seen_by(coding: Coding, bytes: &[u8]) -> (Vec<Seen>, usize) {
    let mut deflated = 0;
    let mut rest = bytes;
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let mut cursor = Bytewise::new(rest);
        let (header, len) = FrameHeader::parse(&mut cursor)
            .unwrap()
            .expect("a whole header");
        let start = usize::try_from(cursor.position()).unwrap();
        let payload;
        (payload, rest) = rest[start..].split_at(usize::try_from(len).unwrap());
        let inflated = header.rsv1.then(|| {
            deflated += 1;
            let Coding::Deflate(window) = coding else {
                panic!("deflated for one who has not agreed on it");
            };
            inflate(window.bits(), payload).expect("what was deflated for it")
        });
        let payload = inflated.as_deref().unwrap_or(payload);
        seen.push(match header.opcode {
            OpCode::Data(Data::Text) => {
                let text = std::str::from_utf8(payload).unwrap();
                Seen::Text(text.split('\n').map(str::to_owned).collect())
            }
            OpCode::Data(Data::Binary) => Seen::Binary(payload.to_vec()),
            OpCode::Control(Control::Ping) => Seen::Ping,
            OpCode::Control(Control::Close) => Seen::Close,
            other => panic!("nobody sends {other:?}"),
        });
    }
    (seen, deflated)
}

fn texts(words: &[&str], form: Form) -> Slice {
    let mut batch = OpenBatch::default();
    for word in words {
        batch.push(Kind::Text, word.as_bytes());
    }
    Slice::whole(Rc::new(batch.encode(form, Seal::default())))
}

fn text(words: &[&str]) -> Seen {
    Seen::Text(words.iter().map(|&word| word.to_owned()).collect())
}

#[test]
fn a_lone_batch_is_one_write_of_the_shared_bytes() {
    let mut outbox = Outbox::default();
    let mut sink = Sink::with_room(usize::MAX);
    let slice = texts(&["a", "b"], Form::Joined);
    let shared = slice.run.bytes(Coding::Plain).to_vec();
    outbox.push(slice);
    let flushed = outbox.flush(&mut sink, Coding::Plain).unwrap();
    assert_eq!((sink.writes, &sink.taken), (1, &shared));
    assert_eq!(
        (flushed.messages, flushed.frames, flushed.blocked),
        (2, 1, false)
    );
    assert!(outbox.is_empty());
}

#[test]
fn a_backlog_is_joined_into_fewer_fuller_frames() {
    let mut outbox = Outbox::default();
    for word in ["a", "b", "c"] {
        outbox.push(texts(&[word], Form::Joined));
        assert!(
            outbox
                .flush(&mut Sink::with_room(0), Coding::Plain)
                .unwrap()
                .blocked
        );
    }
    let mut sink = Sink::with_room(usize::MAX);
    let flushed = outbox.flush(&mut sink, Coding::Plain).unwrap();
    assert_eq!(seen(&sink.taken), [text(&["a", "b", "c"])]);
    assert_eq!((flushed.messages, flushed.frames, sink.writes), (3, 1, 1));
}

#[test]
fn single_messages_keep_frames_of_their_own_in_one_write() {
    let mut outbox = Outbox::default();
    outbox.push(texts(&["a", "b"], Form::Single));
    outbox.push(texts(&["c"], Form::Single));
    let mut sink = Sink::with_room(usize::MAX);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    assert_eq!(
        seen(&sink.taken),
        [text(&["a"]), text(&["b"]), text(&["c"])]
    );
    assert_eq!(sink.writes, 1);
}

#[test]
fn text_is_not_joined_across_a_binary_message_nor_with_an_echo() {
    let mut outbox = Outbox::default();
    let mut batch = OpenBatch::default();
    batch.push(Kind::Text, b"a");
    batch.push(Kind::Binary, b"\n");
    batch.push(Kind::Text, b"b");
    outbox.push(Slice::whole(Rc::new(
        batch.encode(Form::Joined, Seal::default()),
    )));
    outbox.push(Slice::whole(Rc::new(Run::alone(
        Kind::Text,
        b"echo",
        Form::Single,
        Seal::default(),
    ))));
    outbox.push(texts(&["c"], Form::Joined));
    let mut sink = Sink::with_room(usize::MAX);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    let expected = [
        text(&["a"]),
        Seen::Binary(b"\n".to_vec()),
        text(&["b"]),
        text(&["echo"]),
        text(&["c"]),
    ];
    assert_eq!(seen(&sink.taken), expected);
}

#[test]
fn joined_frames_hold_at_most_16_kib_unless_one_message_is_larger() {
    let mut outbox = Outbox::default();
    let half = "x".repeat(FRAME_BYTES_MAX / 2);
    let large = "y".repeat(FRAME_BYTES_MAX + 1);
    for word in [&half, &half, &half, &large, &half] {
        outbox.push(texts(&[word], Form::Joined));
    }
    let mut sink = Sink::with_room(usize::MAX);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    let sizes: Vec<_> = seen(&sink.taken)
        .iter()
        .map(|frame| match frame {
            Seen::Text(words) => words.iter().map(String::len).sum::<usize>(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        sizes,
        [half.len(), half.len(), half.len(), large.len(), half.len()]
    );
}

#[test]
fn a_control_frame_waits_for_the_frame_that_is_half_out_and_for_no_other() {
    let mut outbox = Outbox::default();
    outbox.push(texts(&["half"], Form::Joined));
    let mut sink = Sink::with_room(3);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    outbox.push(texts(&["next"], Form::Joined));
    outbox.stage(PING);
    sink.room = usize::MAX;
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    assert_eq!(
        seen(&sink.taken),
        [text(&["half"]), Seen::Ping, text(&["next"])]
    );
}

#[test]
fn the_close_frame_comes_last_and_an_abandoned_backlog_keeps_only_what_is_half_out() {
    let mut outbox = Outbox::default();
    outbox.push(texts(&["half", "out"], Form::Joined));
    let mut sink = Sink::with_room(3);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    outbox.push(texts(&["dropped"], Form::Joined));
    outbox.abandon();
    outbox.close(frame::close(4001, "slow"));
    outbox.stage(PING);
    sink.room = usize::MAX;
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    assert_eq!(
        seen(&sink.taken),
        [text(&["half", "out"]), Seen::Ping, Seen::Close]
    );
    assert_eq!(outbox.unsent_bytes(), 0);
}

#[test]
fn one_message_larger_than_what_may_wait_is_let_through_and_not_counted() {
    let mut outbox = Outbox::default();
    outbox.push(texts(&[&"x".repeat(1000)], Form::Joined));
    outbox
        .flush(&mut Sink::with_room(1), Coding::Plain)
        .unwrap();
    outbox.push(texts(&["y"], Form::Joined));
    assert!(!outbox.exceeds(100));
    outbox.push(texts(&[&"z".repeat(100)], Form::Joined));
    assert!(outbox.exceeds(100));
    assert!(!outbox.exceeds(2000));
}

#[test]
fn a_batch_of_which_nothing_was_taken_is_judged_as_well() {
    let mut outbox = Outbox::default();
    let words = ["x".repeat(60), "y".repeat(60)];
    outbox.push(texts(&[&words[0], &words[1]], Form::Joined));
    outbox
        .flush(&mut Sink::with_room(0), Coding::Plain)
        .unwrap();
    assert!(outbox.exceeds(100));
}

#[test]
fn an_empty_message_of_ones_own_weighs_what_it_takes() {
    let mut outbox = Outbox::default();
    for _ in 0..100 {
        outbox.push(Slice::whole(Rc::new(Run::alone(
            Kind::Text,
            b"",
            Form::Single,
            Seal::default(),
        ))));
    }
    assert!(outbox.exceeds(10_000));
}

#[test]
fn one_who_waits_for_little_of_much_keeps_only_that() {
    let large = "x".repeat(50_000);
    let mut outbox = Outbox::default();
    for _ in 0..100 {
        let Slice { run, .. } = texts(&[&large, "mine", &large], Form::Joined);
        outbox.push(Slice {
            run,
            from: 1,
            to: 2,
        });
    }
    assert!(outbox.heap_bytes() < large.len(), "{}", outbox.heap_bytes());
    let mut sink = Sink::with_room(usize::MAX);
    outbox.flush(&mut sink, Coding::Plain).unwrap();
    assert_eq!(seen(&sink.taken), [text(&["mine"; 100])]);
}

#[test]
fn what_has_left_weighs_nothing_while_more_waits() {
    let alone = || {
        Slice::whole(Rc::new(Run::alone(
            Kind::Text,
            b"answer",
            Form::Single,
            Seal::default(),
        )))
    };
    let mut outbox = Outbox::default();
    for _ in 0..10 {
        outbox.push(alone());
    }
    let all = outbox.unsent_bytes();
    let frame = alone().run.bytes(Coding::Plain).len();
    let mut sink = Sink::with_room(5 * frame);
    assert_eq!(outbox.flush(&mut sink, Coding::Plain).unwrap().frames, 5);
    assert_eq!(outbox.unsent_bytes(), all / 2);
}

#[test]
fn the_number_of_waiting_batches_is_bounded_whatever_their_size() {
    let mut outbox = Outbox::default();
    let slice = texts(&["x"], Form::Joined);
    for _ in 0..OUTBOX_BATCHES_MAX {
        outbox.push(slice.clone());
    }
    assert!(!outbox.exceeds(usize::MAX));
    outbox.push(slice);
    assert!(outbox.exceeds(usize::MAX));
}
