//! One client: what it sends, and what it gets.

use std::mem;

use hubbub::{
    server::{Server, stream::Readiness},
    vocabulary::id::Key,
};

use super::{
    super::{TOKEN, wire},
    program,
    script::Act,
    socket::{FakeSocket, Shared},
};

/// What clients ask for: every kind of session, and of response.
const PATHS: [&str; 8] = [
    "/relay?channel=tea",
    "/relay?channel=tea&frames=single&last=3",
    "/ws?name=Ada&email=ada@example.com",
    "/ws",
    "/echo",
    "/metrics",
    "/",
    "/nothing",
];

/// A client's end of a connection.
pub struct Client {
    key: Key,
    is_program: bool,
    pipe: Shared,
    /// What it sent that may be anything.
    raw: Vec<u8>,
    /// All that it took.
    pub taken: Vec<u8>,
}

impl Client {
    /// The client of a connection that was accepted, perhaps by the operator's listener.
    pub fn new(key: Key, is_program: bool, pipe: Shared) -> Self {
        Self {
            key,
            is_program,
            pipe,
            raw: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// Does something.
    pub fn act(&mut self, act: Act<'_>) {
        match act {
            Act::Ask(number) if self.is_program => self.send(&program::request(number)),
            Act::Ask(path) => self.send(&request(PATHS[path % PATHS.len()])),
            Act::Send(bytes) => {
                self.raw.extend(bytes);
                self.send(bytes);
            }
            Act::Say(bytes) => self.send(&message(bytes)),
            Act::Take(most) => {
                let bytes = self.pipe.borrow_mut().take(most);
                self.taken.extend(bytes);
            }
            Act::End => {
                let mut pipe = self.pipe.borrow_mut();
                if !pipe.is_ended && !pipe.is_reset {
                    pipe.end();
                }
            }
            Act::Reset => self.pipe.borrow_mut().reset(),
        }
    }

    fn send(&self, bytes: &[u8]) {
        self.pipe.borrow_mut().send(bytes);
    }

    /// Tells the server what an event would.
    pub fn signal(&self, server: &mut Server<FakeSocket>) {
        let edge = mem::take(&mut self.pipe.borrow_mut().edge);
        if edge != Readiness::default() {
            server.signal(self.key, edge);
        }
    }

    /// Whether the server has let go of the connection.
    pub fn is_gone(&self) -> bool {
        self.pipe.borrow().is_dropped
    }

    /// Checks all that it got, once it has taken it.
    pub fn check(&self) {
        let pipe = self.pipe.borrow();
        let is_complete = pipe.is_shut && !pipe.is_reset;
        let asked_with_head = self.raw.windows(4).any(|word| word == b"HEAD");
        wire::check(&self.taken, is_complete, asked_with_head);
    }
}

fn request(path: &str) -> Vec<u8> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {TOKEN}\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    );
    request.into()
}

/// A text message, masked with zeroes.
fn message(bytes: usize) -> Vec<u8> {
    let [high, low] = u16::try_from(bytes).expect("64 KiB at most").to_be_bytes();
    [&[0x81, 0xfe, high, low, 0, 0, 0, 0], &*vec![b'x'; bytes]].concat()
}
