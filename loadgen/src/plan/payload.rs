//! What fills a message behind its stamp: how well a server can deflate it is up to that.

use std::{fmt::Write, iter};

use fastrand::Rng;
use memchr::memchr;

use crate::args::values::PayloadName;

/// The first letter of a run's tag, by which messages are found, and which fills none of them.
pub(super) const TAG_LETTER: u8 = b'~';
/// The last byte of every message of more than a stamp: printable, and nothing that a server trims or escapes.
const LAST: u8 = b'.';

/// Words of people who chat, one a line, the most frequent first.
const WORDS: &str = include_str!("../../words.txt");
/// Draws among which each word has its share.
const DRAWS: usize = 1 << 12;
/// What random text is of: six bits each, and nothing that anything escapes.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Whether what fills a message goes on to its end, so that no other one can begin within it. Dots are compared; of all else
/// only the end is known.
#[inline]
pub(super) fn is_whole(kind: Option<PayloadName>, filling: &[u8]) -> bool {
    let Some((last, before)) = filling.split_last() else {
        return true;
    };
    *last == LAST
        && match kind {
            // Each is as the one behind it.
            None => *before == filling[1..],
            Some(_) => memchr(TAG_LETTER, before).is_none(),
        }
}

/// What messages are filled with.
#[derive(Clone, Debug)]
pub struct Payload {
    kind: Option<PayloadName>,
    /// Words by draws, if there are any.
    draws: Vec<&'static str>,
    seed: u64,
}

impl Payload {
    /// Of a kind, or dots; decided by the seed.
    pub fn new(kind: Option<PayloadName>, seed: u64) -> Self {
        let draws = match kind {
            Some(PayloadName::Chat | PayloadName::Json) => draws(),
            Some(PayloadName::Random) | None => Vec::new(),
        };
        Self { kind, draws, seed }
    }

    /// Adds so many bytes to a text, the same to the same message of the same publisher.
    pub fn fill(&self, text: &mut String, bytes: usize, publisher: u16, sequence: u32) {
        let Some(before_last) = bytes.checked_sub(1) else {
            return;
        };
        let end = text.len() + before_last;
        let message = u64::from(publisher) << 32 | u64::from(sequence);
        let mut rng = Rng::with_seed(self.seed ^ message);
        match self.kind {
            None => text.extend(iter::repeat_n(char::from(LAST), before_last)),
            Some(PayloadName::Chat) => {
                while text.len() < end {
                    self.sentence(text, &mut rng);
                    text.push(' ');
                }
            }
            Some(PayloadName::Json) => {
                while text.len() < end {
                    self.object(text, &mut rng);
                }
            }
            Some(PayloadName::Random) => {
                let letters = iter::repeat_with(|| char::from(LETTERS[rng.usize(..LETTERS.len())]));
                text.extend(letters.take(before_last));
            }
        }
        // All of it is ASCII.
        text.truncate(end);
        text.push(char::from(LAST));
    }

    fn word(&self, rng: &mut Rng) -> &'static str {
        self.draws[rng.usize(..DRAWS)]
    }

    fn sentence(&self, text: &mut String, rng: &mut Rng) {
        for _ in 0..rng.usize(3..12) {
            text.push_str(self.word(rng));
            text.push(' ');
        }
        text.push_str(self.word(rng));
        text.push_str(["", ".", "!", "?"][rng.usize(..4)]);
    }

    /// What is said, by whom and when, as programs say it.
    fn object(&self, text: &mut String, rng: &mut Rng) {
        let (id, user) = (rng.u32(..), self.word(rng));
        let at_ms = 1_700_000_000_000 + rng.u64(..1 << 36);
        write!(text, r#"{{"id":{id},"user":"{user}","at":{at_ms},"text":""#)
            .expect("a string takes all that is written to it");
        self.sentence(text, rng);
        text.push_str("\"}");
    }
}

/// Each word as often as its share is: the n-th most frequent has one in proportion to 1/n, as in what people say (Zipf's law).
fn draws() -> Vec<&'static str> {
    let words: Vec<&str> = WORDS.lines().collect();
    let ranks = 1..=words.len();
    let parts: usize = ranks.clone().map(|rank| DRAWS / rank).sum();
    let each = words.iter().zip(ranks);
    let draws = each.flat_map(|(word, rank)| {
        let share = DRAWS / rank * DRAWS / parts;
        iter::repeat_n(*word, share)
    });
    // What rounding leaves goes to the first of them.
    draws
        .chain(words.iter().copied().cycle())
        .take(DRAWS)
        .collect()
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;
    use crate::plan::stamp::{Format, Stamp};

    const SIZE: usize = 400;

    fn message(kind: Option<PayloadName>, seed: u64, sequence: u32) -> String {
        let stamp = Stamp {
            publisher: 3,
            sequence,
            intended_ns: 1_234_567_890 * u64::from(sequence + 1),
            delay_ns: 5_000,
            was_blocked: false,
        };
        let run = u32::try_from(seed).unwrap();
        Format::new(run, SIZE, kind).write(stamp, &Payload::new(kind, seed))
    }

    /// Bytes that a message is deflated to, over its own.
    fn ratio(message: &str) -> f64 {
        let mut bytes = Vec::with_capacity(2 * SIZE);
        Compress::new(Compression::new(6), false)
            .compress_vec(message.as_bytes(), &mut bytes, FlushCompress::Sync)
            .unwrap();
        let deflated = u32::try_from(bytes.len() - 4).unwrap();
        f64::from(deflated) / f64::from(u32::try_from(message.len()).unwrap())
    }

    #[test]
    fn a_message_of_a_chat_deflates_as_what_people_write_does() {
        for seed in 0..20 {
            for sequence in 0..50 {
                let message = message(Some(PayloadName::Chat), seed, sequence);
                let ratio = ratio(&message);
                assert!((0.5..=0.7).contains(&ratio), "{ratio}: {message}");
            }
        }
    }

    #[test]
    fn json_deflates_better_and_what_is_random_by_its_six_bits_a_letter_only() {
        let [json, random] =
            [PayloadName::Json, PayloadName::Random].map(|kind| ratio(&message(Some(kind), 7, 0)));
        assert!((0.4..0.75).contains(&json), "{json}");
        assert!((0.75..1.0).contains(&random), "{random}");
        assert!(ratio(&message(None, 7, 0)) < 0.2);
    }

    #[test]
    fn a_message_is_as_long_as_it_should_be_and_says_the_same_for_the_same_seed() {
        for kind in [
            None,
            Some(PayloadName::Chat),
            Some(PayloadName::Json),
            Some(PayloadName::Random),
        ] {
            let one = message(kind, 7, 0);
            assert_eq!((one.len(), one.as_bytes()[SIZE - 1]), (SIZE, LAST));
            assert_eq!(one, message(kind, 7, 0));
            assert_eq!(one[40..] == message(kind, 7, 1)[40..], kind.is_none());
            assert_eq!(one.matches('~').count(), 1);
            assert_eq!(one.contains('"'), kind == Some(PayloadName::Json));
        }
    }

    #[test]
    fn words_are_drawn_unevenly_and_all_of_them() {
        let draws = draws();
        assert_eq!(draws.len(), DRAWS);
        let count = |word| draws.iter().filter(|drawn| **drawn == word).count();
        let counts: Vec<usize> = WORDS.lines().map(count).collect();
        assert!(counts.is_sorted_by(|more, less| more >= less), "{counts:?}");
        assert!(counts[0] > DRAWS / 10 && *counts.last().unwrap() >= 1);
    }
}
