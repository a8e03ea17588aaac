//! What one may ask for in the chat.

use serde_json::{Value, json};

use super::recall::Past;

/// What one asks for, as to one of the channels or to someone else.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Join(usize),
    /// To join, and be told the latest messages.
    Latest(usize, usize),
    /// To join, and be told all that was missed.
    Recover(usize),
    /// The same, with numbers that nobody was told.
    Lie(usize),
    Leave(usize),
    Send(usize),
    SendPrivate(usize),
    ListMembers(usize),
    ListChannels,
    History(usize),
    /// To leave a channel that there is not.
    Nonsense,
}

impl Wish {
    /// Anything, to do with a channel or one of everyone.
    pub fn by_chance(channel: usize, everyone: usize, chance: &mut fastrand::Rng) -> Self {
        match chance.u8(0..21) {
            0..4 => Self::join_by_chance(channel, chance),
            4..6 => Self::Leave(channel),
            6..14 => Self::Send(channel),
            14..17 => Self::SendPrivate(chance.usize(0..everyone)),
            17 => Self::ListMembers(channel),
            18 => Self::ListChannels,
            19 => Self::History(channel),
            _ => Self::Nonsense,
        }
    }

    /// To join, in any way.
    pub fn join_by_chance(channel: usize, chance: &mut fastrand::Rng) -> Self {
        match chance.u8(0..8) {
            0..3 => Self::Join(channel),
            3..5 => Self::Recover(channel),
            5..7 => Self::Latest(channel, chance.usize(0..12)),
            _ => Self::Lie(channel),
        }
    }
}

/// The request to join a channel.
pub fn join(channel: &str, past: Past, members: Option<u64>) -> Value {
    let mut request = json!({"action": "join-channel", "message": channel, "members": members});
    match past {
        Past::None => {}
        Past::Since { epoch, seq } => request["since"] = json!({"epoch": epoch, "seq": seq}),
        Past::Last(wanted) => request["last"] = json!(wanted),
    }
    request
}
