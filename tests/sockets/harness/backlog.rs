//! A backlog for somebody who does not read.

use super::{Server, Wire, text};

const LINE_BYTES: usize = 50_000;
/// Far more than the buffers of two sockets hold.
const LINES_MAX: usize = 2000;
const LINES_PER_LOOK: usize = 10;

/// A line that is one of a kind and too long to share a frame.
pub(crate) fn long_line(number: usize) -> String {
    format!("{number:0LINE_BYTES$}")
}

/// Says the next long line and hears it, so that a backlog is never the speaker's own.
pub(crate) fn say_long_line(speaker: &mut Wire, number: usize) {
    let line = long_line(number);
    speaker.send(text(&line));
    assert!(speaker.hear_text() == line);
}

/// Says long lines until some wait for a member that does not read, and returns how many were said.
pub(crate) fn leave_unsent(server: &Server, speaker: &mut Wire) -> usize {
    let mut said = 0;
    while server.metrics().count("hubbub_unsent_bytes") == 0 {
        assert!(said < LINES_MAX, "everything was taken");
        for _ in 0..LINES_PER_LOOK {
            say_long_line(speaker, said);
            said += 1;
        }
    }
    said
}
