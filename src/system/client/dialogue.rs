//! What becomes of a line that is typed, and of a message that comes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use tungstenite::Message;

use super::{
    chat::{Chat, commands},
    said::Said,
};
use crate::vocabulary::visible::visible;

/// How lines are understood and messages are shown at an endpoint.
#[derive(Debug)]
pub struct Dialogue {
    manner: Manner,
    is_terminal: bool,
}

#[derive(Debug)]
enum Manner {
    /// All as it is, behind these joins.
    Raw {
        joins: Vec<String>,
        unsent: VecDeque<String>,
    },
    /// All as it is, for people.
    Plain,
    /// The chat protocol, for people.
    Chat(Box<Chat>),
}

impl Dialogue {
    /// A dialogue at the chat, in these channels, or another endpoint, shown on a terminal or not. `chance` is what other
    /// clients have not.
    pub fn new(
        is_raw: bool,
        is_chat: bool,
        is_terminal: bool,
        channels: &[String],
        chance: u64,
    ) -> Self {
        let manner = match (is_raw, is_chat) {
            (true, _) => {
                let joins = channels.iter().map(|channel| commands::join(channel));
                let joins: Vec<_> = joins.map(|join| join.to_string()).collect();
                Manner::Raw {
                    unsent: joins.clone().into(),
                    joins,
                }
            }
            (false, false) => Manner::Plain,
            (false, true) => Manner::Chat(Box::new(Chat::new(channels, chance))),
        };
        Self {
            manner,
            is_terminal,
        }
    }

    /// What to send next that nobody typed.
    pub fn request(&mut self, now: Duration) -> Option<String> {
        match &mut self.manner {
            Manner::Raw { unsent, .. } => unsent.pop_front(),
            Manner::Plain => None,
            Manner::Chat(chat) => chat.request(now),
        }
    }

    /// When there will be a request, unless one is called for before.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.manner {
            Manner::Raw { .. } | Manner::Plain => None,
            Manner::Chat(chat) => chat.deadline(),
        }
    }

    /// Understands a line, which is sent at once if it is to be.
    pub fn understand(&mut self, line: String) -> Said {
        match &mut self.manner {
            Manner::Raw { .. } | Manner::Plain => Said::Send(line),
            Manner::Chat(chat) => chat.understand(line),
        }
    }

    /// Whether a line is the wish to leave.
    pub fn is_quit(&self, line: &str) -> bool {
        matches!(self.manner, Manner::Chat(_)) && commands::is_quit(line)
    }

    /// Whether the server has so much to answer that nothing more should be said.
    pub fn is_full(&self) -> bool {
        matches!(&self.manner, Manner::Chat(chat) if chat.is_full())
    }

    /// Whether another connection may show what became of something that was said.
    pub fn is_waiting(&self) -> bool {
        matches!(&self.manner, Manner::Chat(chat) if chat.is_waiting())
    }

    /// The connection is lost; there may be another.
    pub fn lose(&mut self) {
        match &mut self.manner {
            Manner::Raw { joins, unsent } => *unsent = joins.clone().into(),
            Manner::Plain => {}
            Manner::Chat(chat) => chat.lose(),
        }
    }

    /// What to tell when there is another.
    pub fn back(&self) -> &'static str {
        match self.manner {
            Manner::Raw { .. } | Manner::Plain => "connected again; messages may be missing",
            Manner::Chat(_) => "connected again",
        }
    }

    /// Nothing more will be heard.
    pub fn end(&mut self) {
        if let Manner::Chat(chat) = &mut self.manner {
            chat.end();
        }
    }

    /// The next thing that was said, in words, of which nothing will show whether it was.
    pub fn unknown(&mut self) -> Option<String> {
        match &mut self.manner {
            Manner::Raw { .. } | Manner::Plain => None,
            Manner::Chat(chat) => chat.unknown(),
        }
    }

    /// Prints a message that carries data: text with an end of line behind it, and in the raw manner binary without.
    ///
    /// # Errors
    /// Those of writing.
    pub fn print(&mut self, message: &Message, out: &mut impl Write) -> io::Result<()> {
        match (&mut self.manner, message) {
            (Manner::Raw { .. }, Message::Binary(bytes)) if !self.is_terminal => {
                out.write_all(bytes)
            }
            (Manner::Raw { .. }, Message::Binary(bytes)) => {
                out.write_all(self.harmless(&String::from_utf8_lossy(bytes)).as_bytes())
            }
            (_, Message::Binary(bytes)) if bytes.len() == 1 => writeln!(out, "[1 byte of binary]"),
            (_, Message::Binary(bytes)) => writeln!(out, "[{} bytes of binary]", bytes.len()),
            (Manner::Raw { .. } | Manner::Plain, Message::Text(text)) => {
                writeln!(out, "{}", self.harmless(text))
            }
            (Manner::Chat(chat), Message::Text(text)) => {
                for line in text.split('\n').flat_map(|object| chat.lines(object)) {
                    writeln!(out, "{}", visible(&line, &[]))?;
                }
                Ok(())
            }
            (_, Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {
                Ok(())
            }
        }
    }

    /// Text as it is, unless a terminal would heed it. Lines stay lines: several messages may come in one.
    fn harmless<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_terminal {
            visible(text, &['\n', '\t'])
        } else {
            Cow::Borrowed(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: bool = true;
    const CHAT: bool = true;
    const TERMINAL: bool = true;

    fn dialogue(is_raw: bool, is_chat: bool, is_terminal: bool) -> Dialogue {
        Dialogue::new(is_raw, is_chat, is_terminal, &["tea".to_owned()], 1)
    }

    fn printed(mut dialogue: Dialogue, message: impl Into<Message>) -> String {
        let mut out = Vec::new();
        dialogue.print(&message.into(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_printed_as_it_is_and_made_harmless_for_a_terminal() {
        let text = "one\n\u{1b}[31mtwo";
        for is_raw in [RAW, !RAW] {
            let piped = dialogue(is_raw, !CHAT, !TERMINAL);
            assert_eq!(printed(piped, text), "one\n\u{1b}[31mtwo\n");
            let seen = dialogue(is_raw, !CHAT, TERMINAL);
            assert_eq!(printed(seen, text), "one\n\\u{1b}[31mtwo\n");
        }
    }

    #[test]
    fn binary_is_counted_and_in_the_raw_manner_printed() {
        let plain = || dialogue(!RAW, !CHAT, !TERMINAL);
        assert_eq!(printed(plain(), vec![0; 12]), "[12 bytes of binary]\n");
        assert_eq!(printed(plain(), vec![0]), "[1 byte of binary]\n");
        let raw = dialogue(RAW, !CHAT, !TERMINAL);
        assert_eq!(printed(raw, b"\x1b\n".to_vec()), "\u{1b}\n");
        let seen = dialogue(RAW, !CHAT, TERMINAL);
        assert_eq!(printed(seen, b"\x1b\n".to_vec()), "\\u{1b}\n");
    }

    #[test]
    fn the_objects_of_a_chat_frame_have_a_line_each_that_no_peer_can_break() {
        let frame = r#"{"action":"left","channel":"a\nb"}
{"action":"error","code":"bad-name","message":"\u001b[2J"}"#;
        for is_terminal in [TERMINAL, !TERMINAL] {
            let chat = dialogue(!RAW, CHAT, is_terminal);
            assert_eq!(
                printed(chat, frame),
                "a\\nb  * you left\n! bad-name: \\u{1b}[2J\n"
            );
        }
        let raw = dialogue(RAW, CHAT, !TERMINAL);
        assert_eq!(printed(raw, frame), format!("{frame}\n"));
    }

    #[test]
    fn lines_are_commands_at_the_chat_only_and_not_in_the_raw_manner() {
        let said = |is_raw, is_chat| {
            let mut dialogue = dialogue(is_raw, is_chat, !TERMINAL);
            dialogue.understand("/quit".to_owned())
        };
        assert_eq!(said(!RAW, CHAT), Said::Quit);
        assert_eq!(said(RAW, CHAT), Said::Send("/quit".to_owned()));
        assert_eq!(said(!RAW, !CHAT), Said::Send("/quit".to_owned()));
    }

    #[test]
    fn every_connection_begins_with_the_joins() {
        for is_raw in [RAW, !RAW] {
            let mut dialogue = dialogue(is_raw, CHAT, !TERMINAL);
            for _ in 0..2 {
                let join = dialogue.request(Duration::ZERO).unwrap();
                assert!(
                    join.contains("join-channel") && join.contains("tea"),
                    "{join}"
                );
                assert_eq!(dialogue.request(Duration::ZERO), None);
                dialogue.lose();
            }
        }
        assert_eq!(
            dialogue(!RAW, !CHAT, !TERMINAL).request(Duration::ZERO),
            None
        );
    }

    #[test]
    fn only_the_chat_knows_what_is_missing() {
        assert_eq!(dialogue(!RAW, CHAT, !TERMINAL).back(), "connected again");
        for (is_raw, is_chat) in [(RAW, CHAT), (!RAW, !CHAT)] {
            let back = dialogue(is_raw, is_chat, !TERMINAL).back();
            assert!(back.ends_with("messages may be missing"));
        }
    }
}
