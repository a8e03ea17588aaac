//! The messages of a run in what a server sends, wherever it puts them.

use memchr::memmem;

use crate::plan::{
    stamp::{Format, TAG_BYTES},
    volley::Volley,
};

/// Finds the messages of a run in the frames of one server, wherever it puts them. What it learned of one frame's
/// layout it tries first on the next.
#[derive(Debug)]
pub struct Finder {
    format: Format,
    tag: memmem::Finder<'static>,
    /// Bytes before the first message of a frame.
    lead: usize,
    /// Bytes from the begin of one message to that of the next.
    stride: usize,
}

/// How far a frame has been read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    /// Where the last message began.
    previous: Option<usize>,
    /// Where the rest begins.
    rest: usize,
}

impl Cursor {
    /// Where the last message began.
    #[inline]
    pub fn begin(&self) -> usize {
        self.previous.unwrap_or_default()
    }

    /// Where the last message ended.
    #[inline]
    pub fn end(&self) -> usize {
        self.rest
    }
}

impl Finder {
    /// A finder that expects messages one after another, with one byte in between.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            tag: memmem::Finder::new(&format.tag).into_owned(),
            lead: 0,
            stride: format.size + 1,
        }
    }

    /// The next message of a frame, with all behind it that were sent together with it; `Some(None)` for one that is damaged.
    #[inline]
    pub fn next(&mut self, frame: &[u8], cursor: &mut Cursor) -> Option<Option<Volley>> {
        let expected = cursor
            .previous
            .map_or(self.lead, |previous| previous + self.stride);
        let at = match frame.get(expected..expected + TAG_BYTES) {
            Some(tag) if *tag == self.format.tag && self.is_next(frame, cursor, expected) => {
                expected
            }
            // What is shorter than a tag holds none.
            _ if frame.len() < cursor.rest + TAG_BYTES => return None,
            _ => self.search(frame, cursor)?,
        };
        let found = self.volley(frame, at);
        *cursor = match found {
            None => Cursor {
                previous: Some(at),
                rest: at + TAG_BYTES,
            },
            Some(volley) => {
                let last = at + (volley.count as usize - 1) * self.stride;
                Cursor {
                    previous: Some(last),
                    rest: last + self.format.size,
                }
            }
        };
        Some(found)
    }

    /// The message that begins there, and those that follow it where they are expected, if nothing can be hidden in between.
    #[inline]
    fn volley(&self, frame: &[u8], begin: usize) -> Option<Volley> {
        let mut rest = &frame[begin..];
        let first = self.format.read(rest)?;
        let mut volley = Volley { first, count: 1 };
        let gap = self.stride.checked_sub(self.format.size);
        if gap.is_some_and(|bytes| bytes < TAG_BYTES) && rest.len() > self.stride {
            let mut followers = self.format.followers(rest)?;
            while let Some((_, next)) = rest.split_at_checked(self.stride)
                && self.format.follows(next, &mut followers)
            {
                volley.count += 1;
                rest = next;
            }
        }
        Some(volley)
    }

    /// Whether no message begins before the place where one was expected.
    #[inline]
    fn is_next(&self, frame: &[u8], cursor: &Cursor, expected: usize) -> bool {
        let skipped = expected.checked_sub(cursor.rest);
        skipped.is_some_and(|bytes| {
            bytes < TAG_BYTES || self.tag.find(&frame[cursor.rest..expected]).is_none()
        })
    }

    /// Where the next message begins that is not where it was expected.
    #[cold]
    fn search(&mut self, frame: &[u8], cursor: &Cursor) -> Option<usize> {
        let at = cursor.rest + self.tag.find(&frame[cursor.rest..])?;
        match cursor.previous {
            Some(previous) => self.stride = at - previous,
            None => self.lead = at,
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        args::values::PayloadName,
        plan::{
            payload::Payload,
            stamp::{
                STAMP_BYTES, Stamp,
                tests::{STAMP, dots},
            },
        },
    };

    const NEXT: Stamp = Stamp {
        sequence: STAMP.sequence + 1,
        ..STAMP
    };

    fn read(format: Format, frame: &str) -> Vec<Option<Stamp>> {
        all(&mut Finder::new(format), frame.as_bytes())
    }

    /// Message by message; `None` for each that is damaged.
    fn all(finder: &mut Finder, frame: &[u8]) -> Vec<Option<Stamp>> {
        let mut cursor = Cursor::default();
        let found = std::iter::from_fn(|| finder.next(frame, &mut cursor));
        let stamps = found.flat_map(|volley| match volley {
            Some(volley) => volley.stamps().map(Some).collect(),
            None => vec![None],
        });
        stamps.collect()
    }

    #[test]
    fn messages_of_a_frame_are_told_apart_whatever_is_around_them() {
        let format = Format::new(7, 50, None);
        let (one, two) = (format.write(STAMP, &dots()), format.write(NEXT, &dots()));
        for frame in [
            format!("{one}\n{two}"),
            format!("{one}{two}"),
            format!("[{{\"message\":\"{one}\",\"seq\":9}},{{\"message\":\"{two}\",\"seq\":10}}]"),
            format!("hello\n{one}\nand\n\n~0000000\n{two} and more"),
        ] {
            assert_eq!(read(format, &frame), [Some(STAMP), Some(NEXT)], "{frame}");
        }
    }

    #[test]
    fn a_layout_that_changes_is_learned_again() {
        let format = Format::new(7, 50, None);
        let (one, two) = (format.write(STAMP, &dots()), format.write(NEXT, &dots()));
        let mut finder = Finder::new(format);
        for frame in [
            "{one}\n{two}",
            "<{one}>, <{two}>",
            "{one}{two}",
            "{one}\n{two}",
        ] {
            let frame = frame.replace("{one}", &one).replace("{two}", &two);
            let found = all(&mut finder, frame.as_bytes());
            assert_eq!(found, [Some(STAMP), Some(NEXT)], "{frame}");
        }
    }

    #[test]
    fn a_place_that_was_learned_hides_no_message_before_it() {
        let format = Format::new(7, 50, None);
        let (one, two) = (format.write(STAMP, &dots()), format.write(NEXT, &dots()));
        let other = Format::new(8, 50, None).write(STAMP, &dots());
        let mut finder = Finder::new(format);
        assert_eq!(
            all(&mut finder, format!("{other}\n{one}").as_bytes()),
            [Some(STAMP)]
        );
        let both = [Some(STAMP), Some(NEXT)];
        assert_eq!(all(&mut finder, format!("{one}\n{two}").as_bytes()), both);
        let apart = format!("{one}\n{other}\n{two}");
        assert_eq!(all(&mut finder, apart.as_bytes()), both);
        let three = format!("{one}\n{one}\n{two}");
        let all_three = [Some(STAMP), Some(STAMP), Some(NEXT)];
        assert_eq!(all(&mut finder, three.as_bytes()), all_three);
    }

    #[test]
    fn messages_of_other_runs_are_not_seen() {
        let format = Format::new(7, 50, None);
        let other = Format::new(8, 50, None).write(STAMP, &dots());
        let frame = format!("hello\n{}\n{other}\n", format.write(STAMP, &dots()));
        assert_eq!(read(format, &frame), [Some(STAMP)]);
    }

    #[test]
    fn a_message_that_was_cut_is_damaged() {
        let format = Format::new(7, 50, None);
        let text = format.write(STAMP, &dots());
        for length in TAG_BYTES..50 {
            assert_eq!(read(format, &text[..length]), [None]);
        }
        let frame = format!("{}\n{}", &text[..45], format.write(NEXT, &dots()));
        assert_eq!(read(format, &frame), [None, Some(NEXT)]);
    }

    #[test]
    fn a_message_that_was_cut_does_not_hide_the_next() {
        let third = Stamp {
            sequence: NEXT.sequence + 1,
            ..NEXT
        };
        for size in [STAMP_BYTES, 50, 64, 200] {
            let format = Format::new(7, size, None);
            let texts = [STAMP, NEXT, third].map(|stamp| format.write(stamp, &dots()));
            for length in TAG_BYTES..size {
                let cut = &texts[1][..length];
                let frame = [&texts[0], cut, &texts[2]].join("\n");
                assert_eq!(read(format, &frame), [Some(STAMP), None, Some(third)]);
                let frame = [cut, &texts[0], &texts[1]].join("\n");
                assert_eq!(read(format, &frame), [None, Some(STAMP), Some(NEXT)]);
                let frame = [&texts[0], cut, cut, &texts[2]].join("\n");
                let found = [Some(STAMP), None, None, Some(third)];
                assert_eq!(read(format, &frame), found, "{size} {length}");
            }
        }
    }

    #[test]
    fn two_that_were_cut_are_not_one_that_is_whole() {
        let format = Format::new(7, 200, None);
        let half = &format.write(STAMP, &dots())[..100];
        let both = [half, half].concat();
        let mut finder = Finder::new(format);
        for frame in [both.clone(), [&*both, &both, &both].join("\n")] {
            let found = all(&mut finder, frame.as_bytes());
            assert!(found.iter().all(Option::is_none), "{found:?}");
            assert_eq!(found.len(), frame.len() / 100);
        }
    }

    #[test]
    fn dots_that_were_changed_are_damage() {
        let format = Format::new(7, 50, None);
        for at in STAMP_BYTES..50 {
            let mut text = format.write(STAMP, &dots()).into_bytes();
            text[at] = b'X';
            assert_eq!(all(&mut Finder::new(format), &text), [None], "{at}");
        }
    }

    #[test]
    fn what_was_sent_together_is_found_together_and_nothing_else_is() {
        let format = Format::new(7, 50, None);
        let next = |stamp: Stamp| Stamp {
            sequence: stamp.sequence + 1,
            ..stamp
        };
        let second = next(STAMP);
        let apart = [
            second,
            Stamp {
                publisher: 2,
                ..next(second)
            },
            Stamp {
                sequence: 9,
                ..next(second)
            },
            Stamp {
                intended_ns: 1001,
                ..next(second)
            },
            Stamp {
                intended_ns: STAMP.intended_ns + (1 << 32),
                ..next(second)
            },
            Stamp {
                delay_ns: 0,
                ..next(second)
            },
            Stamp {
                was_blocked: true,
                ..next(second)
            },
        ];
        for other in apart {
            let texts = [STAMP, second, other].map(|stamp| format.write(stamp, &dots()));
            let frame = texts.join("\n");
            let (mut finder, mut cursor) = (Finder::new(format), Cursor::default());
            let counts = std::iter::from_fn(|| finder.next(frame.as_bytes(), &mut cursor));
            let counts: Vec<_> = counts.map(|volley| volley.unwrap().count).collect();
            assert_eq!(counts, [2, 1], "{other:?}");
            assert_eq!(cursor.end(), frame.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn all_are_found_however_they_follow_each_other_and_what_was_cut_is_none(
            steps in vec((0..3_u32, 0..2_u64, any::<bool>(), TAG_BYTES..120), 0..40), apart in 0..12_usize, kind in 0..4_usize,
        ) {
            let kinds = [None, Some(PayloadName::Chat), Some(PayloadName::Json), Some(PayloadName::Random)];
            let (format, payload) = (Format::new(7, 120, kinds[kind]), Payload::new(kinds[kind], 1));
            let (mut stamp, mut stamps, mut frame) = (STAMP, Vec::new(), String::new());
            for (skipped, later_ns, is_whole, cut) in steps {
                stamp.sequence += skipped;
                stamp.intended_ns += later_ns;
                let text = format.write(stamp, &payload);
                stamps.push(is_whole.then_some(stamp));
                frame += if is_whole { &text } else { &text[..cut] };
                frame += &"-".repeat(apart);
            }
            prop_assert_eq!(read(format, &frame), stamps);
        }

        #[test]
        fn arbitrary_frames_never_panic(frame: Vec<u8>, tail: Vec<u8>) {
            let mut finder = Finder::new(Format::new(0, 50, None));
            all(&mut finder, &frame);
            all(&mut finder, &[b"~0000000".as_slice(), &tail].concat());
        }
    }
}
