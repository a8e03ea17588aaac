//! What each message carries: who sent it, which one it is, when it should have been sent, and when it was.
//!
//! A stamp is text of fixed width, so that it passes through any server that relays text, and is read by offset:
//!
//! | bytes | what |
//! |---|---|
//! | 0 to 8 | the run's tag, by which a message is found in whatever a server puts around it |
//! | 8 to 12 | publisher |
//! | 12 to 24 | intended send time in nanoseconds since the run's origin |
//! | 24 to 32 | sequence number of that publisher |
//! | 32 to 40 | how much later it was sent, in units of 256 ns, and in the highest bit whether that was its socket's doing |
//!
//! What it is filled with follows, up to the wanted size. Numbers are written in base 16, with the digits `@ABC…O` for 0 to 15: their
//! low four bits are their values, so that reading a stamp takes a few instructions.

use crate::{
    args::values::PayloadName,
    plan::payload::{self, Payload, TAG_LETTER},
};

/// Bytes of a stamp: the smallest message there is.
pub const STAMP_BYTES: usize = 40;
/// Bytes of the largest message that is sent, and taken in.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// Publishers that a stamp can name.
pub const PUBLISHERS_MAX: usize = 1 << 16;
/// Nanoseconds since the origin that a stamp can carry: 78 hours.
pub const TIME_NS_MAX: u64 = (1 << 48) - 1;

/// Bytes of a run's tag.
pub(super) const TAG_BYTES: usize = 8;
/// Which eight bytes of a stamp are its sequence number, and which the others.
const SEQUENCE_WORD: usize = 3;
const OTHER_WORDS: [usize; 4] = [0, 1, 2, 4];
/// The unit of a delay is 256 ns: 9 minutes can be told.
const DELAY_UNIT_NS_LOG2: u32 = 8;
/// Units of the longest delay.
const DELAY_MAX: u32 = u32::MAX >> 1;

/// One message's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Which publisher sent it.
    pub publisher: u16,
    /// Which of that publisher's messages it is, from 0 without gaps.
    pub sequence: u32,
    /// When it should have been sent, in nanoseconds since the run's origin.
    pub intended_ns: u64,
    /// How much later it was sent, in nanoseconds; known to 256 of them.
    pub delay_ns: u64,
    /// Whether most of that was spent waiting for its socket, which is the server's doing.
    pub was_blocked: bool,
}

/// How the messages of one run look.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub(super) tag: [u8; TAG_BYTES],
    pub(super) size: usize,
    filling: Option<PayloadName>,
}

/// Messages that were sent together with another one, one after the other: what the next of them begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Followers {
    /// What all of them have in common.
    same: [u64; 4],
    /// The number of the next, in digits.
    digits: u64,
}

impl Stamp {
    /// Which message of which publisher it is on.
    #[inline]
    pub fn name(&self) -> (u16, u32) {
        (self.publisher, self.sequence)
    }
}

impl Format {
    /// The format of a run: its name as a number, the bytes of each message (at least [`STAMP_BYTES`]), and what fills it.
    pub fn new(run: u32, size: usize, filling: Option<PayloadName>) -> Self {
        let mut tag = [TAG_LETTER; TAG_BYTES];
        for (at, byte) in tag[1..].iter_mut().enumerate() {
            *byte = b"0123456789abcdef"[(run >> (4 * at)) as usize & 0xF];
        }
        Self {
            tag,
            size: size.max(STAMP_BYTES),
            filling,
        }
    }

    /// The text of one message, filled with something.
    pub fn write(&self, stamp: Stamp, payload: &Payload) -> String {
        let mut text = String::with_capacity(self.size);
        text.extend(self.tag.map(char::from));
        let delay = (stamp.delay_ns >> DELAY_UNIT_NS_LOG2).min(u64::from(DELAY_MAX));
        let blocked = u64::from(stamp.was_blocked) << 31;
        let words = [
            u64::from(stamp.publisher) << 48 | stamp.intended_ns & TIME_NS_MAX,
            u64::from(stamp.sequence) << 32 | blocked | delay,
        ];
        for word in words {
            let digits = (0..16).rev().map(|place| word >> (4 * place) & 0xF);
            text.extend(digits.map(digit));
        }
        let bytes = self.size - STAMP_BYTES;
        payload.fill(&mut text, bytes, stamp.publisher, stamp.sequence);
        text
    }

    /// The message that begins there, if it is all there.
    #[inline]
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Stamp> {
        let words = self.words(bytes)?;
        if !words[1..].iter().all(|word| are_digits(*word)) {
            return None;
        }
        let head = number(words[1]);
        let delay = number(words[4]);
        Some(Stamp {
            publisher: u16::try_from(head >> 16).ok()?,
            sequence: number(words[3]),
            intended_ns: u64::from(head & 0xFFFF) << 32 | u64::from(number(words[2])),
            delay_ns: u64::from(delay & DELAY_MAX) << DELAY_UNIT_NS_LOG2,
            was_blocked: delay > DELAY_MAX,
        })
    }

    /// The messages that may follow the one that begins there, whose stamp was read.
    #[inline]
    pub(super) fn followers(&self, bytes: &[u8]) -> Option<Followers> {
        let words = self.words(bytes)?;
        Some(Followers {
            same: OTHER_WORDS.map(|at| u64::from_ne_bytes(words[at])),
            digits: successor(u64::from_be_bytes(words[SEQUENCE_WORD])),
        })
    }

    /// Whether the message that begins there is the next of these.
    #[inline]
    pub(super) fn follows(&self, bytes: &[u8], followers: &mut Followers) -> bool {
        let Some(words) = self.words(bytes) else {
            return false;
        };
        let digits = u64::from_be_bytes(words[SEQUENCE_WORD]);
        // One branch for all: most often it is.
        let mut difference = digits ^ followers.digits;
        for (at, same) in OTHER_WORDS.into_iter().zip(followers.same) {
            difference |= u64::from_ne_bytes(words[at]) ^ same;
        }
        followers.digits = successor(digits);
        difference == 0
    }

    /// The words of the message that begins there, if it is all there: a server may have cut it, and another one may begin
    /// where it was.
    #[inline]
    fn words<'a>(&self, bytes: &'a [u8]) -> Option<&'a [[u8; 8]]> {
        let (stamp, filling) = bytes.get(..self.size)?.split_first_chunk::<STAMP_BYTES>()?;
        let (words, _) = stamp.as_chunks();
        payload::is_whole(self.filling, filling).then_some(words)
    }
}

/// What comes after a number that is written in eight digits, read as one with the first byte the highest.
#[inline]
fn successor(digits: u64) -> u64 {
    // A digit that is the last carries on to the one before it, and never further than the eight.
    ((digits | 0xF0F0_F0F0_F0F0_F0F0).wrapping_add(1) & 0x0F0F_0F0F_0F0F_0F0F)
        | 0x4040_4040_4040_4040
}

/// The digit of a number below 16.
fn digit(value: u64) -> char {
    char::from(b"@ABCDEFGHIJKLMNO"[usize::from(value.to_le_bytes()[0])])
}

/// Whether all of them are digits.
#[inline]
fn are_digits(bytes: [u8; 8]) -> bool {
    u64::from_ne_bytes(bytes) & 0xF0F0_F0F0_F0F0_F0F0 == 0x4040_4040_4040_4040
}

/// The number that eight digits write; anything else gives some number.
#[inline]
fn number(digits: [u8; 8]) -> u32 {
    let nibbles = u64::from_be_bytes(digits) & 0x0F0F_0F0F_0F0F_0F0F;
    let bytes = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
    u32::try_from((pairs | pairs >> 16) & 0xFFFF_FFFF).expect("masked to 32 bits")
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any.
    pub(in crate::plan) const STAMP: Stamp = Stamp {
        publisher: 0xBEEF,
        sequence: 0x0123_4567,
        intended_ns: 0x89AB_CDEF_0123,
        delay_ns: 0x7700,
        was_blocked: false,
    };

    /// What fills a message that is of no interest.
    pub(in crate::plan) fn dots() -> Payload {
        Payload::new(None, 0)
    }

    #[test]
    fn a_message_has_the_wanted_size_and_is_visible_text() {
        for size in [STAMP_BYTES, 41, 64, 1000] {
            let text = Format::new(7, size, None).write(STAMP, &dots());
            assert_eq!(text.len(), size);
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn what_follows_a_message_has_the_next_number_and_all_else_in_common() {
        let format = Format::new(7, 50, None);
        let text = |sequence| format.write(Stamp { sequence, ..STAMP }, &dots());
        for sequence in [0, 0xE, 0xF, 0xFF, 0x0123_FFFF, 0x0FFF_FFFF] {
            let first = text(sequence);
            let mut followers = format.followers(first.as_bytes()).unwrap();
            for next in [sequence + 1, sequence + 2] {
                assert!(format.follows(text(next).as_bytes(), &mut followers));
            }
            assert!(!format.follows(text(sequence + 4).as_bytes(), &mut followers));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back(
            publisher: u16, sequence: u32, intended_ns in 0..=TIME_NS_MAX, delay in 0..=DELAY_MAX,
            was_blocked: bool, run: u32, size in 40..200_usize,
        ) {
            let delay_ns = u64::from(delay) << 8;
            let stamp = Stamp { publisher, sequence, intended_ns, delay_ns, was_blocked };
            let format = Format::new(run, size, None);
            let text = format.write(stamp, &dots());
            prop_assert_eq!(format.read(text.as_bytes()), Some(stamp));
            prop_assert_eq!(format.read(&text.as_bytes()[..size - 1]), None);
        }
    }
}
