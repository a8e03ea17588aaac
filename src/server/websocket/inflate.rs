//! Inflating messages, each by itself (RFC 7692, section 7.2.2).

use flate2::{Decompress, FlushDecompress, Status};

use crate::vocabulary::{
    config::{INFLATE_STATE_BYTES, INFLATE_STRETCH_BYTES_MAX},
    reason::Reason,
};

/// What a sender leaves out at the end of a message: an empty block, but for the bits that say so (RFC 7692, section 7.2.1).
const TAIL: &[u8; 4] = &[0x00, 0x00, 0xff, 0xff];
/// An empty final block, which can be read only where all blocks before have ended.
const END: &[u8; 2] = &[0x03, 0x00];
/// Room for what most messages inflate to.
const USUAL_BYTES: usize = 2 << 10;
/// What zlib says of one who refers to what came before the message.
const TOO_FAR_BACK: &str = "invalid distance too far back";

/// A message that is being inflated.
#[derive(Debug)]
pub(super) struct Inflation {
    state: Decompress,
    output: Vec<u8>,
    /// How much of the message, [`TAIL`] and [`END`] was read.
    at: usize,
}

impl Inflation {
    /// Nothing is inflated yet.
    pub(super) fn new() -> Self {
        Self {
            state: Decompress::new(false),
            output: Vec::new(),
            at: 0,
        }
    }

    /// Begins with another message: nothing of the one before is left that anything could refer to.
    pub(super) fn begin(&mut self) {
        self.state.reset(false);
        self.output.clear();
        self.at = 0;
    }

    /// What came of the message until now.
    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }

    /// Bytes that it takes beside itself.
    pub(super) fn heap_bytes(&self) -> usize {
        INFLATE_STATE_BYTES + self.output.capacity()
    }

    /// Goes on with a message, by [`INFLATE_STRETCH_BYTES_MAX`] at most, and says whether that is all of it.
    ///
    /// # Errors
    /// It is larger than `max_bytes`, or does not inflate.
    pub(super) fn go_on(&mut self, message: &[u8], max_bytes: usize) -> Result<bool, Reason> {
        // Whoever flushes where there is nothing to flush sends nothing.
        if message.is_empty() {
            return Ok(true);
        }
        let stretch_end = self.output.len() + INFLATE_STRETCH_BYTES_MAX;
        let tail_at = message.len();
        let end_at = tail_at + TAIL.len();
        let is_over = loop {
            let rest = match self.at {
                at if at < tail_at => &message[at..],
                at if at < end_at => &TAIL[at - tail_at..],
                at => &END[at - end_at..],
            };
            if rest.is_empty() {
                // Everything is read, and no block has ended.
                break false;
            }
            if self.output.len() == self.output.capacity() {
                // One byte beyond the bound shows that there is more.
                let most = stretch_end.min(max_bytes + 1) - self.output.len();
                let room = self.output.len().max(USUAL_BYTES).min(most);
                self.output.reserve_exact(room);
            }
            let read_before = self.state.total_in();
            let inflated = self
                .state
                .decompress_vec(rest, &mut self.output, FlushDecompress::None);
            let read = self.state.total_in() - read_before;
            self.at += usize::try_from(read).expect("no more than the rest");
            if self.output.len() > max_bytes {
                return Err(Reason::MessageTooLarge);
            }
            match inflated {
                // A final block: another sequence of blocks may follow (RFC 7692, section 7.2.3.5).
                Ok(Status::StreamEnd)
                    if self.at < tail_at || self.at > tail_at && self.at < end_at =>
                {
                    self.state.reset(false);
                }
                Ok(Status::StreamEnd) => break true,
                Ok(Status::Ok | Status::BufError) => {}
                Err(error) if error.message() == Some(TOO_FAR_BACK) => {
                    return Err(Reason::ContextKept);
                }
                Err(_) => return Err(Reason::NotDeflate),
            }
            if self.output.len() >= stretch_end {
                return Ok(false);
            }
        };
        is_over.then_some(true).ok_or(Reason::NotDeflate)
    }
}
