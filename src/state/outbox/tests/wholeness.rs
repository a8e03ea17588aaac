//! Whatever is pushed, deflated or not, and however it is cut: it arrives.

use std::rc::Rc;

use super::{Flushed, Outbox, Seen, Sink, seen_by};
use crate::{
    state::{
        batch::{Form, OpenBatch, Slice},
        press::Press,
        seal::Seal,
    },
    vocabulary::{
        coding::{Coding, Window},
        config::FRAME_BYTES_MAX,
        frame::{self, Kind, PING},
    },
};

const SEEDS: u64 = 200;
const CODINGS: [Coding; 3] = [
    Coding::Plain,
    Coding::Deflate(Window::Small),
    Coding::Deflate(Window::Full),
];

#[test]
fn whatever_the_stream_takes_messages_arrive_whole_once_and_in_order() {
    let mut press = Press::default();
    let mut deflated_frames = 0;
    for seed in 0..SEEDS {
        let mut chance = fastrand::Rng::with_seed(seed);
        let joins = chance.u8(0..3) > 0;
        let coding = CODINGS[chance.usize(0..CODINGS.len())];
        let mut outbox = Outbox::default();
        let mut sink = Sink::with_room(0);
        let mut said = Vec::new();
        let mut pings = 0;
        let mut flushed = Flushed::default();
        for turn in 0..chance.usize(1..40) {
            let mut batch = OpenBatch::default();
            let mut words = Vec::new();
            for message in 0..chance.usize(1..12) {
                let filler = match chance.u8(0..30) {
                    0 => chance.usize(0..20_000),
                    1..3 => chance.usize(0..2000),
                    _ => chance.usize(0..80),
                };
                let word = format!("{turn}.{message}{}", "x".repeat(filler));
                if chance.u8(0..10) == 0 {
                    batch.push(Kind::Binary, word.as_bytes());
                } else {
                    batch.push(Kind::Text, word.as_bytes());
                }
                words.push(word);
            }
            let form = if joins { Form::Joined } else { Form::Single };
            let mut run = batch.encode(form, Seal::default());
            for window in Window::ALL {
                if chance.u8(0..3) > 0 {
                    // Some of it gets no smaller.
                    let _ = run.deflate(window, &mut press);
                }
            }
            press.end_turn();
            let run = Rc::new(run);
            let from = chance.u32(0..run.messages());
            let to = chance.u32(from..=run.messages());
            let (from, to) = if chance.bool() {
                (0, run.messages())
            } else {
                (from, to)
            };
            said.extend(words.drain(from as usize..to as usize));
            outbox.push(Slice { run, from, to });
            if chance.u8(0..5) == 0 {
                outbox.stage(PING);
                pings += 1;
            }
            if chance.bool() {
                sink.room = chance.usize(0..30_000);
                sink.gulp = chance.usize(1..20_000);
                let now = outbox.flush(&mut sink, coding).unwrap();
                flushed.messages += now.messages;
                flushed.frames += now.frames;
            }
        }
        outbox.close(frame::close(1000, ""));
        sink.room = usize::MAX;
        let last = outbox.flush(&mut sink, coding).unwrap();
        assert!(
            outbox.is_empty() && outbox.unsent_bytes() == 0,
            "seed {seed}"
        );
        let (mut frames, deflated) = seen_by(coding, &sink.taken);
        deflated_frames += deflated;
        assert_eq!(frames.pop(), Some(Seen::Close), "seed {seed}");
        let mut heard = Vec::new();
        let mut data_frames = 0;
        for frame in frames {
            data_frames += usize::from(frame != Seen::Ping);
            match frame {
                Seen::Text(words) => {
                    let bytes = words.iter().map(|word| word.len() + 1).sum::<usize>() - 1;
                    assert!(words.len() == 1 || bytes <= FRAME_BYTES_MAX, "seed {seed}");
                    assert!(words.len() == 1 || joins, "seed {seed}");
                    heard.extend(words);
                }
                Seen::Binary(bytes) => heard.push(String::from_utf8(bytes).unwrap()),
                Seen::Ping => pings -= 1,
                Seen::Close => panic!("one close, at the end"),
            }
        }
        assert!(heard == said, "seed {seed}");
        assert_eq!(pings, 0, "seed {seed}");
        assert_eq!(flushed.messages + last.messages, said.len(), "seed {seed}");
        assert_eq!(flushed.frames + last.frames, data_frames, "seed {seed}");
    }
    assert!(deflated_frames > 100, "{deflated_frames} deflated");
}
