//! What happens, read from bytes.

use std::time::Duration;

use super::socket::Manners;

/// The client that is none, but a program.
const PROGRAM: usize = 15;

/// Steps, each of two bytes: what happens and to which client, and how much of it; then what is sent, if something is.
pub struct Script<'a>(pub &'a [u8]);

/// Something that happens.
#[derive(Clone, Copy)]
pub enum Step<'a> {
    /// Someone connects from one of the addresses.
    Connect(usize, Manners),
    /// A program connects.
    Call(Manners),
    /// A client does something.
    Act(usize, Act<'a>),
    /// Time passes, and the server acts. A poll may have come back full.
    Turn(Duration, bool),
    /// The server begins to go away.
    Drain,
}

/// What a client does.
#[derive(Clone, Copy)]
pub enum Act<'a> {
    /// Asks for a session at one of the endpoints, or for what programs do.
    Ask(usize),
    /// Sends bytes.
    Send(&'a [u8]),
    /// Sends a text message of so many bytes.
    Say(usize),
    /// Takes up to so many bytes.
    Take(usize),
    /// Ends its side.
    End,
    /// Breaks the connection.
    Reset,
}

impl<'a> Iterator for Script<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let &[what, amount, ref rest @ ..] = self.0 else {
            return None;
        };
        self.0 = rest;
        let (client, size) = (usize::from(what >> 4), usize::from(amount));
        let act = match what & 0xf {
            0 if client == PROGRAM => return Some(Step::Call(manners(amount))),
            0 => return Some(Step::Connect(client, manners(amount))),
            1 => Act::Ask(size),
            2 => {
                let bytes;
                (bytes, self.0) = rest.split_at(size.min(rest.len()));
                Act::Send(bytes)
            }
            3 => Act::Say(size * 128),
            4 if amount == u8::MAX => Act::Take(usize::MAX),
            4 => Act::Take(size * size),
            5 => Act::End,
            6 => Act::Reset,
            7 => return Some(Step::Drain),
            _ => return Some(turn(amount)),
        };
        Some(Step::Act(client, act))
    }
}

/// How a client's socket behaves, each way switched on by bits.
pub fn manners(bits: u8) -> Manners {
    Manners {
        window: [usize::MAX, 1000, 5000, 40_000][usize::from(bits & 3)],
        is_short: bits & 4 != 0,
        holds_back: bits & 8 != 0,
        flaw: None,
    }
}

/// A little time up to half a second, or some seconds.
fn turn(amount: u8) -> Step<'static> {
    let passed = match amount {
        ..128 => Duration::from_millis(u64::from(amount) * 4),
        _ => Duration::from_secs(u64::from(amount - 127)),
    };
    Step::Turn(passed, amount == 1)
}
