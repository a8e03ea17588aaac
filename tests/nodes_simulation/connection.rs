//! A client's connection to a node: the handshake, and frames.

use std::mem;
use std::rc::Rc;

use tungstenite::protocol::frame::coding::OpCode;

use crate::faults::Operations;
use crate::inflate::inflate;
use crate::outgoing::Outgoing;
use crate::programs::DISMISSED;
use crate::record::Record;
use crate::socket::{Manners, Pipe, Shared};
use crate::wire;

/// A client's end.
#[derive(Debug)]
pub struct Connection {
    pub pipe: Shared,
    incoming: Vec<u8>,
    outgoing: Outgoing,
    /// The bits of the window within which it offers to inflate, and does once there is a session in which that is agreed on.
    window: Option<u8>,
    status: Option<u16>,
    close_code: Option<u16>,
}

impl Connection {
    /// Someone knocks at a node, and offers to inflate within a window, or does not: each in turn.
    pub fn knock(path: &str, id: usize, manners: Manners) -> Self {
        let window = [None, Some(9), Some(15)][id % 3];
        let offer =
            window.map(|bits| format!("Sec-WebSocket-Extensions: {}\r\n", wire::offer(bits)));
        let offer = offer.unwrap_or_default();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offer}\r\n"
        );
        Self {
            pipe: Pipe::new(manners, Rc::new(Operations::default()), 0),
            incoming: Vec::new(),
            outgoing: Outgoing::new(request),
            window,
            status: None,
            close_code: None,
        }
    }

    /// Says something.
    pub fn say(&mut self, text: &str) {
        self.outgoing.say(wire::TEXT, false, text.as_bytes());
    }

    /// Begins to end it.
    pub fn close(&mut self) {
        wire::write(
            wire::CLOSE,
            &1000_u16.to_be_bytes(),
            &mut self.outgoing.bytes,
        );
    }

    /// Breaks it.
    pub fn vanish(&mut self) {
        self.pipe.borrow_mut().reset();
    }

    /// Whether there is a session.
    pub fn is_open(&self) -> bool {
        self.status == Some(101) && !self.is_over()
    }

    /// Whether the node has ended it, since it could not do what was asked.
    pub fn is_turned_out(&self) -> bool {
        self.close_code == Some(1013)
    }

    /// Whether a program has had it closed.
    pub fn is_dismissed(&self) -> bool {
        self.close_code == Some(DISMISSED)
    }

    /// Whether nothing comes any more.
    pub fn is_over(&self) -> bool {
        let pipe = self.pipe.borrow();
        let is_refused = self.status.is_some_and(|status| status != 101);
        pipe.is_reset
            || is_refused
            || self.close_code.is_some()
            || pipe.is_dropped && pipe.to_peer.is_empty()
    }

    /// Sends what is to be said, and returns the messages that came.
    ///
    /// # Errors
    /// What came makes no sense.
    pub fn exchange(&mut self, record: &mut Record) -> Result<Vec<String>, String> {
        let mut pipe = self.pipe.borrow_mut();
        let outgoing = mem::take(&mut self.outgoing.bytes);
        pipe.send(&outgoing);
        self.incoming.extend(pipe.take(usize::MAX));
        if pipe.is_shut && !pipe.is_ended && !pipe.is_reset {
            pipe.end();
        }
        drop(pipe);
        if self.status.is_none() && !self.shake_hands() {
            return Ok(Vec::new());
        }
        let mut messages = Vec::new();
        let incoming = mem::take(&mut self.incoming);
        let mut at = 0;
        while self.status == Some(101)
            && let Some(frame) = wire::read(&incoming[at..])?
        {
            at += frame.bytes;
            if frame.is_deflated {
                let window = self.window.ok_or("got what it has not agreed to inflate")?;
                let inflated = inflate(window, frame.payload)?;
                record.inflated += 1;
                self.hear(frame.opcode, &inflated, &mut messages)?;
            } else {
                self.hear(frame.opcode, frame.payload, &mut messages)?;
            }
        }
        self.incoming = incoming[at..].to_vec();
        Ok(messages)
    }

    /// Whether the handshake's answer is there.
    fn shake_hands(&mut self) -> bool {
        const END: &[u8] = b"\r\n\r\n";
        let end = self
            .incoming
            .windows(END.len())
            .position(|part| part == END);
        let Some(end) = end else {
            return false;
        };
        let head = String::from_utf8_lossy(&self.incoming[..end]);
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        self.status = Some(status.expect("a response has a status"));
        self.window = self.window.filter(|_| head.contains("permessage-deflate"));
        if let Some(window) = self.window {
            self.outgoing.deflate(window.into());
        }
        self.incoming.drain(..end + END.len());
        true
    }

    fn hear(
        &mut self,
        opcode: OpCode,
        payload: &[u8],
        messages: &mut Vec<String>,
    ) -> Result<(), String> {
        match opcode {
            wire::TEXT => {
                let text = str::from_utf8(payload).map_err(|error| error.to_string())?;
                messages.extend(text.split('\n').map(str::to_owned));
            }
            wire::PING => wire::write(wire::PONG, payload, &mut self.outgoing.bytes),
            wire::CLOSE => {
                let code = payload.first_chunk();
                self.close_code = Some(code.map_or(1005, |code| u16::from_be_bytes(*code)));
            }
            _ => {}
        }
        Ok(())
    }
}
