//! From a line that is typed to an action of the chat protocol.

use serde_json::{Value, json};

use super::event::Event;
use crate::system::client::said::Said;

/// What may be typed at the chat.
pub const COMMANDS: &str =
    "/join CHANNEL, /leave [CHANNEL], /msg NAME TEXT, /members [CHANNEL], /channels, /quit";

const JOIN_FIRST: &str = "join a channel first: /join general";

/// What to send to join a channel.
pub fn join(channel: &str) -> Value {
    json!({"action": "join-channel", "message": channel})
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

impl Commands {
    /// What to send to join a channel, which is then the current one unless the server refuses.
    pub(super) fn join(&mut self, channel: &str) -> String {
        self.joins += 1;
        let reference = format!("join-{}", self.joins);
        let mut request = join(channel);
        request["ref"] = json!(reference);
        self.asked.push(Join {
            channel: channel.to_owned(),
            reference,
        });
        request.to_string()
    }

    /// Takes note of an answer.
    pub(super) fn heed(&mut self, event: &Event) {
        match event {
            Event::Joined {
                channel, reference, ..
            } => {
                let reference = reference.as_deref();
                if !reference.is_some_and(|reference| self.settle(reference)) {
                    forget(&mut self.joined, channel);
                    self.joined.push(channel.clone());
                }
            }
            Event::Left { channel } => forget(&mut self.joined, channel),
            Event::Error {
                reference: Some(reference),
                ..
            } => {
                self.settle(reference);
            }
            _ => {}
        }
    }

    /// Understands a line: JSON as it is, a command, or a message to the current channel.
    pub(super) fn understand(&mut self, line: String) -> Said {
        if line.trim().is_empty() {
            return Said::Nothing;
        }
        if line.starts_with('{') {
            return Said::Send(line);
        }
        match line.strip_prefix('/') {
            Some(rest) if !rest.starts_with('/') => self.command(rest),
            // A slash is doubled to be said.
            Some(text) => self.say(text),
            None => self.say(&line),
        }
    }

    fn command(&mut self, line: &str) -> Said {
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
                    send(&json!({"action": "send-private", "target": name, "message": text}))
                }
                _ => Said::Hint(
                    "write /msg NAME TEXT, with a name that has spaces in quotes".to_owned(),
                ),
            },
            "quit" => Said::Quit,
            _ => Said::Hint(format!(
                "the commands are {COMMANDS}; a message that begins with / has another / before it"
            )),
        }
    }

    fn say(&self, text: &str) -> Said {
        match self.current() {
            Some(channel) => {
                send(&json!({"action": "send-message", "target": channel, "message": text}))
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
mod tests {
    use super::*;
    use serde_json::value::to_raw_value;

    use crate::vocabulary::{
        chat::{Action, Past, Recovery, Request, Told},
        config::LISTED_DEFAULT,
    };

    fn sent(commands: &mut Commands, line: &str) -> String {
        match commands.understand(line.to_owned()) {
            Said::Send(text) => text,
            other => panic!("{line:?} is {other:?}"),
        }
    }

    fn hint(commands: &mut Commands, line: &str) -> String {
        match commands.understand(line.to_owned()) {
            Said::Hint(hint) => hint,
            other => panic!("{line:?} is {other:?}"),
        }
    }

    /// Asserts that the server understands from a line that this is asked.
    #[track_caller]
    fn assert_asks(commands: &mut Commands, line: &str, action: Action) {
        let text = sent(commands, line);
        let request = Request::parse(&text).unwrap();
        assert_eq!(request.action(), Ok(action), "{line}");
    }

    /// Asserts that a line is said in this channel.
    #[track_caller]
    fn assert_says_in(commands: &mut Commands, channel: &str) {
        let message = "hi";
        assert_asks(commands, message, Action::Send { channel, message });
    }

    /// Joins a channel by a command, and returns the `ref` that the answer will have.
    fn ask_to_join(commands: &mut Commands, channel: &str) -> String {
        let text = sent(commands, &format!("/join {channel}"));
        let request = Request::parse(&text).unwrap();
        assert_eq!(
            request.action(),
            Ok(Action::Join {
                channel,
                past: Past::None,
                members: LISTED_DEFAULT,
            })
        );
        request.reference().unwrap().to_owned()
    }

    fn join(commands: &mut Commands, channel: &str) {
        let reference = ask_to_join(commands, channel);
        grant(commands, channel, Some(&reference));
    }

    fn grant(commands: &mut Commands, channel: &str, reference: Option<&str>) {
        commands.heed(&Event::of(&Told::Joined {
            channel,
            members: &to_raw_value(&[(); 0]).unwrap(),
            count: 1,
            seq: 1,
            epoch: 1,
            oldest: 1,
            recovery: Recovery::default(),
            reference,
        }));
    }

    fn refuse(commands: &mut Commands, reference: Option<&str>) {
        commands.heed(&Event::of(&Told::Error {
            code: "too-many-channels",
            message: "leave one first",
            reference,
        }));
    }

    fn leave(commands: &mut Commands, channel: &str) {
        commands.heed(&Event::of(&Told::Left {
            channel,
            reference: None,
        }));
    }

    #[test]
    fn a_join_that_was_typed_as_json_counts_whatever_its_ref() {
        let mut commands = Commands::default();
        for (channel, reference) in [("tea", Some("mine")), ("cake", None)] {
            grant(&mut commands, channel, reference);
            assert_says_in(&mut commands, channel);
        }
    }

    #[test]
    fn a_line_goes_to_the_channel_joined_last() {
        let mut commands = Commands::default();
        join(&mut commands, "general");
        join(&mut commands, "Tea & cake");
        assert_says_in(&mut commands, "Tea & cake");
        let channel = "Tea & cake";
        assert_asks(&mut commands, "/leave", Action::Leave { channel });
        assert_says_in(&mut commands, "general");
        sent(&mut commands, "/leave general");
        assert!(hint(&mut commands, "hi").contains("/join general"));
    }

    #[test]
    fn a_line_behind_a_join_goes_to_the_new_channel_before_the_answer_is_there() {
        let mut commands = Commands::default();
        join(&mut commands, "general");
        let tea = ask_to_join(&mut commands, "tea");
        assert_says_in(&mut commands, "tea");
        let cake = ask_to_join(&mut commands, "cake");
        grant(&mut commands, "tea", Some(&tea));
        assert_says_in(&mut commands, "cake");
        grant(&mut commands, "cake", Some(&cake));
        assert_says_in(&mut commands, "cake");
    }

    #[test]
    fn a_channel_that_is_refused_leaves_the_one_before_as_the_current_one() {
        let mut commands = Commands::default();
        join(&mut commands, "general");
        let tea = ask_to_join(&mut commands, "tea");
        let cake = ask_to_join(&mut commands, "cake");
        refuse(&mut commands, None);
        refuse(&mut commands, Some("another"));
        assert_says_in(&mut commands, "cake");
        refuse(&mut commands, Some(&cake));
        assert_says_in(&mut commands, "tea");
        refuse(&mut commands, Some(&tea));
        assert_says_in(&mut commands, "general");
    }

    #[test]
    fn a_channel_that_was_left_is_not_the_current_one_though_its_join_is_answered_later() {
        let mut commands = Commands::default();
        let tea = ask_to_join(&mut commands, "tea");
        sent(&mut commands, "/leave");
        grant(&mut commands, "tea", Some(&tea));
        assert!(hint(&mut commands, "hi").contains("/join general"));
        let again = ask_to_join(&mut commands, "tea");
        leave(&mut commands, "tea");
        assert_says_in(&mut commands, "tea");
        grant(&mut commands, "tea", Some(&again));
        assert_says_in(&mut commands, "tea");
    }

    #[test]
    fn channels_joined_and_left_in_json_count_as_well() {
        let mut commands = Commands::default();
        grant(&mut commands, "general", None);
        grant(&mut commands, "tea", None);
        assert_says_in(&mut commands, "tea");
        leave(&mut commands, "tea");
        assert_says_in(&mut commands, "general");
    }

    #[test]
    fn a_private_message_names_one_who_may_have_spaces_in_the_name() {
        let mut commands = Commands::default();
        let hello = |target| Action::SendPrivate {
            target,
            message: "hello  you",
        };
        assert_asks(&mut commands, "/msg Ada hello  you", hello("Ada"));
        assert_asks(&mut commands, "/msg \"Ada\" hello  you", hello("Ada"));
        let line = "/msg \"Ada Byron\" hello  you";
        assert_asks(&mut commands, line, hello("Ada Byron"));
        for line in ["/msg", "/msg Ada", "/msg \"Ada Byron\""] {
            assert!(hint(&mut commands, line).contains("/msg NAME TEXT"));
        }
    }

    #[test]
    fn listings_are_of_the_current_channel_or_of_the_one_that_is_named() {
        let mut commands = Commands::default();
        let members_of = |channel| Action::ListMembers {
            channel,
            after: None,
            limit: LISTED_DEFAULT,
        };
        assert_asks(&mut commands, "/channels", Action::ListChannels);
        assert!(hint(&mut commands, "/members").contains("/join general"));
        assert_asks(&mut commands, "/members tea", members_of("tea"));
        sent(&mut commands, "/join general");
        assert_asks(&mut commands, "/members", members_of("general"));
    }

    #[test]
    fn json_is_sent_as_it_is() {
        let line = r#"{ "action": "list-channels", "ref": "1" } "#;
        assert_eq!(sent(&mut Commands::default(), line), line);
    }

    #[test]
    fn a_mistyped_command_is_not_said_to_everyone() {
        let mut commands = Commands::default();
        sent(&mut commands, "/join general");
        for line in ["/jion tea", "/join", "/", "/help"] {
            assert!(hint(&mut commands, line).contains("/join CHANNEL"));
        }
        let shrug = Action::Send {
            channel: "general",
            message: "/shrug",
        };
        assert_asks(&mut commands, "//shrug", shrug);
    }

    #[test]
    fn an_empty_line_says_nothing() {
        let mut commands = Commands::default();
        assert_eq!(commands.understand("  ".to_owned()), Said::Nothing);
    }
}
