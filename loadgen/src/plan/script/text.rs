//! A text that is said by many: what stands in it as it is, and the places where each says something of its own.

use crate::plan::particulars::Own;

/// Bits of a length that one byte of it carries (MQTT 3.1.1, section 2.2.3).
const LENGTH_BITS: u32 = 7;

/// A text with places to be filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub(super) pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// What is the same for all.
    Literal(Vec<u8>),
    /// What is not.
    Place(Place),
}

/// What is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The payload of a message.
    Payload,
    /// Bytes of the payload.
    Length,
    /// Which message it is of its client's, from 1 on.
    Number,
    /// The client's number.
    Client,
    /// The topic of its channel.
    Topic,
    /// Its line of the file of values.
    Value,
    /// What the `*` of a reply stands for.
    Carried,
    /// Bytes of all that follows, as MQTT writes them.
    Rest,
    /// The topic behind its length in two bytes, as MQTT writes it.
    Utf8Topic,
}

/// What a text is filled with.
#[derive(Clone, Copy, Default)]
pub struct Filling<'a> {
    /// What is particular to the client.
    pub own: Own<'a>,
    /// Which of its messages it is.
    pub number: u64,
    /// The payload.
    pub payload: &'a str,
    /// What the `*` of a reply stands for.
    pub carried: &'a [u8],
}

impl Text {
    /// The text of one client.
    pub fn fill(&self, with: &Filling) -> Vec<u8> {
        let mut bytes = Vec::new();
        fill(&self.pieces, with, &mut bytes);
        bytes
    }

    /// Whether it is nothing but the payload.
    pub fn is_bare(&self) -> bool {
        self.pieces == [Piece::Place(Place::Payload)]
    }

    /// How often a place is in it.
    pub fn count(&self, place: Place) -> usize {
        let is_it = |piece: &&Piece| **piece == Piece::Place(place);
        self.pieces.iter().filter(is_it).count()
    }

    /// Whether it can be said in a text frame, as far as is known before it is filled.
    pub fn is_utf8(&self) -> bool {
        self.pieces.iter().all(|piece| match piece {
            Piece::Literal(bytes) => std::str::from_utf8(bytes).is_ok(),
            // A length is below 128, or its first byte is no text.
            Piece::Place(place) => *place != Place::Rest,
        })
    }
}

fn fill(pieces: &[Piece], with: &Filling, bytes: &mut Vec<u8>) {
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(literal) => bytes.extend_from_slice(literal),
            Piece::Place(place) => match place {
                Place::Payload => bytes.extend_from_slice(with.payload.as_bytes()),
                Place::Length => bytes.extend(with.payload.len().to_string().bytes()),
                Place::Number => bytes.extend(with.number.to_string().bytes()),
                Place::Client => bytes.extend(with.own.client.to_string().bytes()),
                Place::Topic => bytes.extend_from_slice(with.own.topic.as_bytes()),
                Place::Value => bytes.extend_from_slice(with.own.value.as_bytes()),
                Place::Carried => bytes.extend_from_slice(with.carried),
                Place::Utf8Topic => {
                    let topic = with.own.topic.as_bytes();
                    let length = u16::try_from(topic.len()).unwrap_or(u16::MAX);
                    bytes.extend(length.to_be_bytes());
                    bytes.extend_from_slice(topic);
                }
                Place::Rest => {
                    let mut rest = Vec::new();
                    fill(&pieces[at + 1..], with, &mut rest);
                    push_length(rest.len(), bytes);
                    bytes.append(&mut rest);
                    return;
                }
            },
        }
    }
}

/// A length, low bits first, with the highest bit of each byte but the last set.
fn push_length(mut length: usize, bytes: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(length & 0x7F).expect("seven bits fit a byte");
        length >>= LENGTH_BITS;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_written_low_bits_first() {
        let written = |length| {
            let mut bytes = Vec::new();
            push_length(length, &mut bytes);
            bytes
        };
        // MQTT 3.1.1, table 2.4.
        assert_eq!(written(0), [0]);
        assert_eq!(written(127), [0x7F]);
        assert_eq!(written(128), [0x80, 0x01]);
        assert_eq!(written(16_383), [0xFF, 0x7F]);
        assert_eq!(written(268_435_455), [0xFF, 0xFF, 0xFF, 0x7F]);
    }
}
