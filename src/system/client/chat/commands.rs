//! From a line that is typed to an action of the chat protocol.

use serde_json::{Value, json};

use crate::system::client::said::Said;

/// What may be typed at the chat.
pub const COMMANDS: &str =
    "/join CHANNEL, /leave [CHANNEL], /msg NAME TEXT, /members [CHANNEL], /channels, /quit";

const JOIN_FIRST: &str = "join a channel first: /join general";

/// Understands commands, and remembers which channels were joined.
#[derive(Debug, Default)]
pub struct Commands {
    /// The current one last.
    channels: Vec<String>,
}

impl Commands {
    /// What to send to join a channel, which is then the current one.
    pub fn join(&mut self, channel: &str) -> String {
        self.forget(channel);
        self.channels.push(channel.to_owned());
        json!({"action": "join-channel", "message": channel}).to_string()
    }

    /// Understands a line: JSON as it is, a command, or a message to the current channel.
    pub fn understand(&mut self, line: String) -> Said {
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
                commands.forget(channel);
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
        match self.channels.last() {
            Some(channel) => {
                send(&json!({"action": "send-message", "target": channel, "message": text}))
            }
            None => Said::Hint(JOIN_FIRST.to_owned()),
        }
    }

    /// Does something with the channel that was named, or else with the current one.
    fn with_channel(&mut self, name: &str, action: impl FnOnce(&mut Self, &str) -> Value) -> Said {
        let current = self.channels.last().cloned();
        match (name, current) {
            ("", None) => Said::Hint(JOIN_FIRST.to_owned()),
            ("", Some(current)) => send(&action(self, &current)),
            (name, _) => send(&action(self, name)),
        }
    }

    fn forget(&mut self, channel: &str) {
        self.channels.retain(|joined| joined != channel);
    }
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

    fn sent(commands: &mut Commands, line: &str) -> Value {
        match commands.understand(line.to_owned()) {
            Said::Send(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{line:?} is {other:?}"),
        }
    }

    fn hint(commands: &mut Commands, line: &str) -> String {
        match commands.understand(line.to_owned()) {
            Said::Hint(hint) => hint,
            other => panic!("{line:?} is {other:?}"),
        }
    }

    fn message(target: &str, message: &str) -> Value {
        json!({"action": "send-message", "target": target, "message": message})
    }

    #[test]
    fn a_line_goes_to_the_channel_joined_last() {
        let mut commands = Commands::default();
        assert_eq!(
            sent(&mut commands, "/join general"),
            json!({"action": "join-channel", "message": "general"})
        );
        sent(&mut commands, "/join Tea & cake");
        assert_eq!(sent(&mut commands, "hi"), message("Tea & cake", "hi"));
        assert_eq!(
            sent(&mut commands, "/leave"),
            json!({"action": "leave-channel", "message": "Tea & cake"})
        );
        assert_eq!(sent(&mut commands, "hi"), message("general", "hi"));
        sent(&mut commands, "/leave general");
        assert!(hint(&mut commands, "hi").contains("/join general"));
    }

    #[test]
    fn a_private_message_names_one_who_may_have_spaces_in_the_name() {
        let mut commands = Commands::default();
        for line in ["/msg Ada hello  you", "/msg \"Ada\" hello  you"] {
            assert_eq!(
                sent(&mut commands, line),
                json!({"action": "send-private", "target": "Ada", "message": "hello  you"})
            );
        }
        assert_eq!(
            sent(&mut commands, "/msg \"Ada Byron\" hi")["target"],
            "Ada Byron"
        );
        for line in ["/msg", "/msg Ada", "/msg \"Ada Byron\""] {
            assert!(hint(&mut commands, line).contains("/msg NAME TEXT"));
        }
    }

    #[test]
    fn listings_are_of_the_current_channel_or_of_the_one_that_is_named() {
        let mut commands = Commands::default();
        assert_eq!(
            sent(&mut commands, "/channels"),
            json!({"action": "list-channels"})
        );
        assert!(hint(&mut commands, "/members").contains("/join general"));
        assert_eq!(sent(&mut commands, "/members tea")["target"], "tea");
        sent(&mut commands, "/join general");
        assert_eq!(
            sent(&mut commands, "/members"),
            json!({"action": "list-members", "target": "general"})
        );
    }

    #[test]
    fn json_is_sent_as_it_is() {
        let line = r#"{ "action": "list-channels", "ref": "1" } "#.to_owned();
        let mut commands = Commands::default();
        assert_eq!(commands.understand(line.clone()), Said::Send(line));
    }

    #[test]
    fn a_mistyped_command_is_not_said_to_everyone() {
        let mut commands = Commands::default();
        sent(&mut commands, "/join general");
        for line in ["/jion tea", "/join", "/", "/help"] {
            assert!(hint(&mut commands, line).contains("/join CHANNEL"));
        }
        assert_eq!(sent(&mut commands, "//shrug"), message("general", "/shrug"));
    }

    #[test]
    fn an_empty_line_says_nothing() {
        let mut commands = Commands::default();
        assert_eq!(commands.understand("  ".to_owned()), Said::Nothing);
    }
}
