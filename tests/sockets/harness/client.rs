//! A client as applications have it: messages in, messages out, pings answered by the library.

use std::io::{Read, Write};

use socket2::Socket;
use tungstenite::{Error, Message, WebSocket};

/// A WebSocket client. Reading waits, but not for ever.
pub(crate) struct Client<S = Socket> {
    socket: WebSocket<S>,
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn upgrade(stream: S, path: &str) -> Self {
        match tungstenite::client(format!("ws://hubbub{path}"), stream) {
            Ok((socket, _)) => Self { socket },
            Err(error) => panic!("not upgraded: {error}"),
        }
    }

    /// What is beneath.
    pub(crate) fn stream(&mut self) -> &mut S {
        self.socket.get_mut()
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.send(Message::text(text));
    }

    /// Says the same many times with one write, so that few turns of the server read it.
    pub(crate) fn say_at_once(&mut self, text: &str, times: usize) {
        for _ in 0..times {
            self.socket.write(Message::text(text)).unwrap();
        }
        self.socket.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.socket.send(message).unwrap();
    }

    /// The next message: data or a close.
    pub(crate) fn hear(&mut self) -> Message {
        loop {
            match self.socket.read().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The next message, which must be text.
    pub(crate) fn hear_text(&mut self) -> String {
        match self.hear() {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("heard {other:?}"),
        }
    }

    /// The next `count` lines, in however few frames they come.
    pub(crate) fn hear_lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            lines.extend(self.hear_text().split('\n').map(str::to_owned));
        }
        assert_eq!(lines.len(), count, "more than were said");
        lines
    }

    /// Waits for the server to close, with nothing more said before, and returns the code.
    pub(crate) fn hear_close(&mut self) -> Option<u16> {
        match self.hear() {
            Message::Close(frame) => frame.map(|frame| frame.code.into()),
            other => panic!("heard {other:?}"),
        }
    }

    /// Closes, and waits until the server has closed too.
    pub(crate) fn leave(mut self) {
        self.socket.close(None).unwrap();
        loop {
            match self.socket.read() {
                Ok(_) => {}
                Err(Error::ConnectionClosed) => return,
                Err(error) => panic!("closing ended in {error}"),
            }
        }
    }
}
