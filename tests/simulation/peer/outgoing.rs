//! What a client has not sent yet, and how it says more: plain, or deflated in any way that there is (RFC 7692, section 7.2).

use flate2::{Compress, Compression, FlushCompress};
use tungstenite::protocol::frame::coding::OpCode;

use super::wire;

/// With what a flush ends, which is left out at the end of a message.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
/// Said twice, to refer to what was said before.
const PHRASE: &[u8] = b"what is said twice is said shorter the second time";

/// Bytes that wait, and whether more of them may be deflated.
#[derive(Debug, Default)]
pub struct Outgoing {
    pub bytes: Vec<u8>,
    /// Decides how, once it is agreed on.
    deflating: Option<fastrand::Rng>,
    /// Messages that it has deflated.
    pub deflated: u64,
}

/// How a message is wrong.
#[derive(Clone, Copy)]
enum Wrong {
    /// It is deflated, and nothing was agreed on.
    Unasked,
    /// It has a block of a kind that there is not.
    Corrupt,
    /// Its end is missing.
    Truncated,
    /// It refers to a message before it.
    ContextKept,
    /// It is small, and inflates to too much.
    Bomb,
    /// The mark is on its second frame.
    MarkedLate,
}

impl Outgoing {
    /// Bytes to begin with.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            ..Self::default()
        }
    }

    /// Has some of what is said from now on be deflated, as a seed decides.
    pub fn deflate(&mut self, seed: u64) {
        self.deflating = Some(fastrand::Rng::with_seed(seed));
    }

    /// Says something, in two fragments if it is divided.
    pub fn say(&mut self, opcode: OpCode, is_divided: bool, said: &[u8]) {
        let deflating = self.deflating.as_mut();
        let deflated =
            deflating.and_then(|chance| (chance.u8(0..4) > 0).then(|| deflated(said, chance)));
        self.deflated += u64::from(deflated.is_some());
        let is_deflated = deflated.is_some();
        let payload = deflated.as_deref().unwrap_or(said);
        wire::write_message(opcode, is_deflated, is_divided, payload, &mut self.bytes);
    }

    /// Says what no server may take, and returns the code for that.
    pub fn say_wrong(&mut self, too_large: usize, chance: &mut fastrand::Rng) -> u16 {
        let wrong = match self.deflating {
            None => Wrong::Unasked,
            Some(_) => chance
                .choice([
                    Wrong::Corrupt,
                    Wrong::Truncated,
                    Wrong::ContextKept,
                    Wrong::Bomb,
                    Wrong::MarkedLate,
                ])
                .expect("there are some"),
        };
        let mut state = Compress::new(Compression::new(6), false);
        let (payload, code) = match wrong {
            Wrong::Unasked => (flushed(&mut state, PHRASE), 1002),
            Wrong::Corrupt => (b"\x07".to_vec(), 1007),
            Wrong::Truncated => {
                let mut payload = flushed(&mut state, PHRASE);
                payload.truncate(chance.usize(1..payload.len()));
                (payload, 1007)
            }
            Wrong::ContextKept => {
                flushed(&mut state, PHRASE);
                (flushed(&mut state, PHRASE), 1007)
            }
            Wrong::Bomb => (flushed(&mut state, &vec![b'x'; too_large]), 1009),
            Wrong::MarkedLate => {
                wire::write_marked_late(wire::TEXT, PHRASE, &mut self.bytes);
                return 1002;
            }
        };
        let is_divided = chance.bool();
        wire::write_message(wire::TEXT, true, is_divided, &payload, &mut self.bytes);
        code
    }
}

/// Deflates a message by itself: in blocks of any kind, after one or several flushes, and perhaps with a final one at the end.
fn deflated(said: &[u8], chance: &mut fastrand::Rng) -> Vec<u8> {
    let level = Compression::new(chance.choice([0, 1, 6, 9]).expect("there are some"));
    let window_bits = chance.u8(9..=15);
    let mut state = Compress::new_with_window_bits(level, false, window_bits);
    let (first, second) = said.split_at(chance.usize(0..=said.len()));
    let mut bytes = match chance.u8(0..3) {
        0 => flushed(&mut state, said),
        // What is flushed twice in a row is flushed once.
        1 if !first.is_empty() && !second.is_empty() => {
            let first = flushed(&mut state, first);
            [&first, &FLUSHED[..], &flushed(&mut state, second)].concat()
        }
        _ => {
            let mut bytes = Vec::with_capacity(said.len() + 100);
            let flush = FlushCompress::Finish;
            state.compress_vec(said, &mut bytes, flush).unwrap();
            bytes
        }
    };
    // It is no message of its own, but an empty one may be written so.
    if bytes.is_empty() {
        bytes.push(0);
    }
    bytes
}

fn flushed(state: &mut Compress, said: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(said.len() + 100);
    let flush = FlushCompress::Sync;
    state.compress_vec(said, &mut bytes, flush).unwrap();
    assert!(bytes.ends_with(&FLUSHED));
    bytes.truncate(bytes.len() - FLUSHED.len());
    bytes
}
