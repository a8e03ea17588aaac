//! Finds the messages in what a server sent (RFC 6455, section 5), one shared receive buffer for all clients.
//!
//! The load generator must cost far less than the server it measures, so this is the one place where it parses the
//! protocol itself: whole frames are handed out where they lie in the receive buffer, and a client keeps only the bytes
//! of a frame, or of a fragmented message, that has not fully arrived. A property test holds it against tungstenite.

mod header;

pub use header::ScanError;

use std::ops::Range;

use crate::plan::stamp::MESSAGE_BYTES_MAX;
use header::{Header, Kind, Opcode};

/// What one client keeps between two reads.
#[derive(Debug, Default)]
pub struct Scanner {
    /// The beginning of a frame that has not fully arrived.
    partial: Vec<u8>,
    /// The beginning of a message that comes in fragments.
    message: Vec<u8>,
    /// What kind of message comes in fragments.
    fragmented: Option<Kind>,
    /// What the last call handed out, to be forgotten by the next.
    lent: Lent,
}

/// A whole message; its bytes are valid until the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, not checked to be UTF-8.
    Text(&'a [u8]),
    /// Binary data.
    Binary(&'a [u8]),
    /// A ping, to be answered with the same bytes.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// A close: two bytes of code and a reason, or nothing.
    Close(&'a [u8]),
}

impl Scanner {
    /// The next whole message of `input`, which is shortened by what was consumed; `None` when more bytes are needed,
    /// and then all of `input` is consumed.
    ///
    /// # Errors
    /// When the server broke the protocol; do not call again after that.
    pub fn next<'a, 'input: 'a>(
        &'a mut self,
        input: &mut &'input [u8],
    ) -> Result<Option<Message<'a>>, ScanError> {
        self.forget();
        loop {
            let Some((frame, place)) = self.take_frame(input)? else {
                return Ok(None);
            };
            let whole = match (frame.opcode, frame.last) {
                (Opcode::Begin(_), true) if self.fragmented.is_some() => {
                    return Err(ScanError::Fragments);
                }
                (Opcode::Begin(kind), true) | (Opcode::Control(kind), _) => Some(kind),
                (Opcode::Begin(_) | Opcode::Continue, _) => None,
            };
            if let Some(kind) = whole {
                return Ok(Some(kind.of(match place {
                    Place::Input(payload) => payload,
                    Place::Partial(range) => {
                        self.lent = Lent::Partial;
                        &self.partial[range]
                    }
                })));
            }
            if let Some(kind) = self.add_fragment(&frame, &place)? {
                self.lent = Lent::Message;
                return Ok(Some(kind.of(&self.message)));
            }
        }
    }

    fn forget(&mut self) {
        match std::mem::take(&mut self.lent) {
            Lent::Nothing => {}
            Lent::Partial => self.partial.clear(),
            Lent::Message => self.message.clear(),
        }
    }

    /// The next whole frame, and where its payload lies.
    fn take_frame<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<(Header, Place<'a>)>, ScanError> {
        if self.partial.is_empty() {
            let header = Header::parse(input)?;
            if let Some(header) = header.filter(|header| header.payload.end <= input.len()) {
                let (frame, rest) = input.split_at(header.payload.end);
                *input = rest;
                let payload = &frame[header.payload.clone()];
                return Ok(Some((header, Place::Input(payload))));
            }
            self.partial.extend_from_slice(input);
            *input = &[];
            return Ok(None);
        }
        loop {
            let header = Header::parse(&self.partial)?;
            let wanted = match &header {
                Some(header) => header.payload.end - self.partial.len(),
                // A header's own length is known only as it arrives.
                None => 1,
            };
            if wanted > 0 && input.is_empty() {
                return Ok(None);
            }
            let (more, rest) = input.split_at(wanted.min(input.len()));
            self.partial.extend_from_slice(more);
            *input = rest;
            if let Some(header) = header.filter(|header| header.payload.end == self.partial.len()) {
                let range = header.payload.clone();
                return Ok(Some((header, Place::Partial(range))));
            }
        }
    }

    /// Adds a fragment to its message; the message's kind when that made it whole.
    fn add_fragment(&mut self, frame: &Header, place: &Place) -> Result<Option<Kind>, ScanError> {
        let ((Opcode::Begin(kind), None) | (Opcode::Continue, Some(kind))) =
            (frame.opcode, self.fragmented)
        else {
            return Err(ScanError::Fragments);
        };
        let payload = match place {
            Place::Input(payload) => payload,
            Place::Partial(range) => &self.partial[range.clone()],
        };
        if self.message.len() + payload.len() > MESSAGE_BYTES_MAX {
            return Err(ScanError::TooLong);
        }
        self.message.extend_from_slice(payload);
        if let Place::Partial(_) = place {
            self.partial.clear();
        }
        self.fragmented = (!frame.last).then_some(kind);
        Ok(frame.last.then_some(kind))
    }
}

#[derive(Debug, Default)]
enum Lent {
    #[default]
    Nothing,
    Partial,
    Message,
}

enum Place<'a> {
    Input(&'a [u8]),
    Partial(Range<usize>),
}

impl Kind {
    fn of(self, payload: &[u8]) -> Message<'_> {
        match self {
            Self::Text => Message::Text(payload),
            Self::Binary => Message::Binary(payload),
            Self::Ping => Message::Ping(payload),
            Self::Pong => Message::Pong(payload),
            Self::Close => Message::Close(payload),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};

    use proptest::{collection::vec, prelude::*};
    use tungstenite::{
        Message as Told,
        protocol::{
            Role, WebSocket,
            frame::{
                Frame,
                coding::{Data, OpCode},
            },
        },
    };

    use super::*;

    /// All messages of `bytes`, handed to the scanner in pieces that end at `cuts`.
    fn scan(bytes: &[u8], cuts: &[usize]) -> (Vec<Told>, Option<ScanError>) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut scanner = Scanner::default();
        let mut told = Vec::new();
        for piece in cuts.windows(2) {
            let mut input = &bytes[piece[0]..piece[1]];
            loop {
                match scanner.next(&mut input) {
                    Ok(Some(message)) => told.push(owned(message)),
                    Ok(None) => break,
                    Err(error) => return (told, Some(error)),
                }
            }
            assert!(input.is_empty(), "a scan that wants more has taken all");
        }
        (told, None)
    }

    fn owned(message: Message<'_>) -> Told {
        match message {
            Message::Text(text) => Told::text(String::from_utf8_lossy(text).into_owned()),
            Message::Binary(bytes) => Told::binary(bytes.to_vec()),
            Message::Ping(bytes) => Told::Ping(bytes.to_vec().into()),
            Message::Pong(bytes) => Told::Pong(bytes.to_vec().into()),
            Message::Close(_) => Told::Close(None),
        }
    }

    /// What tungstenite reads from the same bytes.
    fn oracle(bytes: &[u8]) -> Vec<Told> {
        struct Wire<'a>(&'a [u8]);
        impl Read for Wire<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.0.read(into)
            }
        }
        impl Write for Wire<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut socket = WebSocket::from_raw_socket(Wire(bytes), Role::Client, None);
        std::iter::from_fn(|| socket.read().ok()).collect()
    }

    /// The frames of some messages as a server writes them, some in fragments with a ping or a pong in between.
    fn frames() -> impl Strategy<Value = Vec<u8>> {
        let payload = prop_oneof![
            8 => vec(any::<u8>(), 0..200),
            8 => vec(any::<u8>(), 120..130),
            // Generating so many bytes is slow; a few reach the longest form of a length.
            1 => (65_530..65_540_usize, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
        ];
        let message = prop_oneof![
            (any::<bool>(), vec(payload, 1..4), any::<bool>()).prop_map(
                |(text, parts, interrupted)| {
                    let mut bytes = Vec::new();
                    let last = parts.len() - 1;
                    for (at, mut part) in parts.into_iter().enumerate() {
                        let first = if text { Data::Text } else { Data::Binary };
                        let data = if at == 0 { first } else { Data::Continue };
                        if text {
                            for byte in &mut part {
                                *byte &= 0x7F;
                            }
                        }
                        Frame::message(part, OpCode::Data(data), at == last)
                            .format(&mut bytes)
                            .unwrap();
                        if interrupted {
                            Frame::ping(vec![1, 2, 3]).format(&mut bytes).unwrap();
                        }
                    }
                    bytes
                }
            ),
            vec(any::<u8>(), 0..126).prop_map(|payload| {
                let mut bytes = Vec::new();
                Frame::pong(payload).format(&mut bytes).unwrap();
                bytes
            }),
        ];
        vec(message, 0..8).prop_map(|messages| messages.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_same_messages_as_tungstenite_wherever_the_reads_end(
            bytes in frames(),
            cuts in vec(any::<usize>(), 0..40),
        ) {
            let (told, error) = scan(&bytes, &cuts);
            prop_assert_eq!(error, None);
            prop_assert_eq!(told, oracle(&bytes));
        }

        #[test]
        fn damaged_frames_are_understood_as_tungstenite_does_or_refused(
            bytes in frames(),
            damage in vec((any::<usize>(), any::<u8>()), 1..4),
            cuts in vec(any::<usize>(), 0..10),
        ) {
            let mut bytes = bytes;
            for (at, byte) in damage {
                if !bytes.is_empty() {
                    let at = at % bytes.len();
                    bytes[at] = byte;
                }
            }
            let (told, _) = scan(&bytes, &cuts);
            // tungstenite also refuses what is not UTF-8 and stops at a close, so it may say less, never other.
            for (mine, theirs) in told.iter().zip(oracle(&bytes)) {
                match theirs {
                    Told::Close(_) => prop_assert!(matches!(mine, Told::Close(_))),
                    theirs => prop_assert_eq!(mine, &theirs),
                }
            }
        }

        #[test]
        fn garbage_never_panics(bytes in vec(any::<u8>(), 0..2000), cuts in vec(any::<usize>(), 0..20)) {
            scan(&bytes, &cuts);
        }
    }

    #[test]
    fn frames_cut_at_every_byte_are_whole_again() {
        let mut bytes = Vec::new();
        for length in [0, 1, 125, 126, 300] {
            Frame::message(vec![b'x'; length], OpCode::Data(Data::Text), true)
                .format(&mut bytes)
                .unwrap();
        }
        let every: Vec<usize> = (0..bytes.len()).collect();
        let (told, error) = scan(&bytes, &every);
        assert_eq!(error, None);
        let lengths: Vec<usize> = told.iter().map(Told::len).collect();
        assert_eq!(lengths, [0, 1, 125, 126, 300]);
    }

    #[test]
    fn what_a_server_must_not_send_is_refused_by_name() {
        let refused = |bytes: &[u8]| scan(bytes, &[]).1;
        assert_eq!(refused(&[0x81, 0x80, 0, 0, 0, 0]), Some(ScanError::Masked));
        assert_eq!(refused(&[0xC1, 0x00]), Some(ScanError::ReservedBit));
        assert_eq!(refused(&[0x83, 0x00]), Some(ScanError::Opcode(3)));
        assert_eq!(refused(&[0x09, 0x00]), Some(ScanError::Control));
        assert_eq!(refused(&[0x89, 126, 0, 126]), Some(ScanError::Control));
        assert_eq!(refused(&[0x80, 0x00]), Some(ScanError::Fragments));
        assert_eq!(
            refused(&[0x01, 0x00, 0x81, 0x00]),
            Some(ScanError::Fragments)
        );
        assert_eq!(
            refused(&[0x82, 127, 1, 0, 0, 0, 0, 0, 0, 0]),
            Some(ScanError::TooLong)
        );
    }
}
