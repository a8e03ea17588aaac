//! A client as the simulation plays it: it knocks, talks, listens, and misbehaves as chance has it.

pub mod chat;
pub mod echo;
pub mod fields;
pub mod http;
mod kind;
pub mod outgoing;
pub mod program;
pub mod recall;
pub mod relay;
pub mod wire;
pub mod wish;

use std::mem;
use std::time::Duration;

use tungstenite::protocol::frame::coding::OpCode;

pub use self::kind::Kind;
use self::{
    chat::Chat, echo::Echo, http::Http, http::Response, outgoing::Outgoing, program::Program,
    relay::Relay,
};
use crate::inflate::inflate;
use crate::knock::Knock;
use crate::socket::Shared;

/// Fewer bytes than this one takes in a step who takes little.
const SLUGGISH_BYTES: usize = 300;

/// How a client was asked to behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Joins first, always reads, never fails, speaks seldom: what it hears is what was said.
    Witness,
    /// Reads and answers, now and then stalls for a while, and may leave in any way.
    Member,
}

/// What a client says and hears, by what it speaks.
#[derive(Debug)]
pub enum Part {
    Relay(Relay),
    Chat(Chat),
    Echo(Echo),
    Http(Http),
    Program(Program),
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
    /// The client broke the protocol in a way that has this code.
    Broken(u16),
}

/// What a client may do in a step.
#[derive(Debug)]
pub struct Means<'a> {
    pub now: Duration,
    pub is_calm: bool,
    /// How many clients there ever were.
    pub everyone: usize,
    /// Bytes that make a message too large.
    pub too_large: usize,
    pub chance: &'a mut fastrand::Rng,
}

/// One client.
#[derive(Debug)]
pub struct Peer {
    pub id: usize,
    pub role: Role,
    pub part: Part,
    pub pipe: Shared,
    pub ending: Ending,
    /// The status that its request for a session was answered with.
    pub status: Option<u16>,
    /// The code of the server's close frame.
    pub close_code: Option<u16>,
    /// Bytes that reached it.
    pub taken: u64,
    /// The bits of the window within which it inflates, once that is agreed on.
    pub inflates: Option<u8>,
    /// Messages that it has inflated.
    pub inflated: u64,
    /// Bytes that it has not sent yet.
    pub outgoing: Outgoing,
    /// The longest time in which no byte went either way.
    pub silence: Duration,
    active_at: Duration,
    incoming: Vec<u8>,
    /// The bits of the window within which it has offered to inflate.
    offers: Option<u8>,
    is_steady: bool,
    is_sluggish: bool,
    stalled_steps: u32,
}

impl Peer {
    pub fn new(
        id: usize,
        knock: Knock,
        part: Part,
        headers: &[(&str, Option<String>)],
        pipe: Shared,
        now: Duration,
    ) -> Self {
        let path = match &part {
            Part::Relay(relay) => Some(relay.path()),
            Part::Chat(chat) => Some(chat.path()),
            Part::Echo(_) => Some("/echo".to_owned()),
            Part::Http(_) | Part::Program(_) => None,
        };
        let request = path.map(|path| upgrade(&path, headers));
        Self {
            id,
            role: knock.role,
            part,
            pipe,
            ending: Ending::Open,
            status: None,
            close_code: None,
            taken: 0,
            inflates: None,
            inflated: 0,
            offers: knock.window,
            outgoing: Outgoing::new(request.unwrap_or_default()),
            silence: Duration::ZERO,
            active_at: now,
            incoming: Vec::new(),
            is_steady: knock.is_steady,
            is_sluggish: knock.is_sluggish,
            stalled_steps: 0,
        }
    }

    /// What it speaks.
    pub fn kind(&self) -> Kind {
        match self.part {
            Part::Relay(_) => Kind::Relay,
            Part::Chat(_) => Kind::Chat,
            Part::Echo(_) => Kind::Echo,
            Part::Http(_) => Kind::Http,
            Part::Program(_) => Kind::Program,
        }
    }

    /// Whether it is in and has not begun to leave.
    pub fn is_open(&self) -> bool {
        self.ending == Ending::Open && !self.is_over()
    }

    /// Whether the server has ended the connection, or it broke.
    pub fn is_over(&self) -> bool {
        let pipe = self.pipe.borrow();
        let is_refused = self.status.is_some_and(|status| status != 101);
        pipe.is_reset || pipe.is_dropped || self.close_code.is_some() || is_refused
    }

    /// Whether all that it said was heard, and it heard all until it left: nobody cut it off.
    pub fn is_whole(&self) -> bool {
        let pipe = self.pipe.borrow();
        let is_served = !self.kind().has_session() || self.status == Some(101);
        !pipe.is_failed
            && is_served
            && match self.ending {
                Ending::Open => self.is_open(),
                Ending::Closed => self.close_code == Some(1000),
                Ending::HalfClosed => self.close_code.is_none() && pipe.is_shut && !pipe.is_reset,
                Ending::Reset | Ending::Broken(_) => false,
            }
    }

    /// Whether it did nothing to end the connection, and no fault did.
    pub fn is_left_alone(&self) -> bool {
        let pipe = self.pipe.borrow();
        self.ending == Ending::Open && !pipe.is_reset && !pipe.is_failed
    }

    /// Lets it take nothing for so many steps.
    pub fn stall(&mut self, steps: u32) {
        self.stalled_steps = steps;
    }

    /// One step: hears some of what came, does something by chance, and sends some of what it has to send.
    pub fn step(&mut self, means: &mut Means<'_>) -> Result<(), String> {
        if let Part::Chat(chat) = &mut self.part {
            chat.now = means.now;
        }
        let most = match self.role {
            Role::Member if !means.is_calm => means.chance.usize(0..3000),
            _ => usize::MAX,
        };
        let mut moved = 0;
        if self.stalled_steps == 0 {
            let heard = if self.is_sluggish && !means.is_calm {
                means.chance.usize(0..SLUGGISH_BYTES)
            } else {
                most.saturating_mul(4)
            };
            moved += self.listen(heard)?;
        } else {
            self.stalled_steps -= 1;
        }
        if self.is_open() && !means.is_calm {
            self.act(means);
        }
        moved += self.send(most);
        self.silence = self.silence.max(means.now.saturating_sub(self.active_at));
        if moved > 0 {
            self.active_at = means.now;
        }
        Ok(())
    }

    /// Begins to leave with a close frame.
    pub fn close(&mut self) {
        wire::write(
            wire::CLOSE,
            &1000_u16.to_be_bytes(),
            &mut self.outgoing.bytes,
        );
        self.ending = Ending::Closed;
    }

    fn send(&mut self, most: usize) -> usize {
        let outgoing = &mut self.outgoing.bytes;
        let part = most.min(outgoing.len());
        let mut pipe = self.pipe.borrow_mut();
        pipe.send(&outgoing[..part]);
        outgoing.drain(..part);
        if outgoing.is_empty() && self.ending == Ending::HalfClosed && !pipe.is_ended {
            pipe.end();
        }
        part
    }

    /// Reads what came, and ends its side once the server has ended its own.
    fn listen(&mut self, most: usize) -> Result<usize, String> {
        let bytes = self.pipe.borrow_mut().take(most);
        self.taken += bytes.len() as u64;
        self.incoming.extend(&bytes);
        if !bytes.is_empty() {
            let incoming = mem::take(&mut self.incoming);
            let heard = self.hear(&incoming);
            let heard = heard.map_err(|error| format!("peer {}: {error}", self.id))?;
            self.incoming = incoming[heard..].to_vec();
        }
        let mut pipe = self.pipe.borrow_mut();
        if pipe.is_shut && pipe.to_peer.is_empty() && !pipe.is_ended && !pipe.is_reset {
            pipe.end();
        }
        Ok(bytes.len())
    }

    /// Makes sense of what came, as far as it goes; says how many bytes that was.
    fn hear(&mut self, incoming: &[u8]) -> Result<usize, String> {
        let mut at = 0;
        if !self.kind().has_session() {
            while let Some(bytes) = self.hear_response(&incoming[at..])? {
                at += bytes;
            }
            return Ok(at);
        }
        if self.status.is_none() {
            let Some(response) = Response::read(incoming)? else {
                return Ok(0);
            };
            self.status = Some(response.status);
            self.inflates = self.offers.filter(|_| response.deflates);
            if self.inflates.is_some() {
                self.outgoing.deflate(self.id as u64);
            }
            at = response.head_bytes;
        }
        if self.status != Some(101) {
            return Ok(incoming.len());
        }
        while let Some(frame) = wire::read(&incoming[at..])? {
            if frame.is_deflated {
                let window = self
                    .inflates
                    .ok_or("got what it has not agreed to inflate")?;
                let inflated = inflate(window, frame.payload)?;
                self.inflated += 1;
                self.hear_frame(frame.opcode, &inflated)?;
            } else {
                self.hear_frame(frame.opcode, frame.payload)?;
            }
            at += frame.bytes;
        }
        Ok(at)
    }

    fn hear_response(&mut self, incoming: &[u8]) -> Result<Option<usize>, String> {
        match &mut self.part {
            Part::Http(http) => http.hear(incoming),
            Part::Program(program) => program.hear(incoming),
            _ => unreachable!("it has a session"),
        }
    }

    fn hear_frame(&mut self, opcode: OpCode, payload: &[u8]) -> Result<(), String> {
        if self.close_code.is_some() {
            return Err("got a frame after the close frame".to_owned());
        }
        match (opcode, &mut self.part) {
            (wire::TEXT, part) => {
                let text = str::from_utf8(payload).map_err(|error| error.to_string())?;
                match part {
                    Part::Relay(relay) => relay.hear_text(text)?,
                    Part::Chat(chat) => chat.hear_text(text)?,
                    Part::Echo(echo) => echo.hear(true, payload),
                    Part::Http(_) | Part::Program(_) => {
                        return Err("got a frame without a session".to_owned());
                    }
                }
            }
            (wire::BINARY, Part::Relay(relay)) => relay.hear_binary(payload),
            (wire::BINARY, Part::Echo(echo)) => echo.hear(false, payload),
            (wire::PING, _) => wire::write(wire::PONG, payload, &mut self.outgoing.bytes),
            (wire::PONG, _) => {}
            (wire::CLOSE, _) => {
                let code = payload.first_chunk();
                self.close_code = Some(code.map_or(1005, |code| u16::from_be_bytes(*code)));
            }
            (other, _) => return Err(format!("got {other:?}")),
        }
        Ok(())
    }

    fn act(&mut self, means: &mut Means<'_>) {
        if self.role == Role::Witness {
            if means.chance.u8(0..32) == 0 {
                self.say(means);
            }
            return;
        }
        match means.chance.u16(0..1000) {
            0..200 => {
                for _ in 0..means.chance.usize(1..4) {
                    self.say(means);
                }
            }
            _ if self.is_steady => {}
            200..220 => self.stalled_steps = means.chance.u32(1..80),
            220..224 => self.ending = Ending::HalfClosed,
            224..228 => {
                self.pipe.borrow_mut().reset();
                self.ending = Ending::Reset;
            }
            other if self.kind().has_session() => self.act_in_session(other, means),
            _ => {}
        }
    }

    fn act_in_session(&mut self, chosen: u16, means: &mut Means<'_>) {
        let outgoing = &mut self.outgoing.bytes;
        match chosen {
            228..248 => wire::write(wire::PING, b"?", outgoing),
            248..254 => self.close(),
            254 => {
                outgoing.extend_from_slice(&[0xff; 20]);
                self.ending = Ending::Broken(1002);
            }
            255 => {
                wire::write(wire::TEXT, &[0xff; 20], outgoing);
                self.ending = Ending::Broken(1007);
            }
            256 => {
                let large = vec![b'x'; means.too_large];
                wire::write(wire::BINARY, &large, outgoing);
                self.ending = Ending::Broken(1009);
            }
            257..260 if self.status == Some(101) => {
                let code = self.outgoing.say_wrong(means.too_large, means.chance);
                self.ending = Ending::Broken(code);
            }
            _ => {}
        }
    }

    /// Says something by chance, sometimes long.
    fn say(&mut self, means: &mut Means<'_>) {
        let Means {
            chance, everyone, ..
        } = means;
        let filler = match chance.u8(0..100) {
            _ if self.role == Role::Witness => chance.usize(0..60),
            0 => chance.usize(0..30_000),
            1..8 => chance.usize(0..2000),
            _ => chance.usize(0..60),
        };
        let outgoing = &mut self.outgoing;
        match &mut self.part {
            Part::Relay(relay) => relay.say(filler, chance, outgoing),
            // The witness is in all channels, and stays.
            Part::Chat(chat) if self.role == Role::Witness => {
                let channel = chance.usize(chat::witnessed(chat.breadth));
                chat.ask(wish::Wish::Send(channel), filler, outgoing);
            }
            Part::Chat(chat) => chat.ask_anything(*everyone, filler, chance, outgoing),
            Part::Echo(echo) => echo.say(filler, chance, outgoing),
            Part::Http(http) => http.ask(chance, &mut outgoing.bytes),
            Part::Program(program) => program.ask(filler, chance, &mut outgoing.bytes),
        }
    }
}

/// So many bytes, which come again only after more than a small window holds.
fn filler(bytes: usize) -> String {
    let letter = |at| fastrand::Rng::with_seed(at % 1000).lowercase();
    (0..bytes as u64).map(letter).collect()
}

fn upgrade(path: &str, headers: &[(&str, Option<String>)]) -> String {
    let headers = headers.iter().filter_map(|(name, value)| {
        let value = value.as_ref()?;
        Some(format!("{name}: {value}\r\n"))
    });
    format!(
        "GET {path} HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
        headers.collect::<String>()
    )
}
