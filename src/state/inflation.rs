//! What a server has deflated, as it was before: one message after the other, within a bound.

use flate2::{Decompress, FlushDecompress, Status};
use thiserror::Error;

/// What every message lacks at its end (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// An empty block that is the last one (RFC 1951, section 3.2.6). A stream that ends with it is whole.
const FINAL_BLOCK: [u8; 2] = [0x03, 0x00];
/// Bytes by which the room for what comes out grows at least.
const GROWTH_BYTES: usize = 4 << 10;

/// What the messages of a server may refer back to (RFC 7692, section 7.1.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Nothing but themselves: equal messages are deflated to equal bytes, and one state inflates those of everyone.
    Fresh,
    /// Whatever came before on the same connection, which needs a state of its own.
    Kept,
}

/// A state of inflating: some 48 KiB.
#[derive(Debug)]
pub struct Inflater {
    state: Decompress,
    context: Context,
}

/// What cannot be inflated. The server's fault; nothing after it can be understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InflateError {
    /// No deflated bytes, or not all of them.
    #[error("it sent a message that is not deflated as agreed on, or not to its end")]
    Corrupt,
    /// More than was asked for.
    #[error("it sent a message that inflates to more than {max_bytes} bytes")]
    TooLong {
        /// The most that a message may have.
        max_bytes: usize,
    },
}

impl Inflater {
    /// A state of the beginning.
    pub fn new(context: Context) -> Self {
        Self {
            state: Decompress::new(false),
            context,
        }
    }

    /// Inflates a message to `inflated`, which had no more than it may have: `max_bytes`.
    ///
    /// # Errors
    /// It is too long, or none. That it was cut off where a context is kept shows only in what comes after it.
    pub fn inflate(
        &mut self,
        message: &[u8],
        inflated: &mut Vec<u8>,
        max_bytes: usize,
    ) -> Result<(), InflateError> {
        inflated.clear();
        match self.context {
            Context::Kept => {
                self.feed(message, inflated, max_bytes)?;
                self.feed(&TAIL, inflated, max_bytes).map(drop)
            }
            Context::Fresh => {
                self.state.reset(false);
                self.feed(message, inflated, max_bytes)?;
                self.feed(&TAIL, inflated, max_bytes)?;
                if self.feed(&FINAL_BLOCK, inflated, max_bytes)? {
                    Ok(())
                } else {
                    Err(InflateError::Corrupt)
                }
            }
        }
    }

    /// Inflates all of `input`; whether a stream ended just with it. Another one begins behind a final block (RFC 7692,
    /// section 7.2.3.4).
    fn feed(
        &mut self,
        mut input: &[u8],
        inflated: &mut Vec<u8>,
        max_bytes: usize,
    ) -> Result<bool, InflateError> {
        loop {
            if inflated.len() == inflated.capacity() {
                inflated.reserve(GROWTH_BYTES);
            }
            let (read, written) = (self.state.total_in(), inflated.len());
            let status = self
                .state
                .decompress_vec(input, inflated, FlushDecompress::Sync)
                .map_err(|_| InflateError::Corrupt)?;
            if inflated.len() > max_bytes {
                return Err(InflateError::TooLong { max_bytes });
            }
            let read = usize::try_from(self.state.total_in() - read).unwrap_or(usize::MAX);
            input = &input[read..];
            let has_ended = status == Status::StreamEnd;
            if has_ended {
                self.state.reset(false);
            }
            // With room left, all that there is has come out.
            if input.is_empty() && (has_ended || inflated.len() < inflated.capacity()) {
                return Ok(has_ended);
            }
            if !has_ended && read == 0 && inflated.len() == written {
                return Err(InflateError::Corrupt);
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
        let mut bytes = Vec::new();
        let mut inflater = Inflater::new(Context::Fresh);
        inflater.inflate(message, &mut bytes, MAX).map(|()| bytes)
    }

    #[test]
    fn what_was_deflated_comes_back_with_and_without_what_came_before() {
        let messages = [
            &b"a word and a word"[..],
            b"a word and a word",
            &vec![7; MAX],
        ];
        for context in [Context::Fresh, Context::Kept] {
            let mut inflater = Inflater::new(context);
            let mut bytes = Vec::new();
            for (message, deflated) in messages.iter().zip(deflated(&messages, context)) {
                inflater.inflate(&deflated, &mut bytes, MAX).unwrap();
                assert_eq!(bytes, *message);
            }
        }
    }

    #[test]
    fn runs_that_were_deflated_apart_stored_blocks_and_final_ones_are_one_message() {
        let apart = deflated(&[b"one", b" two"], Context::Fresh);
        let stored = b"\x00\x02\x00\xfd\xff: \x00\x00\x00\xff\xff";
        let joined = [&apart[0][..], &TAIL, stored, &apart[1]].concat();
        assert_eq!(inflated(&joined).unwrap(), b"one:  two");
        // A final block, and the empty one that follows it.
        let last = b"\x01\x02\x00\xfd\xffhi\x00";
        assert_eq!(inflated(last).unwrap(), b"hi");
        let then = [&last[..7], &apart[0]].concat();
        assert_eq!(inflated(&then).unwrap(), b"hione");
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
        assert_eq!(inflated(second), Err(InflateError::Corrupt));
        let whole = &deflated(&messages, Context::Fresh)[0];
        for length in 1..whole.len() {
            assert!(inflated(&whole[..length]).is_err(), "{length}");
        }
        assert_eq!(inflated(b"\x07"), Err(InflateError::Corrupt));
    }
}
