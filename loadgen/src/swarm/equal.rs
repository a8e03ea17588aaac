//! Messages that were inflated a moment ago, found by what they were before: everyone in a channel gets the same ones.

/// Messages that are remembered: those that some clients have and others are about to get.
const MESSAGES_MAX: usize = 256;
/// Bytes that they may have, inflated and before, beside one that has more.
const BYTES_MAX: usize = 16 << 20;

/// A message has one place, which it takes from whatever was there.
#[derive(Debug)]
pub(super) struct Equal {
    places: Vec<Known>,
    bytes: usize,
}

#[derive(Clone, Debug, Default)]
struct Known {
    deflated: Vec<u8>,
    inflated: Vec<u8>,
}

impl Default for Equal {
    fn default() -> Self {
        Self {
            places: vec![Known::default(); MESSAGES_MAX],
            bytes: 0,
        }
    }
}

impl Equal {
    /// Where a message is, or where it belongs if it is unknown.
    pub(super) fn find(&self, deflated: &[u8]) -> Result<usize, usize> {
        let place = place(deflated);
        // What is empty is no deflated message, and in places where there is none.
        if !deflated.is_empty() && self.places[place].deflated == deflated {
            Ok(place)
        } else {
            Err(place)
        }
    }

    /// Remembers a message at its place, as it is inflated.
    pub(super) fn put(&mut self, place: usize, deflated: &[u8], inflated: &[u8]) {
        if self.bytes > BYTES_MAX {
            *self = Self::default();
        }
        let known = &mut self.places[place];
        let before = known.bytes();
        for (kept, bytes) in [
            (&mut known.deflated, deflated),
            (&mut known.inflated, inflated),
        ] {
            kept.clear();
            kept.extend_from_slice(bytes);
        }
        self.bytes = self.bytes - before + known.bytes();
    }

    /// The message at a place.
    pub(super) fn inflated(&self, place: usize) -> &[u8] {
        &self.places[place].inflated
    }
}

impl Known {
    /// Bytes that it keeps.
    fn bytes(&self) -> usize {
        self.deflated.capacity() + self.inflated.capacity()
    }
}

/// A number that differs for most messages, by multiplying and rotating (as `FxHash` does); whoever means to have all in one
/// place costs us time, and nothing else.
fn place(bytes: &[u8]) -> usize {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    let hash = rest
        .iter()
        .fold(hash, |hash, byte| mix(hash, u64::from(*byte)));
    usize::try_from(hash >> 32).unwrap_or_default() % MESSAGES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts a message of so many bytes that inflates to as many more.
    fn put(equal: &mut Equal, first: u8, bytes: usize) -> Vec<u8> {
        let deflated = [&[first][..], &vec![0; bytes]].concat();
        let place = equal.find(&deflated).unwrap_err();
        equal.put(place, &deflated, &deflated);
        deflated
    }

    #[test]
    fn a_message_is_found_by_all_its_bytes() {
        let mut equal = Equal::default();
        let one = put(&mut equal, 1, 30);
        let place = equal.find(&one).unwrap();
        assert_eq!(equal.inflated(place), one);
        for at in 0..one.len() {
            let mut other = one.clone();
            other[at] ^= 0x80;
            assert!(equal.find(&other).is_err());
            assert!(equal.find(&one[..at]).is_err());
        }
    }

    #[test]
    fn no_more_is_remembered_than_may_be() {
        let mut equal = Equal::default();
        for first in 0..100 {
            put(&mut equal, first, 1 << 20);
            assert!(equal.bytes <= BYTES_MAX + (4 << 20));
        }
    }
}
