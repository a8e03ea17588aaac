//! A member of a relay channel: what it says tells who said it, and which of its messages it is.

use super::{outgoing::Outgoing, wire};

/// Channels of the relay.
pub const RELAY_CHANNELS: usize = 2;
/// Bytes of a joined frame, unless it holds one message.
const FRAME_BYTES_MAX: usize = 16 << 10;

/// What one says and hears on a relay.
#[derive(Debug)]
pub struct Relay {
    pub id: usize,
    pub channel: usize,
    pub is_joined_form: bool,
    /// How many of the latest messages it asked for.
    pub last: usize,
    /// Messages it sent, by number.
    pub sent: u32,
    /// Messages it heard, in order.
    pub heard: Vec<String>,
    /// How much the witness had heard when this one connected.
    pub witnessed_before: usize,
}

impl Relay {
    pub fn new(
        id: usize,
        channel: usize,
        is_joined_form: bool,
        last: usize,
        witnessed_before: usize,
    ) -> Self {
        Self {
            id,
            channel,
            is_joined_form,
            last,
            sent: 0,
            heard: Vec::new(),
            witnessed_before,
        }
    }

    pub fn path(&self) -> String {
        let frames = if self.is_joined_form {
            "joined"
        } else {
            "single"
        };
        let last = match self.last {
            0 => String::new(),
            last => format!("&last={last}"),
        };
        format!("/relay?channel=c{}&frames={frames}{last}", self.channel)
    }

    /// Bytes of all that it heard.
    pub fn heard_bytes(&self) -> usize {
        self.heard.iter().map(String::len).sum()
    }

    /// Says the next message by chance: binary now and then, and in fragments.
    pub fn say(&mut self, filler: usize, chance: &mut fastrand::Rng, outgoing: &mut Outgoing) {
        let text = self.next(filler);
        let opcode = if chance.u8(0..8) == 0 {
            wire::BINARY
        } else {
            wire::TEXT
        };
        outgoing.say(opcode, chance.u8(0..8) == 0, text.as_bytes());
    }

    fn next(&mut self, filler: usize) -> String {
        let number = self.sent;
        self.sent += 1;
        format!("{}.{number}.{}", self.id, super::filler(filler))
    }

    pub fn hear_binary(&mut self, payload: &[u8]) {
        let message = String::from_utf8_lossy(payload);
        self.heard.push(message.into_owned());
    }

    pub fn hear_text(&mut self, text: &str) -> Result<(), String> {
        let before = self.heard.len();
        self.heard.extend(text.split('\n').map(str::to_owned));
        let messages = self.heard.len() - before;
        if messages > 1 && (!self.is_joined_form || text.len() > FRAME_BYTES_MAX) {
            return Err(format!("got {messages} messages in {} bytes", text.len()));
        }
        Ok(())
    }
}
