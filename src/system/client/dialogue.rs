//! What becomes of a line that is typed, and of a message that comes.

use std::borrow::Cow;
use std::io::{self, Write};

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
    /// All as it is.
    Raw,
    /// All as it is, for people.
    Plain,
    /// The chat protocol, for people.
    Chat(Chat),
}

impl Dialogue {
    /// A dialogue at the chat or another endpoint, shown on a terminal or not.
    pub fn new(is_raw: bool, is_chat: bool, is_terminal: bool) -> Self {
        let manner = match (is_raw, is_chat) {
            (true, _) => Manner::Raw,
            (false, false) => Manner::Plain,
            (false, true) => Manner::Chat(Chat::default()),
        };
        Self {
            manner,
            is_terminal,
        }
    }

    /// What to send to the chat to join a channel.
    pub fn join(&mut self, channel: &str) -> String {
        match &mut self.manner {
            Manner::Chat(chat) => chat.join(channel),
            Manner::Raw | Manner::Plain => commands::join(channel).to_string(),
        }
    }

    /// Understands a line.
    pub fn understand(&mut self, line: String) -> Said {
        match &mut self.manner {
            Manner::Raw | Manner::Plain => Said::Send(line),
            Manner::Chat(chat) => chat.understand(line),
        }
    }

    /// Prints a message that carries data: text with an end of line behind it, and in the raw manner binary without.
    ///
    /// # Errors
    /// Those of writing.
    pub fn print(&mut self, message: &Message, out: &mut impl Write) -> io::Result<()> {
        match (&mut self.manner, message) {
            (Manner::Raw, Message::Binary(bytes)) if !self.is_terminal => out.write_all(bytes),
            (Manner::Raw, Message::Binary(bytes)) => {
                out.write_all(self.harmless(&String::from_utf8_lossy(bytes)).as_bytes())
            }
            (_, Message::Binary(bytes)) if bytes.len() == 1 => writeln!(out, "[1 byte of binary]"),
            (_, Message::Binary(bytes)) => writeln!(out, "[{} bytes of binary]", bytes.len()),
            (Manner::Raw | Manner::Plain, Message::Text(text)) => {
                writeln!(out, "{}", self.harmless(text))
            }
            (Manner::Chat(chat), Message::Text(text)) => {
                for object in text.split('\n') {
                    writeln!(out, "{}", visible(&chat.line(object), &[]))?;
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

    fn printed(mut dialogue: Dialogue, message: impl Into<Message>) -> String {
        let mut out = Vec::new();
        dialogue.print(&message.into(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_printed_as_it_is_and_made_harmless_for_a_terminal() {
        let text = "one\n\u{1b}[31mtwo";
        for is_raw in [RAW, !RAW] {
            let piped = Dialogue::new(is_raw, !CHAT, !TERMINAL);
            assert_eq!(printed(piped, text), "one\n\u{1b}[31mtwo\n");
            let seen = Dialogue::new(is_raw, !CHAT, TERMINAL);
            assert_eq!(printed(seen, text), "one\n\\u{1b}[31mtwo\n");
        }
    }

    #[test]
    fn binary_is_counted_and_in_the_raw_manner_printed() {
        let plain = || Dialogue::new(!RAW, !CHAT, !TERMINAL);
        assert_eq!(printed(plain(), vec![0; 12]), "[12 bytes of binary]\n");
        assert_eq!(printed(plain(), vec![0]), "[1 byte of binary]\n");
        let raw = Dialogue::new(RAW, !CHAT, !TERMINAL);
        assert_eq!(printed(raw, b"\x1b\n".to_vec()), "\u{1b}\n");
        let seen = Dialogue::new(RAW, !CHAT, TERMINAL);
        assert_eq!(printed(seen, b"\x1b\n".to_vec()), "\\u{1b}\n");
    }

    #[test]
    fn the_objects_of_a_chat_frame_have_a_line_each_that_no_peer_can_break() {
        let frame = r#"{"action":"left","channel":"a\nb"}
{"action":"error","code":"bad-name","message":"\u001b[2J"}"#;
        for is_terminal in [TERMINAL, !TERMINAL] {
            let chat = Dialogue::new(!RAW, CHAT, is_terminal);
            assert_eq!(
                printed(chat, frame),
                "a\\nb  * you left\n! bad-name: \\u{1b}[2J\n"
            );
        }
        let raw = Dialogue::new(RAW, CHAT, !TERMINAL);
        assert_eq!(printed(raw, frame), format!("{frame}\n"));
    }

    #[test]
    fn lines_are_commands_at_the_chat_only_and_not_in_the_raw_manner() {
        let said = |is_raw, is_chat| {
            let mut dialogue = Dialogue::new(is_raw, is_chat, !TERMINAL);
            dialogue.understand("/quit".to_owned())
        };
        assert_eq!(said(!RAW, CHAT), Said::Quit);
        assert_eq!(said(RAW, CHAT), Said::Send("/quit".to_owned()));
        assert_eq!(said(!RAW, !CHAT), Said::Send("/quit".to_owned()));
    }
}
