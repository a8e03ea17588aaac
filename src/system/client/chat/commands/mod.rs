//! From a line that is typed to an action of the chat protocol.

use serde_json::{Value, json};

use super::{
    event::{Event, Joined},
    position::Position,
    sends::Sends,
};
use crate::system::client::said::Said;

/// What may be typed at the chat.
pub const COMMANDS: &str =
    "/join CHANNEL, /leave [CHANNEL], /msg NAME TEXT, /members [CHANNEL], /channels, /quit";

/// Codes of joins that may succeed in a while.
const PASSING: [&str; 2] = ["unavailable", "unknown"];
const QUIT: &str = "quit";
const JOIN_FIRST: &str = "join a channel first: /join general";

/// What to send to join a channel.
pub fn join(channel: &str) -> Value {
    json!({"action": "join-channel", "message": channel})
}

/// What to send to join a channel, and to get what was said after this position, as far as it is kept.
fn request(channel: &str, position: Option<Position>) -> Value {
    let mut request = join(channel);
    if let Some(Position { epoch, seq }) = position {
        request["since"] = json!({"epoch": epoch, "seq": seq});
    }
    request
}

/// Understands commands, and knows which channel is the current one.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// Channels that were joined, the last one last.
    joined: Vec<String>,
    /// Joins that wait for their answers. The last one counts already, since lines may come before its answer.
    asked: Vec<Join>,
    /// The `ref`s of joins that were not waited for, since the channel was left again.
    dropped: Vec<String>,
    /// How many there were, so that each has a `ref` of its own.
    joins: u64,
}

#[derive(Debug)]
struct Join {
    channel: String,
    reference: String,
}

/// What became of a join that was not granted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It may be in a while: what was asked under this `ref` is still wanted.
    ForNow(String),
    /// This channel cannot be joined.
    ForGood(String),
}

impl Commands {
    /// What to send to join a channel, which is then the current one unless the server refuses.
    pub(super) fn join(&mut self, channel: &str) -> String {
        self.ask(channel, join(channel))
    }

    /// What to send on a new connection to be in the same channels as on the one before, the current one last.
    pub(super) fn rejoin(&mut self, position: impl Fn(&str) -> Option<Position>) -> Vec<String> {
        let channels = self.wanted();
        self.joined.clear();
        self.asked.clear();
        self.dropped.clear();
        let requests = channels
            .iter()
            .map(|channel| self.ask(channel, request(channel, position(channel))));
        requests.collect()
    }

    /// What to send to ask again for what was asked under this `ref`, if it is still wanted.
    pub(super) fn again(
        &self,
        reference: &str,
        position: impl Fn(&str) -> Option<Position>,
    ) -> Option<String> {
        let mut asked = self.asked.iter();
        let Join { channel, .. } = asked.find(|join| join.reference == reference)?;
        let mut request = request(channel, position(channel));
        request["ref"] = json!(reference);
        Some(request.to_string())
    }

    /// The channels that one is in or wants to be in, the current one last.
    pub(super) fn wanted(&self) -> Vec<String> {
        let mut wanted = self.joined.clone();
        for Join { channel, .. } in &self.asked {
            forget(&mut wanted, channel);
            wanted.push(channel.clone());
        }
        wanted
    }

    fn ask(&mut self, channel: &str, mut request: Value) -> String {
        self.joins += 1;
        let reference = format!("join-{}", self.joins);
        request["ref"] = json!(reference);
        self.asked.push(Join {
            channel: channel.to_owned(),
            reference,
        });
        request.to_string()
    }

    /// Takes note of an answer, and says what became of a join that was not granted.
    pub(super) fn heed(&mut self, event: &Event) -> Option<Refused> {
        match event {
            Event::Joined(Joined {
                channel, reference, ..
            }) => {
                let reference = reference.as_deref();
                if !reference.is_some_and(|reference| self.settle(reference)) {
                    forget(&mut self.joined, channel);
                    self.joined.push(channel.clone());
                }
            }
            Event::Left { channel } => forget(&mut self.joined, channel),
            Event::Error {
                code,
                reference: Some(reference),
                ..
            } => {
                let mut asked = self.asked.iter();
                let refused = asked.find(|join| join.reference == *reference);
                let channel = refused.map(|join| join.channel.clone());
                if channel.is_some() && PASSING.contains(&code.as_str()) {
                    return Some(Refused::ForNow(reference.clone()));
                }
                self.settle(reference);
                return channel.map(Refused::ForGood);
            }
            _ => {}
        }
        None
    }

    /// Understands a line: JSON as it is, a command, or a message to the current channel. What is said is noted.
    pub(super) fn understand(&mut self, line: String, sends: &mut Sends) -> Said {
        if line.trim().is_empty() {
            return Said::Nothing;
        }
        if line.starts_with('{') {
            return Said::Send(line);
        }
        match line.strip_prefix('/') {
            Some(rest) if !rest.starts_with('/') => self.command(rest, sends),
            // A slash is doubled to be said.
            Some(text) => self.say(text, sends),
            None => self.say(&line, sends),
        }
    }

    fn command(&mut self, line: &str, sends: &mut Sends) -> Said {
        let (command, rest) = word(line);
        match command {
            "join" if !rest.is_empty() => Said::Send(self.join(rest)),
            "leave" => self.with_channel(rest, |commands, channel| {
                forget(&mut commands.joined, channel);
                let asked = &mut commands.asked;
                let dropped = asked.extract_if(.., |join| join.channel == channel);
                commands.dropped.extend(dropped.map(|join| join.reference));
                json!({"action": "leave-channel", "message": channel})
            }),
            "members" => self.with_channel(
                rest,
                |_, channel| json!({"action": "list-members", "target": channel}),
            ),
            "channels" => send(&json!({"action": "list-channels"})),
            "msg" => match addressee(rest) {
                (name, text) if !name.is_empty() && !text.is_empty() => {
                    let reference = sends.tell(name, text);
                    send(&json!({
                        "action": "send-private", "target": name, "message": text, "ref": reference
                    }))
                }
                _ => Said::Hint(
                    "write /msg NAME TEXT, with a name that has spaces in quotes".to_owned(),
                ),
            },
            QUIT => Said::Quit,
            _ => Said::Hint(format!(
                "the commands are {COMMANDS}; a message that begins with / has another / before it"
            )),
        }
    }

    fn say(&self, text: &str, sends: &mut Sends) -> Said {
        match self.current() {
            Some(channel) => {
                let reference = sends.say(channel, text);
                send(&json!({
                    "action": "send-message", "target": channel, "message": text, "ref": reference
                }))
            }
            None => Said::Hint(JOIN_FIRST.to_owned()),
        }
    }

    /// Does something with the channel that was named, or else with the current one.
    fn with_channel(&mut self, name: &str, action: impl FnOnce(&mut Self, &str) -> Value) -> Said {
        let current = self.current().map(str::to_owned);
        match (name, current) {
            ("", None) => Said::Hint(JOIN_FIRST.to_owned()),
            ("", Some(current)) => send(&action(self, &current)),
            (name, _) => send(&action(self, name)),
        }
    }

    fn current(&self) -> Option<&str> {
        let asked = self.asked.last().map(|join| &join.channel);
        asked.or(self.joined.last()).map(String::as_str)
    }

    /// Notes the answer to a join, and says whether the channel was left in the meantime.
    fn settle(&mut self, reference: &str) -> bool {
        self.asked.retain(|join| join.reference != reference);
        let dropped = self.dropped.len();
        self.dropped.retain(|dropped| dropped != reference);
        self.dropped.len() < dropped
    }
}

/// Whether a line is the wish to leave.
pub fn is_quit(line: &str) -> bool {
    let command = line.strip_prefix('/').map(|command| word(command).0);
    command == Some(QUIT)
}

fn forget(channels: &mut Vec<String>, channel: &str) {
    channels.retain(|joined| joined != channel);
}

fn send(action: &Value) -> Said {
    Said::Send(action.to_string())
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

/// The first word, or what stands in quotes, and what follows it.
fn addressee(text: &str) -> (&str, &str) {
    match text.strip_prefix('"').and_then(|text| text.split_once('"')) {
        Some((name, rest)) => (name, rest.trim()),
        None => word(text),
    }
}

#[cfg(test)]
mod tests;
