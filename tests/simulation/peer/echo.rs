//! One who talks to the echo.

use super::{outgoing::Outgoing, wire};

/// What one says to the echo, and what comes back: text and bytes, told apart.
#[derive(Debug, Default)]
pub struct Echo {
    pub sent: Vec<(bool, Vec<u8>)>,
    pub heard: Vec<(bool, Vec<u8>)>,
}

impl Echo {
    /// Says something by chance.
    pub fn say(&mut self, filler: usize, chance: &mut fastrand::Rng, outgoing: &mut Outgoing) {
        let is_text = chance.bool();
        let opcode = if is_text { wire::TEXT } else { wire::BINARY };
        // Newlines stay as they are, and so does nothing at all.
        let message = match chance.u8(0..10) {
            0 => String::new(),
            _ => format!("{}\n{}", self.sent.len(), "x".repeat(filler)),
        };
        outgoing.say(opcode, chance.u8(0..8) == 0, message.as_bytes());
        self.sent.push((is_text, message.into_bytes()));
    }

    pub fn hear(&mut self, is_text: bool, payload: &[u8]) {
        self.heard.push((is_text, payload.to_vec()));
    }
}
