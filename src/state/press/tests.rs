use super::{inflate::inflate, *};
use crate::{
    state::{
        batch::{Form, OpenBatch},
        seal::Seal,
    },
    vocabulary::frame,
};

const FULL: Coding = Coding::Deflate(Window::Full);
const SMALL: Coding = Coding::Deflate(Window::Small);

/// Words that recur, far apart.
fn text(bytes: usize) -> String {
    let words = (0_u64..).map(|number| format!("word {} ", number.pow(3) % 1009));
    let mut text = String::new();
    for word in words {
        text.push_str(&word);
        if text.len() >= bytes {
            break;
        }
    }
    text.truncate(bytes);
    text
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut chance = fastrand::Rng::with_seed(1);
    (0..bytes).map(|_| chance.u8(..)).collect()
}

fn run(bodies: &[&[u8]], kind: Kind, form: Form) -> Run {
    let mut batch = OpenBatch::default();
    for body in bodies {
        batch.push(kind, body);
    }
    batch.encode(form, Seal::default())
}

fn audience(members: u32) -> Audience {
    let mut audience = Audience::default();
    for _ in 0..members {
        audience.join();
    }
    audience
}

/// The payload of a frame with a header of two or four bytes.
fn payload(frame: &[u8]) -> &[u8] {
    match frame[1] {
        0..126 => &frame[2..],
        _ => &frame[4..],
    }
}

#[test]
fn what_is_deflated_inflates_to_what_was_said_whatever_its_length() {
    let mut press = Press::default();
    for window in Window::ALL {
        for bytes in (DEFLATED_BYTES_MIN..700).chain([16 << 10, 65_535, 70_000]) {
            let text = text(bytes);
            let mut frame = Vec::new();
            press.end_turn();
            let pressed = press.deflate(window, Kind::Text, text.as_bytes(), &mut frame);
            if pressed.is_err() {
                assert!(frame.is_empty() && bytes < 100, "{bytes} bytes of text");
                continue;
            }
            assert!(frame::is_deflated(&frame) && frame.len() < bytes + 4);
            let inflated = inflate(window.bits(), payload(&frame)).unwrap();
            assert!(inflated == text.as_bytes(), "{bytes} bytes, {window:?}");
        }
    }
}

#[test]
fn what_one_said_is_no_part_of_what_is_deflated_next() {
    let mut press = Press::default();
    let mut frames = [(); 2].map(|()| {
        let mut frame = Vec::new();
        let text = text(300);
        let pressed = press.deflate(Window::Full, Kind::Text, text.as_bytes(), &mut frame);
        pressed.unwrap();
        frame
    });
    frames.sort();
    assert_eq!(frames[0], frames[1]);
}

#[test]
fn what_reaches_back_too_far_is_seen_by_those_of_a_small_window() {
    let mut press = Press::default();
    let mut frame = Vec::new();
    let twice = noise(2000).repeat(2);
    let pressed = press.deflate(Window::Full, Kind::Binary, &twice, &mut frame);
    pressed.unwrap();
    assert!(inflate(15, payload(&frame)).is_ok());
    assert!(inflate(9, payload(&frame)).is_err());
}

#[test]
fn a_window_takes_no_memory_before_someone_has_it() {
    let mut press = Press::default();
    assert_eq!(press.heap_bytes(), 0);
    for (window, bytes) in [(Window::Full, 380_032), (Window::Small, 380_032 + 251_008)] {
        let mut batch = run(&[text(1000).as_bytes()], Kind::Text, Form::Joined);
        press.press(&mut batch, window, &mut audience(9));
        assert_eq!(press.heap_bytes(), bytes);
    }
}

#[test]
fn the_states_take_as_much_as_is_told_of_them() {
    for (window, told) in Window::ALL.into_iter().zip(STATE_BYTES) {
        let counted = allocation_counter::measure(|| {
            let level = Compression::new(LEVEL);
            drop(Compress::new_with_window_bits(level, false, window.bits()));
        });
        assert!(
            counted.bytes_total.abs_diff(told as u64) < 2048,
            "{counted:?}"
        );
    }
}

#[test]
fn a_batch_is_deflated_only_if_someone_reads_that_and_it_pays() {
    let mut press = Press::new(256);
    let (long, noise) = (text(1000), noise(1000));
    let mut try_on = |bodies: &[&[u8]], members| {
        let mut run = run(bodies, Kind::Binary, Form::Joined);
        let before = press.deflation();
        press.press(&mut run, Window::Full, &mut audience(members));
        let after = press.deflation();
        let plain = WhyPlain::ALL
            .into_iter()
            .find(|&why| after.plain_batches[why as usize] > before.plain_batches[why as usize]);
        let is_deflated = after.batches > before.batches;
        assert_eq!(run.bytes(FULL) != run.bytes(Coding::Plain), is_deflated);
        assert_eq!(run.bytes(SMALL), run.bytes(Coding::Plain));
        (is_deflated, plain)
    };
    assert_eq!(try_on(&[long.as_bytes()], 0), (false, None), "nobody");
    assert_eq!(try_on(&[long.as_bytes()], 1), (true, None));
    let small = (false, Some(WhyPlain::Small));
    assert_eq!(try_on(&[&long.as_bytes()[..255]], 1000), small);
    assert_eq!(try_on(&[&long.as_bytes()[..256]], 1000), (true, None));
    let threshold = (false, Some(WhyPlain::Threshold));
    assert_eq!(try_on(&[&long.as_bytes()[..80]; 10], 1), threshold);
    let not_smaller = (false, Some(WhyPlain::NotSmaller));
    assert_eq!(try_on(&[&noise], 1000), not_smaller);
    let large = vec![b'x'; TURN_DEFLATED_BYTES_MAX + 1];
    assert_eq!(try_on(&[&large], 1), (false, Some(WhyPlain::Large)));
}

#[test]
fn a_turn_deflates_so_much_and_no_more() {
    let mut press = Press::default();
    let body = text(TURN_DEFLATED_BYTES_MAX / 4);
    let bodies = [body.as_bytes(); 6];
    let mut batch = run(&bodies, Kind::Binary, Form::Joined);
    batch.deflate(Window::Full, &mut press).unwrap();
    let sent = batch.bytes(FULL).len();
    let plain = batch.bytes(Coding::Plain).len();
    assert!(
        sent > plain / 3 && sent < plain * 2 / 3,
        "{sent} of {plain}"
    );
    let mut later = run(&bodies[..1], Kind::Binary, Form::Joined);
    let pressed = later.deflate(Window::Full, &mut press);
    assert_eq!(pressed, Err(WhyPlain::Large));
    press.end_turn();
    later.deflate(Window::Full, &mut press).unwrap();
}

#[test]
fn what_was_deflated_is_counted_with_its_bytes() {
    let mut press = Press::default();
    let mut run = run(&[text(1000).as_bytes()], Kind::Text, Form::Joined);
    let alone = run.heap_bytes();
    press.press(&mut run, Window::Full, &mut audience(9));
    let Deflation {
        bytes_before,
        bytes_after,
        ..
    } = press.deflation();
    assert_eq!(bytes_before, run.bytes(Coding::Plain).len() as u64);
    assert_eq!(bytes_after, run.bytes(FULL).len() as u64);
    assert!(run.heap_bytes() > alone + run.bytes(FULL).len());
}
