//! What a server does beside its messages, where that is what spoils them: it is told with what it spoiled.

use crate::common::{against, relay::Relay};

/// A short frame of text.
const HI: &[u8] = b"\x81\x02hi";
/// So many of them before each message take the load generator longer than all else.
const FLOOD: usize = 20_000;

#[test]
fn a_flood_of_frames_that_are_not_of_the_run_is_told_where_the_load_generator_was_full() {
    let flood = HI.repeat(FLOOD);
    let relay = Relay::with(move |room, to, _| {
        if to == 1 {
            room.send(to, &flood);
        }
    });
    let run = against(&relay.start(), &["saturate", "--settle", "1m"]);
    assert_eq!(run.code, Some(3), "{run:#?}");
    let sentence = run.table.lines().last().unwrap();
    let told = "NOT VALID: the server mostly sent something else: ";
    assert!(sentence.starts_with(told), "{sentence}");
    let told = "000 frames that are not of this run, the first: hi; ";
    let (_, doubt) = sentence.split_once(told).expect(sentence);
    assert!(doubt.contains("load generator's core"), "{doubt}");
    assert!(run.message("foreign") >= FLOOD as u64, "{run:#?}");
}
