//! Inflating messages that were deflated (RFC 7692, section 7.2.2), one after the other, within a bound, and in steps.

use flate2::{Decompress, FlushDecompress, Status};
use thiserror::Error;

use crate::vocabulary::{
    config::{INFLATE_STATE_BYTES, INFLATE_STRETCH_BYTES_MAX},
    reason::Reason,
};

/// What a sender leaves out at the end of a message: an empty block, but for the bits that say so (RFC 7692, section 7.2.1).
const TAIL: &[u8; 4] = &[0x00, 0x00, 0xff, 0xff];
/// An empty final block (RFC 1951, section 3.2.6), which can be read only where all blocks before have ended.
const END: &[u8; 2] = &[0x03, 0x00];
/// Room for what most messages inflate to.
const USUAL_BYTES: usize = 2 << 10;
/// What zlib says of one who refers to what came before the message.
const TOO_FAR_BACK: &str = "invalid distance too far back";

/// What messages may refer back to (RFC 7692, section 7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Nothing but themselves: equal messages are deflated to equal bytes, and one state inflates those of everyone.
    Fresh,
    /// Whatever came before on the same connection, which needs a state of its own.
    Kept,
}

/// What cannot be inflated. Its sender's fault; nothing after it can be understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InflateError {
    /// No deflated bytes, or not all of them.
    #[error("it sent a message that is not deflated as agreed on, or not to its end")]
    Corrupt,
    /// It refers to what is not there: most likely to a message before it.
    #[error(
        "it sent a message that refers to one before it, although it was agreed that none does"
    )]
    ContextKept,
    /// It refers to what came before a final block, or to what never came. That a window outlives a final block the RFC does not
    /// say (section 7.2.3.4), and the library, like zlib, begins anew after one and gives its window to nobody.
    #[error(
        "it sent a message that refers further back than to the last final block, which is as far as anything is kept"
    )]
    TooFarBack,
    /// More than was asked for.
    #[error("it sent a message that inflates to more than {max_bytes} bytes")]
    TooLong {
        /// The most that a message may have.
        max_bytes: usize,
    },
}

impl From<InflateError> for Reason {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Corrupt | InflateError::TooFarBack => Self::NotDeflate,
            InflateError::ContextKept => Self::ContextKept,
            InflateError::TooLong { .. } => Self::MessageTooLarge,
        }
    }
}

/// A state of inflating, and the message that is being inflated.
#[derive(Debug)]
pub struct Inflation {
    state: Decompress,
    context: Context,
    output: Vec<u8>,
    /// How much of the message and of what is added to it was read.
    at: usize,
}

impl Inflation {
    /// Nothing is inflated yet.
    pub fn new(context: Context) -> Self {
        Self {
            state: Decompress::new(false),
            context,
            output: Vec::new(),
            at: 0,
        }
    }

    /// Begins with another message. In a fresh context nothing of the one before is left that anything could refer to.
    pub fn begin(&mut self) {
        if self.context == Context::Fresh {
            self.state.reset(false);
        }
        self.output.clear();
        self.at = 0;
    }

    /// What came of the message until now.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        INFLATE_STATE_BYTES + self.output.capacity()
    }

    /// Inflates a message as a whole.
    ///
    /// # Errors
    /// Those of [`go_on`](Self::go_on).
    pub fn inflate(&mut self, message: &[u8], max_bytes: usize) -> Result<&[u8], InflateError> {
        self.begin();
        while !self.go_on(message, max_bytes)? {}
        Ok(&self.output)
    }

    /// Goes on with a message, by [`INFLATE_STRETCH_BYTES_MAX`] at most, and says whether that is all of it.
    ///
    /// # Errors
    /// It is larger than `max_bytes`, or does not inflate. That it was cut off where a context is kept shows only in what comes
    /// after it.
    pub fn go_on(&mut self, message: &[u8], max_bytes: usize) -> Result<bool, InflateError> {
        // Whoever flushes where there is nothing to flush sends nothing.
        if message.is_empty() {
            return Ok(true);
        }
        let stretch_end = self.output.len() + INFLATE_STRETCH_BYTES_MAX;
        let tail_at = message.len();
        let end_at = tail_at + TAIL.len();
        loop {
            let rest = match self.at {
                at if at < tail_at => &message[at..],
                at if at < end_at => &TAIL[at - tail_at..],
                _ if self.context == Context::Kept => return Ok(true),
                at => &END[at - end_at..],
            };
            if rest.is_empty() {
                // Everything is read, and no block has ended.
                return Err(InflateError::Corrupt);
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
                return Err(InflateError::TooLong { max_bytes });
            }
            match inflated {
                // A final block: another sequence of blocks may follow (RFC 7692, section 7.2.3.5).
                Ok(Status::StreamEnd) => {
                    self.state.reset(false);
                    if self.at == tail_at || self.at >= end_at {
                        return Ok(true);
                    }
                }
                Ok(Status::Ok | Status::BufError) => {}
                Err(error) if error.message() == Some(TOO_FAR_BACK) => {
                    return Err(match self.context {
                        Context::Fresh => InflateError::ContextKept,
                        Context::Kept => InflateError::TooFarBack,
                    });
                }
                Err(_) => return Err(InflateError::Corrupt),
            }
            if self.output.len() >= stretch_end {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;

    const MAX: usize = 100_000;

    /// Deflates messages, each after the one before it if the context is kept.
    fn deflated(messages: &[&[u8]], context: Context) -> Vec<Vec<u8>> {
        let mut state = Compress::new(Compression::new(6), false);
        let deflate = |message: &&[u8]| {
            if context == Context::Fresh {
                state.reset();
            }
            let mut bytes = Vec::with_capacity(message.len() + 64);
            let flush = FlushCompress::Sync;
            state.compress_vec(message, &mut bytes, flush).unwrap();
            bytes.truncate(bytes.len() - TAIL.len());
            bytes
        };
        messages.iter().map(deflate).collect()
    }

    fn inflated(message: &[u8]) -> Result<Vec<u8>, InflateError> {
        let mut inflation = Inflation::new(Context::Fresh);
        inflation.inflate(message, MAX).map(<[u8]>::to_vec)
    }

    #[test]
    fn what_was_deflated_comes_back_with_and_without_what_came_before() {
        let messages = [
            &b"a word and a word"[..],
            b"a word and a word",
            &vec![7; MAX],
        ];
        for context in [Context::Fresh, Context::Kept] {
            let mut inflation = Inflation::new(context);
            for (message, deflated) in messages.iter().zip(deflated(&messages, context)) {
                assert_eq!(inflation.inflate(&deflated, MAX), Ok(*message));
            }
        }
    }

    #[test]
    fn runs_that_were_deflated_apart_stored_blocks_and_final_ones_are_one_message() {
        let apart = deflated(&[b"one", b" two"], Context::Fresh);
        let stored = b"\x00\x02\x00\xfd\xff: \x00\x00\x00\xff\xff";
        let joined = [&apart[0][..], TAIL, stored, &apart[1]].concat();
        assert_eq!(inflated(&joined).unwrap(), b"one:  two");
        // A final block, and the empty one that follows it.
        let last = b"\x01\x02\x00\xfd\xffhi\x00";
        assert_eq!(inflated(last).unwrap(), b"hi");
        let then = [&last[..7], &apart[0]].concat();
        assert_eq!(inflated(&then).unwrap(), b"hione");
        assert_eq!(
            inflated(b"").unwrap(),
            b"",
            "nothing was there to be flushed"
        );
    }

    #[test]
    fn what_came_before_a_final_block_is_not_kept() {
        let words = b"some words that come again";
        let mut state = Compress::new(Compression::new(6), false);
        let mut last = Vec::with_capacity(64);
        let finish = FlushCompress::Finish;
        state.compress_vec(words, &mut last, finish).unwrap();
        let [_, again] = &deflated(&[&words[..]; 2], Context::Kept)[..] else {
            unreachable!("there are two");
        };
        let anew = &deflated(&[&words[..]], Context::Fresh)[0];
        let mut inflation = Inflation::new(Context::Kept);
        for message in [&last, anew, again, &last] {
            assert_eq!(inflation.inflate(message, MAX), Ok(&words[..]));
        }
        let refused = inflation.inflate(again, MAX);
        assert_eq!(refused, Err(InflateError::TooFarBack));
    }

    #[test]
    fn no_more_comes_out_than_may() {
        let bomb = deflated(&[&vec![0; MAX + 1]], Context::Fresh);
        let error = inflated(&bomb[0]).unwrap_err();
        assert_eq!(error, InflateError::TooLong { max_bytes: MAX });
    }

    #[test]
    fn what_is_cut_off_or_refers_to_what_is_not_there_is_told() {
        let messages = [&b"some words that come again"[..]; 2];
        let [_, second] = &deflated(&messages, Context::Kept)[..] else {
            unreachable!("there are two");
        };
        assert_eq!(inflated(second), Err(InflateError::ContextKept));
        let whole = &deflated(&messages, Context::Fresh)[0];
        for length in 1..whole.len() {
            assert!(inflated(&whole[..length]).is_err(), "{length}");
        }
        assert_eq!(inflated(b"\x07"), Err(InflateError::Corrupt));
    }
}
