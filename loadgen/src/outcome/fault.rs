//! What a server did wrong, in words: as far as it said itself what that is, in its own.

use crate::{figures::words::grouped, outcome::traffic::Traffic, record::heard::Words};

/// What went wrong with the messages of a trial, if anything did.
pub fn fault(traffic: &Traffic, heard: &Words) -> Option<String> {
    if !traffic.is_broken() {
        return None;
    }
    let messages = &traffic.messages;
    let is_nothing_delivered = messages.delivered == 0 && messages.lost + messages.missed > 0;
    Some(if traffic.only_to_sender {
        "the server answers the sender of a message and nobody else; fan-out needs a server that broadcasts: \
         check the path of --url"
            .to_owned()
    } else if traffic.all_but_sender {
        "the server sends a message to everyone but its sender, who should get it too unless you give --sender skipped"
            .to_owned()
    } else if is_nothing_delivered {
        format!(
            "nothing was delivered, {}",
            instead(messages.foreign, messages.disconnects, heard)
        )
    } else {
        format!(
            "not every client got every message once and in order ({}); {}",
            wrongs(traffic),
            cause(messages.disconnects, heard)
        )
    })
}

/// Why clients were disconnected that did all that is asked of them.
pub fn cause(disconnects: u64, heard: &Words) -> String {
    let Words { error, close, .. } = heard;
    match (close.as_ref().filter(|_| disconnects > 0), error) {
        (Some(close), _) => format!("the server closed with {close}"),
        (None, Some(error)) => format!("the server said {error}"),
        (None, None) => "see the server's log".to_owned(),
    }
}

/// What came in place of all messages.
fn instead(foreign: u64, disconnects: u64, heard: &Words) -> String {
    let Words {
        foreign: frame,
        error,
        close,
    } = heard;
    let told = [
        close
            .as_ref()
            .map(|close| format!("and the server closed with {close}")),
        error
            .as_ref()
            .map(|error| format!("and the server said {error}")),
        frame.as_ref().map(|frame| match foreign {
            1 => format!("but one frame that is not of this run: {frame}"),
            _ => format!(
                "but {} frames that are not of this run, the first: {frame}",
                grouped(foreign)
            ),
        }),
    ];
    told.into_iter().flatten().next().unwrap_or_else(|| {
        if disconnects > 0 {
            "and the server ended connections without a word; see its log".to_owned()
        } else {
            "and the server said nothing at all: does it send to all what it gets from one, at this path and in this --protocol?"
                .to_owned()
        }
    })
}

/// What went wrong that must not, as a list.
fn wrongs(traffic: &Traffic) -> String {
    let wrongs = traffic.wrongs().filter(|(count, _)| *count > 0);
    let wrongs = wrongs.map(|(count, what)| format!("{} {what}", grouped(count)));
    wrongs.collect::<Vec<_>>().join(", ")
}
