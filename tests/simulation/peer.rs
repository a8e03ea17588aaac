//! A client as the simulation plays it: it says hello, talks, listens, and misbehaves as chance has it.

use std::io::Cursor;

use tungstenite::protocol::frame::{
    Frame, FrameHeader,
    coding::{Control, Data, OpCode},
};

use crate::socket::{Manners, Pipe, Sabotage, Shared};

/// Bytes of a joined frame, unless it holds one message.
const FRAME_BYTES_MAX: usize = 16 << 10;

/// How a client was asked to behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Joins first, always reads, never fails: what it hears is what was said.
    Witness,
    /// Reads and answers, now and then stalls for a while, and may leave in any way.
    Member,
}

/// How a client's connection came to its end, as far as the client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It goes on.
    Open,
    /// The client sent a close frame.
    Closed,
    /// The client ended its side without one.
    HalfClosed,
    /// The client reset the connection.
    Reset,
    /// The client broke the protocol.
    Broken,
}

/// One client.
#[derive(Debug)]
pub struct Peer {
    pub id: usize,
    pub role: Role,
    pub channel: usize,
    pub is_joined_form: bool,
    pub pipe: Shared,
    pub ending: Ending,
    /// Messages it sent, by number.
    pub sent: u32,
    /// Messages it heard, in order.
    pub heard: Vec<String>,
    /// The code of the server's close frame, or the status that refused the handshake.
    pub close_code: Option<u16>,
    /// How much the witness had heard when this one connected.
    pub witnessed_before: usize,
    /// Bytes that reached it.
    pub taken: u64,
    /// Bytes it has not sent yet.
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    is_upgraded: bool,
    stalled_steps: u32,
}

impl Peer {
    pub fn new(
        id: usize,
        role: Role,
        channel: usize,
        sabotage: Sabotage,
        chance: &mut fastrand::Rng,
    ) -> Self {
        let is_plain = role == Role::Witness || sabotage != Sabotage::None;
        let manners = Manners {
            window: if is_plain {
                usize::MAX
            } else {
                chance.usize(200..60_000)
            },
            is_short: !is_plain && chance.bool(),
            holds_back: !is_plain && chance.u8(0..4) == 0,
            sabotage,
        };
        let is_joined_form = chance.u8(0..3) > 0;
        let frames = if is_joined_form { "joined" } else { "single" };
        let request = format!(
            "GET /relay?channel=c{channel}&frames={frames} HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut peer = Self {
            id,
            role,
            channel,
            is_joined_form,
            pipe: Pipe::new(manners, chance.u64(..)),
            ending: Ending::Open,
            sent: 0,
            heard: Vec::new(),
            close_code: None,
            witnessed_before: 0,
            taken: 0,
            outgoing: request.into_bytes(),
            incoming: Vec::new(),
            is_upgraded: false,
            stalled_steps: 0,
        };
        peer.say(chance);
        peer
    }

    /// Whether it is in and has not begun to leave.
    pub fn is_open(&self) -> bool {
        self.ending == Ending::Open && !self.is_over()
    }

    /// Whether the server has ended the connection, or it broke.
    pub fn is_over(&self) -> bool {
        let pipe = self.pipe.borrow();
        pipe.is_reset || pipe.is_dropped || self.close_code.is_some()
    }

    /// One step: hears some of what came, does something by chance, and sends some of what it has to send.
    pub fn step(&mut self, is_calm: bool, chance: &mut fastrand::Rng) -> Result<(), String> {
        let most = match self.role {
            Role::Member if !is_calm => chance.usize(0..3000),
            _ => usize::MAX,
        };
        if is_calm || self.stalled_steps == 0 {
            self.listen(most.saturating_mul(4))?;
        } else {
            self.stalled_steps -= 1;
        }
        if self.is_open() && !is_calm {
            self.act(chance);
        }
        let part = most.min(self.outgoing.len());
        let bytes: Vec<u8> = self.outgoing.drain(..part).collect();
        let mut pipe = self.pipe.borrow_mut();
        pipe.send(&bytes);
        if self.outgoing.is_empty() && self.ending == Ending::HalfClosed && !pipe.is_ended {
            pipe.end();
        }
        Ok(())
    }

    /// Reads what came, and ends its side once the server has ended its own.
    fn listen(&mut self, most: usize) -> Result<(), String> {
        let bytes = self.pipe.borrow_mut().take(most);
        self.taken += bytes.len() as u64;
        self.incoming.extend(bytes);
        if !self.is_upgraded {
            let Some(end) = self
                .incoming
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
            else {
                return Ok(());
            };
            match self.incoming.get(9..12) {
                Some(b"101") => {}
                // The clock jumped while the request was on its way.
                Some(b"408") => {
                    self.close_code = Some(408);
                    self.incoming.clear();
                    return Ok(());
                }
                _ => return Err(format!("peer {} was not upgraded", self.id)),
            }
            self.incoming.drain(..end + 4);
            self.is_upgraded = true;
        }
        while self.hear_frame()? {}
        let mut pipe = self.pipe.borrow_mut();
        if pipe.is_shut && pipe.to_peer.is_empty() && !pipe.is_ended && !pipe.is_reset {
            pipe.end();
        }
        Ok(())
    }

    fn hear_frame(&mut self) -> Result<bool, String> {
        let mut cursor = Cursor::new(&self.incoming);
        let parsed = FrameHeader::parse(&mut cursor)
            .map_err(|error| format!("peer {}: {error}", self.id))?;
        let Some((header, len)) = parsed else {
            return Ok(false);
        };
        let start = usize::try_from(cursor.position()).unwrap();
        let end = start + usize::try_from(len).unwrap();
        if end > self.incoming.len() {
            return Ok(false);
        }
        let payload = self.incoming[start..end].to_vec();
        self.incoming.drain(..end);
        if self.close_code.is_some() {
            return Err(format!(
                "peer {} got a frame after the close frame",
                self.id
            ));
        }
        match header.opcode {
            OpCode::Data(Data::Text) => self.hear_text(&payload)?,
            OpCode::Data(Data::Binary) => self
                .heard
                .push(String::from_utf8_lossy(&payload).into_owned()),
            OpCode::Control(Control::Ping) => self
                .outgoing
                .extend(masked(OpCode::Control(Control::Pong), &payload)),
            OpCode::Control(Control::Pong) => {}
            OpCode::Control(Control::Close) => {
                let code = payload
                    .first_chunk()
                    .map_or(1005, |code| u16::from_be_bytes(*code));
                self.close_code = Some(code);
            }
            other => return Err(format!("peer {} got {other:?}", self.id)),
        }
        Ok(true)
    }

    fn hear_text(&mut self, payload: &[u8]) -> Result<(), String> {
        let text = String::from_utf8(payload.to_vec()).map_err(|error| error.to_string())?;
        let before = self.heard.len();
        self.heard.extend(text.split('\n').map(str::to_owned));
        let messages = self.heard.len() - before;
        if messages > 1 && (!self.is_joined_form || payload.len() > FRAME_BYTES_MAX) {
            return Err(format!(
                "peer {} got {messages} messages in {} bytes",
                self.id,
                payload.len()
            ));
        }
        Ok(())
    }

    fn act(&mut self, chance: &mut fastrand::Rng) {
        let is_witness = self.role == Role::Witness;
        match chance.u16(0..1000) {
            0..400 => {
                for _ in 0..chance.usize(1..4) {
                    self.say(chance);
                }
            }
            400..420 => self
                .outgoing
                .extend(masked(OpCode::Control(Control::Ping), b"?")),
            420..440 if !is_witness => self.stalled_steps = chance.u32(1..80),
            440..446 if !is_witness => {
                self.outgoing.extend(masked(
                    OpCode::Control(Control::Close),
                    &1000_u16.to_be_bytes(),
                ));
                self.ending = Ending::Closed;
            }
            446..450 if !is_witness => self.ending = Ending::HalfClosed,
            450..454 if !is_witness => {
                self.pipe.borrow_mut().reset();
                self.ending = Ending::Reset;
            }
            454..456 if !is_witness => {
                self.outgoing.extend_from_slice(&[0xff; 20]);
                self.ending = Ending::Broken;
            }
            _ => {}
        }
    }

    /// Says the next message: its author and number, sometimes long, sometimes in fragments, sometimes binary.
    fn say(&mut self, chance: &mut fastrand::Rng) {
        let filler = match chance.u8(0..40) {
            0 => chance.usize(0..30_000),
            1..4 => chance.usize(0..2000),
            _ => chance.usize(0..60),
        };
        let text = format!("{}.{}.{}", self.id, self.sent, "x".repeat(filler));
        let opcode = if chance.u8(0..8) == 0 {
            Data::Binary
        } else {
            Data::Text
        };
        if chance.u8(0..8) == 0 {
            let middle = text.len() / 2;
            self.outgoing.extend(frame(
                OpCode::Data(opcode),
                false,
                &text.as_bytes()[..middle],
            ));
            self.outgoing
                .extend(masked(OpCode::Control(Control::Pong), b""));
            self.outgoing.extend(masked(
                OpCode::Data(Data::Continue),
                &text.as_bytes()[middle..],
            ));
        } else {
            self.outgoing
                .extend(masked(OpCode::Data(opcode), text.as_bytes()));
        }
        self.sent += 1;
    }
}

fn masked(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    frame(opcode, true, payload)
}

fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        is_final,
        opcode,
        mask: Some([7, 1, 8, 2]),
        ..FrameHeader::default()
    };
    let mut bytes = Vec::new();
    let frame = Frame::from_payload(header, payload.to_vec().into());
    frame.format(&mut bytes).expect("writing to memory");
    bytes
}
