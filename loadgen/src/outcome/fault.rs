//! What a server did wrong, in words: as far as it said itself what that is, in its own.

use crate::{
    figures::words::{counted, grouped, time},
    outcome::{messages::Messages, noise, stage::Stage, traffic::Traffic},
    record::heard::Words,
};

/// What to ask oneself where messages go nowhere.
const DOES_IT_SEND: &str =
    "does it send to all what it gets from one, at this path and in this --protocol?";

/// How long most messages wait for a server to read them before that is worth telling, in microseconds.
const UNREAD_US: f64 = 100_000.0;
/// Where to look for what the server does not say.
const SEE_ITS_LOG: &str = "see the server's log";

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
        format!("nothing was delivered, {}", instead(traffic, heard))
    } else {
        format!(
            "not every client got every message once and in order ({}); {}",
            wrongs(traffic),
            causes(traffic, heard)
        )
    })
}

/// Why clients were disconnected that did all that is asked of them, or were not let in.
pub fn cause(disconnects: u64, heard: &Words) -> String {
    reason(disconnects, heard).unwrap_or_else(|| SEE_ITS_LOG.to_owned())
}

/// What is known of why not everything came.
fn causes(traffic: &Traffic, heard: &Words) -> String {
    let messages = &traffic.messages;
    let reason = match Stage::first_failure(&traffic.stages) {
        Some(failure) => Some(format!("of the first that was not let in: {failure}")),
        None => reason(messages.disconnects, heard),
    };
    let invented = heard.invented.as_ref();
    let causes = [
        reason,
        unread(traffic),
        unended(messages, heard),
        invented.map(|first| format!("the first that nobody sent: {first}")),
        noise::damaged(messages, heard),
        traffic.noise.clone(),
    ];
    let causes: Vec<String> = causes.into_iter().flatten().collect();
    if !causes.is_empty() {
        return causes.join("; ");
    }
    match noise::foreign(messages, heard) {
        Some(frames) => format!("{SEE_ITS_LOG}, and what else it sent: {frames}"),
        None => SEE_ITS_LOG.to_owned(),
    }
}

/// Whether the server did not read, or not in time, what clients sent.
fn unread(traffic: &Traffic) -> Option<String> {
    let messages = &traffic.messages;
    if messages.unread > 0 {
        let publishers = counted(messages.unread, "publisher");
        let unsent = match messages.unsent {
            0 => String::new(),
            1 => ", so that 1 message was never sent".to_owned(),
            count => format!(", so that {} messages were never sent", grouped(count)),
        };
        return Some(format!(
            "the server had stopped reading {publishers}{unsent}"
        ));
    }
    let half_us = traffic.blocked_us?.p50;
    (messages.lost > 0 && half_us > UNREAD_US).then(|| {
        let waited = time(half_us);
        format!(
            "the server was slow to read: half of the messages waited for it for more than {waited}"
        )
    })
}

/// Where something began and did not go on.
fn unended(messages: &Messages, heard: &Words) -> Option<String> {
    let bytes = heard.unended.as_ref().filter(|_| messages.lost > 0)?;
    let clients = counted(messages.unended, "client");
    let first = if messages.unended == 1 {
        ""
    } else {
        "at the first "
    };
    Some(format!(
        "a message began and never ended at {clients}, {first}after {bytes}"
    ))
}

/// The server's own word for it, if there is one.
fn reason(disconnects: u64, heard: &Words) -> Option<String> {
    let Words {
        error,
        close,
        fault,
        refused,
        ..
    } = heard;
    let of_disconnected = [
        fault.clone(),
        close
            .as_ref()
            .map(|close| format!("the server closed with {close}")),
    ];
    let told = of_disconnected.into_iter().filter(|_| disconnects > 0);
    let of_others = [
        error
            .as_ref()
            .map(|error| format!("the server said {error}")),
        refused
            .as_ref()
            .map(|why| format!("of the first that was not let in: {why}")),
    ];
    told.chain(of_others).flatten().next()
}

/// What came in place of all messages.
fn instead(traffic: &Traffic, heard: &Words) -> String {
    let messages = &traffic.messages;
    let Words {
        foreign: _,
        damaged: _,
        invented: _,
        heeded,
        error,
        close,
        fault,
        unended,
        refused: _,
    } = heard;
    let sent = [noise::invented, noise::damaged, noise::foreign];
    let sent = sent.iter().find_map(|told| told(messages, heard));
    let ended = (messages.disconnects > 0)
        .then(|| "and the server ended connections without a word; see its log".to_owned());
    let told = [
        fault.as_ref().map(|fault| format!("and {fault}")),
        close
            .as_ref()
            .map(|close| format!("and the server closed with {close}")),
        error
            .as_ref()
            .map(|error| format!("and the server said {error}")),
        sent.map(|sent| format!("but {sent}")),
        ended,
        unread(traffic).map(|unread| format!("and {unread}")),
        heeded.as_ref().map(|frame| {
            format!(
                "and the server said nothing but {} that clients waited for or replied to, the first: {frame}; {DOES_IT_SEND}",
                counted(messages.heeded, "frame")
            )
        }),
        unended
            .as_ref()
            .map(|bytes| format!("but {bytes} of a message that began and never ended")),
        (messages.pings > 0).then(|| {
            let pings = counted(messages.pings, "ping");
            format!("and the server only pinged ({pings}): {DOES_IT_SEND}")
        }),
    ];
    let told = told.into_iter().flatten().next();
    told.unwrap_or_else(|| format!("and the server said nothing at all: {DOES_IT_SEND}"))
}

/// What went wrong that must not, as a list.
fn wrongs(traffic: &Traffic) -> String {
    let wrongs = traffic.wrongs().filter(|(count, _)| *count > 0);
    let wrongs = wrongs.map(|(count, what)| format!("{} {what}", grouped(count)));
    wrongs.collect::<Vec<_>>().join(", ")
}
