//! What each message carries: who sent it, which one it is, and when it should have been sent.
//!
//! A stamp is text of fixed width, so that it passes through a server that only relays text, and is read by offset:
//!
//! | bytes | what |
//! |---|---|
//! | 0 to 8 | the run's tag, so that what others say in the channel is told apart |
//! | 8 to 12 | publisher, in hex |
//! | 12 to 24 | intended send time in nanoseconds since the run's origin, in hex |
//! | 24 to 32 | sequence number of that publisher, in hex |
//!
//! Filler follows, up to the wanted size. In a text frame, messages are separated by `\n`.

use std::fmt::Write as _;

/// Bytes of a stamp: the smallest message there is.
pub const STAMP_BYTES: usize = 32;
/// Publishers that a stamp can name.
pub const PUBLISHERS_MAX: usize = 1 << 16;
/// Nanoseconds since the origin that a stamp can carry: 78 hours.
pub const TIME_NS_MAX: u64 = (1 << 48) - 1;

/// Printable, and nothing that a server trims from the end.
const FILLER: char = '.';

/// One message's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Which publisher sent it.
    pub publisher: u16,
    /// Which of that publisher's messages it is, from 0 without gaps.
    pub sequence: u32,
    /// When it should have been sent, in nanoseconds since the run's origin.
    pub intended_ns: u64,
}

/// How the messages of one run look.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    tag: [u8; 8],
    size: usize,
}

impl Format {
    /// The format of a run: its name as a number, and the bytes of each message (at least [`STAMP_BYTES`]).
    pub fn new(run: u32, size: usize) -> Self {
        let mut tag = *b"~0000000";
        for (at, byte) in tag[1..].iter_mut().enumerate() {
            *byte = b"0123456789abcdef"[(run >> (4 * at)) as usize & 0xF];
        }
        Self {
            tag,
            size: size.max(STAMP_BYTES),
        }
    }

    /// The text of one message.
    pub fn write(&self, stamp: Stamp) -> String {
        let mut text = String::with_capacity(self.size);
        text.extend(self.tag.map(char::from));
        write!(
            text,
            "{:04x}{:012x}{:08x}",
            stamp.publisher,
            stamp.intended_ns & TIME_NS_MAX,
            stamp.sequence
        )
        .expect("a string takes all that is written to it");
        text.extend(std::iter::repeat_n(FILLER, self.size - STAMP_BYTES));
        text
    }

    /// The messages of a text frame in their order; `None` for one that is not of this run.
    pub fn messages<'a>(&self, frame: &'a [u8]) -> impl Iterator<Item = Option<Stamp>> + use<'a> {
        let format = *self;
        let mut rest = frame;
        std::iter::from_fn(move || {
            while let [b'\n', after @ ..] = rest {
                rest = after;
            }
            if rest.is_empty() {
                return None;
            }
            let length = format.length_of_first(rest);
            let (message, after) = rest.split_at(length);
            rest = after;
            Some(format.read(message))
        })
    }

    /// Our own messages end where they should, so the newline is not searched for.
    fn length_of_first(&self, rest: &[u8]) -> usize {
        let ours = rest.starts_with(&self.tag)
            && (rest.len() == self.size || rest.get(self.size) == Some(&b'\n'));
        if ours {
            return self.size;
        }
        rest.iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(rest.len())
    }

    fn read(&self, message: &[u8]) -> Option<Stamp> {
        let (words, _) = message.first_chunk::<STAMP_BYTES>()?.as_chunks::<8>();
        if words[0] != self.tag {
            return None;
        }
        let head = hex(words[1]);
        let publisher = u16::try_from(head >> 16).ok()?;
        Some(Stamp {
            publisher,
            sequence: hex(words[3]),
            intended_ns: u64::from(head & 0xFFFF) << 32 | u64::from(hex(words[2])),
        })
    }
}

/// Eight hex digits at once. Anything else gives some number: the tag has vouched for them.
fn hex(digits: [u8; 8]) -> u32 {
    let word = u64::from_be_bytes(digits);
    // Letters have bit 6 set, and their low nibble is 9 short of their value.
    let letters = (word >> 6) & 0x0101_0101_0101_0101;
    let nibbles = ((word & 0x0F0F_0F0F_0F0F_0F0F) + letters * 9) & 0x0F0F_0F0F_0F0F_0F0F;
    let bytes = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
    u32::try_from((pairs | pairs >> 16) & 0xFFFF_FFFF).expect("masked to 32 bits")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STAMP: Stamp = Stamp {
        publisher: 0xBEEF,
        sequence: 0x0123_4567,
        intended_ns: 0x89AB_CDEF_0123,
    };

    fn read(format: Format, frame: &str) -> Vec<Option<Stamp>> {
        format.messages(frame.as_bytes()).collect()
    }

    #[test]
    fn a_message_has_the_wanted_size_and_is_visible_text() {
        for size in [STAMP_BYTES, 33, 64, 1000] {
            let text = Format::new(7, size).write(STAMP);
            assert_eq!(text.len(), size);
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn messages_of_a_frame_are_told_apart() {
        let format = Format::new(7, 40);
        let next = Stamp {
            sequence: 1,
            ..STAMP
        };
        let frame = format!("{}\n{}", format.write(STAMP), format.write(next));
        assert_eq!(read(format, &frame), [Some(STAMP), Some(next)]);
    }

    #[test]
    fn what_others_say_is_foreign_and_hides_nothing() {
        let format = Format::new(7, 40);
        let other = Format::new(8, 40).write(STAMP);
        let frame = format!("hello\n{}\n{other}\n\n~short\n", format.write(STAMP));
        assert_eq!(read(format, &frame), [None, Some(STAMP), None, None]);
    }

    #[test]
    fn a_message_that_the_server_made_longer_is_still_ours() {
        let format = Format::new(7, 40);
        let frame = format!("{} and more", format.write(STAMP));
        assert_eq!(read(format, &frame), [Some(STAMP)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back(
            publisher: u16, sequence: u32, intended_ns in 0..=TIME_NS_MAX, run: u32, size in 32..200_usize,
        ) {
            let stamp = Stamp { publisher, sequence, intended_ns };
            let format = Format::new(run, size);
            prop_assert_eq!(read(format, &format.write(stamp)), [Some(stamp)]);
        }

        #[test]
        fn arbitrary_frames_never_panic(frame: Vec<u8>, tail: Vec<u8>) {
            let format = Format::new(0, 40);
            format.messages(&frame).for_each(drop);
            let tagged = [b"~0000000".as_slice(), &tail].concat();
            format.messages(&tagged).for_each(drop);
        }
    }
}
