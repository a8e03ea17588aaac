//! From an object of the chat protocol to lines that people read.

use std::iter;

use super::{
    event::{Event, Joined, Person},
    position::Loss,
};

/// Names shown of a long list; the rest is counted.
const NAMES_SHOWN_MAX: usize = 20;

/// Renders objects, and remembers who we are.
#[derive(Debug, Default)]
pub(super) struct Rendering {
    id: Option<String>,
}

impl Rendering {
    /// Lines for one object, which may be about a channel that one `is_back` in. The text of peers is in them as they
    /// wrote it.
    pub(super) fn lines(&mut self, event: Event, is_back: bool) -> Vec<String> {
        let line = match event {
            Event::Welcome { client, server } => {
                let line = format!(
                    "* welcome, {}: your id is {}, and this is {} {}",
                    client.name, client.id, server.name, server.version
                );
                self.id = Some(client.id);
                line
            }
            Event::Joined(Joined {
                channel,
                members,
                count,
                ..
            }) => {
                let came = if is_back { "are back" } else { "joined" };
                format!("{channel}  * you {came}; {}", people(&members, count))
            }
            Event::Left { channel } => format!("{channel}  * you left"),
            Event::SendMessage {
                target,
                sender: Some(sender),
                content,
                ..
            } => format!("{target}  {}: {content}", sender.name),
            Event::SendMessage {
                target,
                sender: None,
                content,
                ..
            } => format!("{target}  * {content}"),
            Event::SendPrivate {
                target,
                sender,
                content,
                ..
            } => {
                let (from, to) = (self.name(&sender), self.name(&target));
                format!("{from} → {to}: {content}")
            }
            // Told as losses, where they are any.
            Event::Gap { .. } | Event::Epoch { .. } => return Vec::new(),
            Event::History {
                channel, messages, ..
            } => return self.history(&channel, messages),
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
            Event::Error { code, message, .. } => format!("! {code}: {message}"),
        };
        vec![line]
    }

    /// How many there are, and each as when it was said.
    fn history(&mut self, channel: &str, messages: Vec<Event>) -> Vec<String> {
        let plural = plural(messages.len());
        let heading = format!("{channel}  * history: {} message{plural}", messages.len());
        let lines = messages
            .into_iter()
            .flat_map(|message| self.lines(message, false));
        iter::once(heading).chain(lines).collect()
    }

    fn name<'a>(&self, person: &'a Person) -> &'a str {
        if self.id.as_ref() == Some(&person.id) {
            "you"
        } else {
            &person.name
        }
    }
}

/// A line for what can never come.
pub(super) fn loss(channel: &str, loss: Loss) -> String {
    match loss {
        Loss::Messages(1) => format!("{channel}  * 1 message is missing"),
        Loss::Messages(count) => format!("{channel}  * {count} messages are missing"),
        Loss::End => format!("{channel}  * the channel began again: some messages may be missing"),
    }
}

fn people(members: &[Person], count: Option<usize>) -> String {
    let mut names: Vec<_> = members.iter().map(|member| member.name.clone()).collect();
    names.sort_unstable();
    list("member", names.into_iter(), count.unwrap_or(members.len()))
}

/// `3 members: Ada, Bob, Cleo`, and of a long list the beginning. The server may count more than it lists.
fn list(noun: &str, names: impl Iterator<Item = String>, count: usize) -> String {
    let plural = plural(count);
    let shown = names.take(NAMES_SHOWN_MAX).collect::<Vec<_>>();
    let more = match count.saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let colon = if shown.is_empty() { "" } else { ": " };
    format!("{count} {noun}{plural}{colon}{}{more}", shown.join(", "))
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use arrayvec::ArrayString;
    use uuid::Uuid;

    use super::*;
    use serde_json::value::{RawValue, to_raw_value};

    use crate::vocabulary::chat::{
        ChannelEntry, Content, Event as Happening, Identity, Limits, Recovery, ServerIdentity,
        Told, address,
    };

    fn members(of: &[&Identity]) -> Box<RawValue> {
        to_raw_value(of).unwrap()
    }

    fn person(id: u128, name: &str) -> Identity {
        Identity {
            id: Uuid::from_u128(id).to_string().into(),
            name: name.into(),
            avatar: ArrayString::new(),
        }
    }

    fn ada() -> Identity {
        person(1, "Ada")
    }

    fn bob() -> Identity {
        person(2, "Bob")
    }

    /// What is shown to Ada.
    fn line(told: &Told) -> String {
        lines(told, false).join("\n")
    }

    fn lines(told: &Told, is_back: bool) -> Vec<String> {
        let mut rendering = Rendering::default();
        welcome(&mut rendering);
        rendering.lines(Event::of(told), is_back)
    }

    fn welcome(rendering: &mut Rendering) -> String {
        let welcome = Event::of(&Told::Welcome {
            client: &ada(),
            server: ServerIdentity::OURS,
            limits: Limits::new(1, 1),
        });
        rendering.lines(welcome, false).concat()
    }

    #[test]
    fn a_welcome_tells_name_id_and_version() {
        assert_eq!(
            welcome(&mut Rendering::default()),
            format!(
                "* welcome, Ada: your id is {}, and this is hubbub {}",
                ada().id,
                env!("CARGO_PKG_VERSION")
            )
        );
    }

    #[test]
    fn a_message_stands_behind_its_channel_and_its_sender() {
        let said = |content| {
            line(&Told::SendMessage {
                content,
                target: "general",
                sender: &bob().mention().encode(),
                reference: None,
            })
        };
        assert_eq!(said(Content::Message("hi")), "general  Bob: hi");
        let data = to_raw_value(&["h\u{1b}i"]).unwrap();
        let shown = said(Content::Data(&data));
        assert_eq!(shown, r#"general  Bob: ["h\u001bi"]"#);
    }

    #[test]
    fn a_notice_has_a_star_in_place_of_a_sender() {
        let notice = line(&Told::Notice {
            message: "Bob joined the channel",
            target: "general",
            event: Happening::Joined { member: &bob() },
        });
        assert_eq!(notice, "general  * Bob joined the channel");
    }

    #[test]
    fn private_messages_say_which_end_you_are() {
        let private = |from: &Identity, to: &Identity| {
            let told = Told::SendPrivate {
                content: Content::Message("hi"),
                sender: &from.mention().encode(),
                reference: None,
            };
            let mut object = serde_json::to_vec(&told).unwrap();
            address(&mut object, to.mention(), 1);
            let mut rendering = Rendering::default();
            welcome(&mut rendering);
            rendering.lines(Event::read(&object), false).concat()
        };
        assert_eq!(private(&bob(), &ada()), "Bob → you: hi");
        assert_eq!(private(&ada(), &bob()), "you → Bob: hi");
    }

    #[test]
    fn joining_and_leaving_name_the_channel() {
        let joined = Told::Joined {
            channel: "general",
            members: &members(&[&ada(), &bob()]),
            count: 2,
            seq: 1,
            epoch: 1,
            oldest: 1,
            recovery: Recovery::default(),
            reference: Some("join-1"),
        };
        let joined = [false, true].map(|is_back| lines(&joined, is_back).concat());
        let words = ["joined", "are back"];
        assert_eq!(
            joined,
            words.map(|words| format!("general  * you {words}; 2 members: Ada, Bob"))
        );
        let left = line(&Told::Left {
            channel: "general",
            reference: None,
        });
        assert_eq!(left, "general  * you left");
    }

    #[test]
    fn listings_are_counted_and_long_ones_cut() {
        let people = (0..100).map(|number| person(number, &format!("n{number:02}")));
        let people = people.collect::<Vec<_>>();
        let listing = |listed: usize, count: usize| {
            line(&Told::Members {
                channel: "general",
                members: &members(&people[..listed].iter().collect::<Vec<_>>()),
                count,
                next: None,
                reference: None,
            })
        };
        assert_eq!(listing(0, 0), "general  * 0 members");
        assert_eq!(listing(1, 1), "general  * 1 member: n00");
        assert!(listing(20, 20).ends_with("n18, n19"));
        let long = listing(100, 500);
        assert!(
            long.starts_with("general  * 500 members: n00, n01,"),
            "{long}"
        );
        assert!(long.ends_with("n18, n19 and 480 more"), "{long}");
        let entry = |channel, count| ChannelEntry { channel, count };
        let channels = line(&Told::Channels {
            channels: &[entry("general", 3), entry("tea", 1)],
            count: 2,
            reference: None,
        });
        assert_eq!(channels, "* 2 channels: general (3), tea (1)");
    }

    #[test]
    fn an_error_has_its_code_before_its_message() {
        let error = line(&Told::Error {
            code: "no-such-channel",
            message: "nobody is there",
            reference: None,
        });
        assert_eq!(error, "! no-such-channel: nobody is there");
    }

    #[test]
    fn history_has_a_line_for_each_message_and_notice() {
        let history = line(&Told::History {
            channel: "general",
            epoch: 1,
            messages: &to_raw_value(&[
                Told::Notice {
                    message: "Bob joined the channel",
                    target: "general",
                    event: Happening::Joined { member: &bob() },
                },
                Told::SendMessage {
                    content: Content::Message("hi"),
                    target: "general",
                    sender: &bob().mention().encode(),
                    reference: None,
                },
            ])
            .unwrap(),
            oldest: 1,
            reference: None,
        });
        let lines = [
            "general  * history: 2 messages",
            "general  * Bob joined the channel",
            "general  Bob: hi",
        ];
        assert_eq!(history, lines.join("\n"));
    }

    #[test]
    fn what_is_missing_is_counted_where_that_can_be() {
        for (missing, words) in [
            (Loss::Messages(1), "1 message is missing"),
            (Loss::Messages(3), "3 messages are missing"),
            (
                Loss::End,
                "the channel began again: some messages may be missing",
            ),
        ] {
            assert_eq!(loss("tea", missing), format!("tea  * {words}"));
        }
    }
}
