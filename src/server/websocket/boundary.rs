//! Where frames and fragmented messages end in a sequence of bytes, which of them are deflated, and which are refused by their
//! header alone.
//!
//! The library reads a header without a look at most of what the standard demands of it, and judges a frame only once it
//! is whole, or never. Judged here, one that is refused takes no memory.

use std::io::Cursor;
use std::ops::Range;

use arrayvec::ArrayVec;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

use crate::vocabulary::{
    coding::Coding,
    frame::{CONTROL_BYTES_MAX, Kind},
    reason::Reason,
};

/// Bytes of the longest frame header of a client (RFC 6455, section 5.2).
const CLIENT_HEADER_BYTES_MAX: usize = 14;
/// Bytes by which deflating may lengthen any message, beside a hundredth of it.
const DEFLATE_MARGIN_BYTES: usize = 16;

/// How far a sequence of bytes has come.
#[derive(Debug)]
pub(super) struct Boundary {
    max_message_bytes: usize,
    coding: Coding,
    /// The first bytes of a header that has not fully arrived.
    header: ArrayVec<u8, CLIENT_HEADER_BYTES_MAX>,
    /// Payload bytes that the current frame still lacks.
    missing: u64,
    /// Payload bytes of what is unfinished. Control frames may come in between, and are not kept.
    kept: usize,
    is_control: bool,
    is_fragmented: bool,
    /// What the message that began last is, if it is deflated.
    deflated: Option<Kind>,
    /// What the rest of the current frame is masked with.
    mask: [u8; 4],
}

/// How much of some input is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes up to the last place at which nothing was unfinished that is not deflated.
    pub(super) clean: usize,
    /// Bytes up to a frame that is refused, or deflated, or to the end.
    pub(super) sound: usize,
    /// What is wrong with that frame. Nothing more may be fed.
    pub(super) fault: Option<Reason>,
}

/// A part of a deflated message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where its bytes are in the input. What comes before belongs to a header.
    pub(super) payload: Range<usize>,
    /// What they are masked with.
    pub(super) mask: [u8; 4],
    /// What the message is, if this is the end of it.
    pub(super) ends: Option<Kind>,
}

impl Boundary {
    /// Nothing has come yet, of messages of up to `max_message_bytes`, deflated only if that was agreed on.
    pub(super) fn new(max_message_bytes: usize, coding: Coding) -> Self {
        Self {
            max_message_bytes,
            coding,
            header: ArrayVec::new(),
            missing: 0,
            kept: 0,
            is_control: false,
            is_fragmented: false,
            deflated: None,
            mask: [0; 4],
        }
    }

    /// How messages may be coded.
    pub(super) fn coding(&self) -> Coding {
        self.coding
    }

    /// Goes over `input`, up to a frame that is refused or deflated.
    pub(super) fn feed(&mut self, input: &[u8]) -> Extent {
        let mut at = 0;
        let mut clean = 0;
        let mut fault = None;
        while at < input.len() && !self.is_deflated(&input[at..]) {
            let rest = &input[at..];
            if self.missing > 0 {
                let taken = self.missing.min(rest.len() as u64);
                self.missing -= taken;
                let taken = usize::try_from(taken).expect("no more than the rest");
                self.kept += if self.is_control { 0 } else { taken };
                at += taken;
            } else {
                match self.feed_header(rest) {
                    Ok(taken) => at += taken,
                    Err(reason) => {
                        fault = Some(reason);
                        break;
                    }
                }
            }
            if self.is_plain_clean() {
                clean = at;
                self.kept = if self.is_fragmented { self.kept } else { 0 };
            }
        }
        Extent {
            clean,
            sound: at,
            fault,
        }
    }

    /// Whether input that is not empty begins within a deflated message, and not with a control frame there. The first byte of
    /// a frame shows that.
    pub(super) fn is_deflated(&self, input: &[u8]) -> bool {
        if self.missing > 0 {
            return self.deflated.is_some() && !self.is_control;
        }
        let first = self.header.first().unwrap_or(&input[0]);
        match first & 0x0f {
            0 => self.is_fragmented && self.deflated.is_some(),
            1 | 2 => first & 0x40 != 0 && self.coding != Coding::Plain,
            _ => false,
        }
    }

    /// Takes the next piece of a deflated message.
    pub(super) fn feed_deflated(&mut self, input: &[u8]) -> Result<Piece, Reason> {
        let start = match self.missing {
            0 => self.feed_header(input)?,
            _ => 0,
        };
        let rest = input.len() - start;
        let taken = usize::try_from(self.missing).map_or(rest, |missing| missing.min(rest));
        let mask = self.mask;
        self.mask.rotate_left(taken % mask.len());
        self.missing -= taken as u64;
        self.kept += taken;
        let ends = self.deflated.filter(|_| self.is_clean());
        if ends.is_some() {
            self.kept = 0;
        }
        Ok(Piece {
            payload: start..start + taken,
            mask,
            ends,
        })
    }

    /// Whether everything that began has ended, but for a deflated message.
    pub(super) fn is_plain_clean(&self) -> bool {
        let is_plain = self.is_fragmented && self.deflated.is_none();
        self.header.is_empty() && self.missing == 0 && !is_plain
    }

    /// Whether everything that began has ended.
    pub(super) fn is_clean(&self) -> bool {
        self.header.is_empty() && self.missing == 0 && !self.is_fragmented
    }

    /// Payload bytes of what is unfinished.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Takes bytes of a header, all of it if it is there, and returns how many.
    fn feed_header(&mut self, input: &[u8]) -> Result<usize, Reason> {
        // Most headers come whole.
        if self.header.is_empty()
            && let Some(taken) = self.begin_frame(input)?
        {
            return Ok(taken);
        }
        let known = self.header.len();
        let more = self.header.remaining_capacity().min(input.len());
        self.header.extend(input[..more].iter().copied());
        let header = self.header.clone();
        let Some(taken) = self.begin_frame(&header)? else {
            return Ok(more);
        };
        self.header.clear();
        Ok(taken - known)
    }

    /// Begins the frame whose header these bytes begin with, if it is all there, and returns how long the header is.
    fn begin_frame(&mut self, bytes: &[u8]) -> Result<Option<usize>, Reason> {
        let mut cursor = Cursor::new(bytes);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Reason::Protocol)?;
        let Some((header, payload_bytes)) = parsed else {
            return Ok(None);
        };
        let header_bytes = usize::try_from(cursor.position()).expect("within the header");
        self.judge(&header, header_bytes, payload_bytes)?;
        self.is_control = matches!(header.opcode, OpCode::Control(_));
        if !self.is_control {
            self.is_fragmented = !header.is_final;
        }
        match header.opcode {
            OpCode::Data(Data::Text) => self.deflated = header.rsv1.then_some(Kind::Text),
            OpCode::Data(Data::Binary) => self.deflated = header.rsv1.then_some(Kind::Binary),
            _ => {}
        }
        self.mask = header.mask.unwrap_or_default();
        self.missing = payload_bytes;
        Ok(Some(header_bytes))
    }

    /// Refuses a frame that may not be, or not here (RFC 6455, sections 5.1, 5.2, 5.4 and 5.5), or that is too large.
    fn judge(
        &self,
        header: &FrameHeader,
        header_bytes: usize,
        payload_bytes: u64,
    ) -> Result<(), Reason> {
        // Only the first gets a meaning by what may be agreed on, and only where a message begins (RFC 7692, section 6).
        let begins = matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary));
        let may_be_deflated = begins && self.coding != Coding::Plain;
        let is_reserved = header.rsv1 && !may_be_deflated || header.rsv2 || header.rsv3;
        let is_masked = header.mask.is_some();
        let is_shortest = header.len(payload_bytes) == header_bytes;
        let is_a_length = payload_bytes.leading_zeros() > 0;
        let is_in_place = match header.opcode {
            OpCode::Control(_) => header.is_final && payload_bytes <= CONTROL_BYTES_MAX as u64,
            OpCode::Data(data) => (data == Data::Continue) == self.is_fragmented,
        };
        if is_reserved || !is_masked || !is_shortest || !is_a_length || !is_in_place {
            return Err(Reason::Protocol);
        }
        let is_deflated = header.rsv1 || !begins && self.deflated.is_some();
        let max_bytes = if is_deflated {
            deflated_bytes_max(self.max_message_bytes)
        } else {
            self.max_message_bytes
        };
        let room = max_bytes.saturating_sub(self.kept) as u64;
        if payload_bytes > room && matches!(header.opcode, OpCode::Data(_)) {
            return Err(Reason::MessageTooLarge);
        }
        Ok(())
    }
}

/// Bytes of the longest deflated message, of messages of up to so many.
fn deflated_bytes_max(max_message_bytes: usize) -> usize {
    max_message_bytes + max_message_bytes / 100 + DEFLATE_MARGIN_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1000;
    const PROTOCOL: Reason = Reason::Protocol;
    const TOO_LARGE: Reason = Reason::MessageTooLarge;

    /// A header with a mask of zeroes, of a frame whose second byte says so of its length, and the bytes after it.
    fn header(first: u8, length: u8, extended: &[u8]) -> Vec<u8> {
        [&[first, 0x80 | length], extended, &[0; 4]].concat()
    }

    /// What comes of these bytes, which are refused with the last of them at the earliest.
    fn fault(input: &[u8]) -> Option<Reason> {
        let mut boundary = Boundary::new(MAX, Coding::Plain);
        let (last, before) = input.split_last().unwrap();
        assert_eq!(boundary.feed(before).fault, None, "{before:x?}");
        boundary.feed(&[*last]).fault
    }

    #[test]
    fn what_the_standard_forbids_is_refused_with_the_last_byte_of_its_header() {
        let begun = |then: Vec<u8>| [header(0x01, 0, &[]), then].concat();
        for (what, input) in [
            ("a reserved bit", header(0xc1, 0, &[])),
            ("another", header(0xa1, 0, &[])),
            ("the last", header(0x91, 0, &[])),
            ("no mask", vec![0x81, 0]),
            ("an unknown opcode", header(0x83, 0, &[])),
            ("an unknown control opcode", header(0x8b, 0, &[])),
            (
                "a length of 126 that fits 7 bits",
                header(0x81, 126, &[0, 125]),
            ),
            (
                "a length of 127 that fits 16 bits",
                header(0x82, 127, &[0, 0, 0, 0, 0, 0, 0xff, 0xff]),
            ),
            (
                "a length with the top bit set",
                header(0x82, 127, &[0x80, 0, 0, 0, 0, 0, 0, 1]),
            ),
            ("a long ping", header(0x89, 126, &[0, 126])),
            ("a long pong", header(0x8a, 126, &[0, 126])),
            ("a long close", header(0x88, 126, &[0, 126])),
            ("a ping that is to be continued", header(0x09, 0, &[])),
            ("a pong that is to be continued", header(0x0a, 0, &[])),
            ("a close that is to be continued", header(0x08, 0, &[])),
            ("a continuation of nothing", header(0x80, 0, &[])),
            ("text within a message", begun(header(0x81, 0, &[]))),
            ("bytes within a message", begun(header(0x02, 0, &[]))),
            (
                "a long ping within one",
                begun(header(0x89, 126, &[0, 126])),
            ),
        ] {
            assert_eq!(fault(&input), Some(PROTOCOL), "{what}");
        }
    }

    #[test]
    fn what_the_standard_allows_is_not_refused() {
        let begun = |then: Vec<u8>| [header(0x01, 0, &[]), then].concat();
        for (what, input) in [
            (
                "the shortest length of 16 bits",
                header(0x81, 126, &[0, 126]),
            ),
            ("the longest ping", header(0x89, 125, &[])),
            ("a first fragment", header(0x02, 1, &[])),
            ("a continuation", begun(header(0x00, 1, &[]))),
            ("a ping within a message", begun(header(0x89, 125, &[]))),
        ] {
            assert_eq!(fault(&input), None, "{what}");
        }
    }

    #[test]
    fn a_message_too_large_is_refused_before_what_is_too_much_of_it() {
        assert_eq!(fault(&header(0x82, 126, &[0x03, 0xe8])), None);
        assert_eq!(fault(&header(0x82, 126, &[0x03, 0xe9])), Some(TOO_LARGE));
        let enormous = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(fault(&header(0x82, 127, &enormous)), Some(TOO_LARGE));
        let begun = [header(0x02, 126, &[0x03, 0xe8]), vec![0; MAX]].concat();
        let then = |first, length| [begun.clone(), header(first, length, &[])].concat();
        assert_eq!(fault(&then(0x80, 0)), None);
        assert_eq!(fault(&then(0x80, 1)), Some(TOO_LARGE));
        assert_eq!(fault(&then(0x89, 1)), None, "a ping is no part of it");
    }

    #[test]
    fn what_came_before_a_frame_that_is_refused_is_read() {
        let input = [header(0x81, 0, &[]), header(0x01, 0, &[]), vec![0x81, 0]].concat();
        let extent = Boundary::new(MAX, Coding::Plain).feed(&input);
        let expected = Extent {
            clean: 6,
            sound: 12,
            fault: Some(PROTOCOL),
        };
        assert_eq!(extent, expected);
    }
}
