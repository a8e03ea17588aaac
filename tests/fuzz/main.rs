//! What the fuzzer found worth keeping, replayed: `corpus/` has a folder for each target.

mod targets;

use std::fs;
use std::panic::{catch_unwind, resume_unwind};
use std::path::Path;

#[test]
fn requests_are_answered_the_same_however_they_are_cut() {
    replay("request", targets::request::run);
}

#[test]
fn bodies_are_the_same_however_they_are_cut() {
    replay("body", targets::body::run);
}

#[test]
fn messages_are_heard_the_same_however_they_are_cut() {
    replay("websocket", targets::websocket::run);
}

#[test]
fn deflated_messages_inflate_to_the_same_however_they_are_cut() {
    replay("inflate", targets::inflate::run);
}

#[test]
fn everyone_in_the_chat_hears_what_makes_sense() {
    replay("chat", targets::chat::run);
}

#[test]
fn the_server_leaves_nothing_of_those_who_are_gone() {
    replay("server", targets::server::run);
}

/// Runs a target over its corpus, and names the file that fails.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files = fs::read_dir(folder.join(target)).expect("a corpus");
    let mut count = 0;
    for file in files {
        let path = file.expect("a file").path();
        let data = fs::read(&path).expect("a readable file");
        catch_unwind(|| run(&data)).unwrap_or_else(|panic| {
            eprintln!("in {}", path.display());
            resume_unwind(panic)
        });
        count += 1;
    }
    assert!(count > 0, "the corpus is there");
}
