//! What leaves for those who inflate.

use super::*;
use crate::{state::press::Press, vocabulary::coding::Window};

const FULL: Coding = Coding::Deflate(Window::Full);
const SMALL: Coding = Coding::Deflate(Window::Small);

/// A run of long messages, deflated for those of the full window.
fn pressed(words: &[&str], form: Form) -> Slice {
    let mut batch = OpenBatch::default();
    for word in words {
        batch.push(Kind::Text, long(word).as_bytes());
    }
    let mut run = batch.encode(form, Seal::default());
    run.deflate(Window::Full, &mut Press::default()).unwrap();
    Slice::whole(Rc::new(run))
}

fn long(word: &str) -> String {
    word.repeat(300)
}

fn longs(words: &[&str]) -> Seen {
    Seen::Text(words.iter().map(|word| long(word)).collect())
}

/// What a peer gets that takes everything.
fn flushed(outbox: &mut Outbox, coding: Coding) -> (Vec<Seen>, usize) {
    let mut sink = Sink::with_room(usize::MAX);
    outbox.flush(&mut sink, coding).unwrap();
    assert!(outbox.is_empty());
    seen_by(coding, &sink.taken)
}

#[test]
fn a_lone_batch_leaves_deflated_for_whom_it_was_and_as_it_is_for_others() {
    for (coding, deflated) in [(FULL, 1), (SMALL, 0), (Coding::Plain, 0)] {
        let mut outbox = Outbox::default();
        outbox.push(pressed(&["a", "b"], Form::Joined));
        let expected = (vec![longs(&["a", "b"])], deflated);
        assert_eq!(flushed(&mut outbox, coding), expected, "{coding:?}");
    }
}

#[test]
fn a_backlog_keeps_what_was_deflated_and_joins_the_rest() {
    let mut outbox = Outbox::default();
    let plain = texts(&["x"], Form::Joined);
    for slice in [
        &plain,
        &plain,
        &pressed(&["a", "b"], Form::Joined),
        &plain,
        &plain,
    ] {
        outbox.push(slice.clone());
    }
    let x = text(&["x", "x"]);
    let expected = vec![x, longs(&["a", "b"]), text(&["x", "x"])];
    assert_eq!(flushed(&mut outbox, FULL), (expected, 1));
}

#[test]
fn a_frame_of_which_one_gets_only_a_part_is_not_deflated() {
    let slice = pressed(&["a", "b", "c"], Form::Joined);
    for (from, to) in [(1, 3), (0, 2)] {
        let mut outbox = Outbox::default();
        outbox.push(Slice {
            from,
            to,
            ..slice.clone()
        });
        let words = &["a", "b", "c"][from as usize..to as usize];
        assert_eq!(flushed(&mut outbox, FULL), (vec![longs(words)], 0));
    }
    let mut outbox = Outbox::default();
    let slice = pressed(&["a", "b", "c"], Form::Single);
    outbox.push(Slice { from: 1, ..slice });
    let expected = vec![longs(&["b"]), longs(&["c"])];
    assert_eq!(
        flushed(&mut outbox, FULL),
        (expected, 2),
        "frames that are whole"
    );
}

#[test]
fn a_deflated_frame_that_is_half_out_is_finished_whatever_comes_then() {
    let frame = pressed(&["a"], Form::Single).run.bytes(FULL).len();
    for cut in 1..2 * frame {
        let mut outbox = Outbox::default();
        outbox.push(pressed(&["a", "b", "c", "d", "e", "f"], Form::Single));
        let mut sink = Sink::with_room(cut);
        outbox.flush(&mut sink, FULL).unwrap();
        outbox.stage(PING);
        match cut % 3 {
            0 => outbox.abandon(),
            1 => {
                outbox.skip(Slow::Latest, 0, Duration::MAX);
            }
            _ => outbox.push(texts(&["x"], Form::Single)),
        }
        outbox.close(frame::close(1000, ""));
        sink.room = usize::MAX;
        outbox.flush(&mut sink, FULL).unwrap();
        let (seen, _) = seen_by(FULL, &sink.taken);
        let ping = seen.iter().position(|seen| *seen == Seen::Ping);
        assert_eq!(ping, Some(cut.div_ceil(frame)), "cut at {cut}");
        assert_eq!(seen.last(), Some(&Seen::Close));
    }
}

#[test]
fn what_waits_of_a_large_run_keeps_what_was_deflated_of_it_and_not_the_run() {
    let mut outbox = Outbox::default();
    let words = ["a", "b", "c", "d", "e", "f"];
    let slice = pressed(&words, Form::Single);
    let frame = slice.run.bytes(FULL).len() / words.len();
    outbox.push(slice.clone());
    let mut sink = Sink::with_room(4 * frame + 1);
    outbox.flush(&mut sink, FULL).unwrap();
    assert_eq!(Rc::strong_count(&slice.run), 1, "the run is let go");
    sink.room = usize::MAX;
    outbox.flush(&mut sink, FULL).unwrap();
    let (seen, deflated) = seen_by(FULL, &sink.taken);
    assert_eq!(seen, words.map(|word| longs(&[word])));
    assert_eq!(deflated, words.len());
}
