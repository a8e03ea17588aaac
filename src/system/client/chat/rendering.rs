//! From an object of the chat protocol to a line that people read.

use serde::Deserialize;

/// Names shown of a long list; the rest is counted.
const NAMES_SHOWN_MAX: usize = 20;

/// Renders objects, and remembers who we are.
#[derive(Debug, Default)]
pub struct Rendering {
    id: Option<String>,
}

/// What the server says, as far as it is shown.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
enum Event {
    Welcome {
        client: Person,
        server: Software,
    },
    Joined {
        channel: String,
        members: Vec<Person>,
        count: Option<usize>,
    },
    Left {
        channel: String,
    },
    SendMessage {
        target: String,
        sender: Option<Person>,
        message: String,
    },
    SendPrivate {
        target: Person,
        sender: Person,
        message: String,
    },
    Members {
        channel: String,
        members: Vec<Person>,
        count: Option<usize>,
    },
    Channels {
        channels: Vec<Channel>,
        count: Option<usize>,
    },
    Error {
        code: String,
        message: String,
    },
}

#[derive(Debug, Deserialize)]
struct Person {
    id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Software {
    name: String,
    version: String,
}

#[derive(Debug, Deserialize)]
struct Channel {
    channel: String,
    count: usize,
}

impl Rendering {
    /// A line for one object; what is not understood stays as it is. The text of peers is in it as they wrote it.
    pub fn line(&mut self, object: &str) -> String {
        let Ok(event) = serde_json::from_str(object) else {
            return object.to_owned();
        };
        match event {
            Event::Welcome { client, server } => {
                let line = format!(
                    "* welcome, {}: your id is {}, and this is {} {}",
                    client.name, client.id, server.name, server.version
                );
                self.id = Some(client.id);
                line
            }
            Event::Joined {
                channel,
                members,
                count,
            } => format!("{channel}  * you joined; {}", people(&members, count)),
            Event::Left { channel } => format!("{channel}  * you left"),
            Event::SendMessage {
                target,
                sender: Some(sender),
                message,
            } => format!("{target}  {}: {message}", sender.name),
            Event::SendMessage {
                target,
                sender: None,
                message,
            } => format!("{target}  * {message}"),
            Event::SendPrivate {
                target,
                sender,
                message,
            } => {
                let (from, to) = (self.name(&sender), self.name(&target));
                format!("{from} → {to}: {message}")
            }
            Event::Members {
                channel,
                members,
                count,
            } => format!("{channel}  * {}", people(&members, count)),
            Event::Channels { channels, count } => {
                let names = channels
                    .iter()
                    .map(|entry| format!("{} ({})", entry.channel, entry.count));
                format!(
                    "* {}",
                    list("channel", names, count.unwrap_or(channels.len()))
                )
            }
            Event::Error { code, message } => format!("! {code}: {message}"),
        }
    }

    fn name<'a>(&self, person: &'a Person) -> &'a str {
        if self.id.as_ref() == Some(&person.id) {
            "you"
        } else {
            &person.name
        }
    }
}

fn people(members: &[Person], count: Option<usize>) -> String {
    let names = members.iter().map(|member| member.name.clone());
    list("member", names, count.unwrap_or(members.len()))
}

/// `3 members: Ada, Bob, Cleo`, and of a long list the beginning. The server may count more than it lists.
fn list(noun: &str, names: impl Iterator<Item = String>, count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let shown = names.take(NAMES_SHOWN_MAX).collect::<Vec<_>>();
    let more = match count.saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let colon = if shown.is_empty() { "" } else { ": " };
    format!("{count} {noun}{plural}{colon}{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const WELCOME: &str = r#"{"action":"welcome","client":{"id":"1a","name":"Ada","avatar":"0f"},"server":{"name":"hubbub","version":"0.1.0"},"limits":{}}"#;

    fn line(object: &Value) -> String {
        let mut rendering = Rendering::default();
        rendering.line(WELCOME);
        rendering.line(&object.to_string())
    }

    fn members(count: usize) -> Vec<Value> {
        let member = |number| json!({"id": format!("{number}"), "name": format!("n{number}")});
        (0..count).map(member).collect()
    }

    #[test]
    fn a_welcome_tells_name_id_and_version() {
        assert_eq!(
            Rendering::default().line(WELCOME),
            "* welcome, Ada: your id is 1a, and this is hubbub 0.1.0"
        );
    }

    #[test]
    fn a_message_stands_behind_its_channel_and_its_sender() {
        let sender = json!({"id": "2b", "name": "Bob"});
        let said = json!({"action": "send-message", "target": "general", "sender": sender,
            "message": "hi", "seq": 7, "time": 1});
        assert_eq!(line(&said), "general  Bob: hi");
    }

    #[test]
    fn a_notice_has_a_star_in_place_of_a_sender() {
        let notice = json!({"action": "send-message", "target": "general", "event": "joined",
            "message": "Bob joined the channel", "member": {"id": "2b", "name": "Bob"}, "seq": 8});
        assert_eq!(line(&notice), "general  * Bob joined the channel");
    }

    #[test]
    fn private_messages_say_which_end_you_are() {
        let (ada, bob) = (
            json!({"id": "1a", "name": "Ada"}),
            json!({"id": "2b", "name": "Bob"}),
        );
        let private = |from: &Value, to: &Value| {
            line(
                &json!({"action": "send-private", "sender": from, "target": to, "message": "hi", "time": 1}),
            )
        };
        assert_eq!(private(&bob, &ada), "Bob → you: hi");
        assert_eq!(private(&ada, &bob), "you → Bob: hi");
    }

    #[test]
    fn joining_and_leaving_name_the_channel() {
        let joined = json!({"action": "joined", "channel": "general", "members": members(3), "count": 3, "seq": 1, "epoch": 1});
        assert_eq!(
            line(&joined),
            "general  * you joined; 3 members: n0, n1, n2"
        );
        let left = json!({"action": "left", "channel": "general"});
        assert_eq!(line(&left), "general  * you left");
    }

    #[test]
    fn listings_are_counted_and_long_ones_cut() {
        let listing = |members: Vec<Value>, count: usize| {
            line(
                &json!({"action": "members", "channel": "general", "members": members, "count": count}),
            )
        };
        assert_eq!(listing(members(0), 0), "general  * 0 members");
        assert_eq!(listing(members(1), 1), "general  * 1 member: n0");
        assert!(listing(members(20), 20).ends_with("n18, n19"));
        let long = listing(members(100), 500);
        assert!(
            long.starts_with("general  * 500 members: n0, n1,"),
            "{long}"
        );
        assert!(long.ends_with("n18, n19 and 480 more"), "{long}");
        let channels = json!({"action": "channels", "channels": [{"channel": "general", "count": 3},
            {"channel": "tea", "count": 1}], "count": 2});
        assert_eq!(line(&channels), "* 2 channels: general (3), tea (1)");
    }

    #[test]
    fn an_error_has_its_code_before_its_message() {
        let error =
            json!({"action": "error", "code": "no-such-channel", "message": "nobody is there"});
        assert_eq!(line(&error), "! no-such-channel: nobody is there");
    }

    #[test]
    fn what_is_not_understood_stays_as_it_is() {
        for object in [
            r#"{"action":"history","lines":[]}"#,
            r#"{"action":"left"}"#,
            "not JSON",
            "",
        ] {
            assert_eq!(Rendering::default().line(object), object);
        }
    }
}
