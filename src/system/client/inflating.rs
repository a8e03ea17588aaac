//! A socket whose messages were deflated by the server (RFC 7692), with plain ones in their place: so that the library, which
//! knows no extension, reads them. It judges all the rest, as ever.

use std::io::{self, Cursor, ErrorKind, Read, Write};

use thiserror::Error;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

use super::MESSAGE_BYTES_MAX;
use crate::state::inflation::{Context, InflateError, Inflation};

/// Bytes of a message before it is inflated: one that deflating made no smaller is a little larger.
const DEFLATED_BYTES_MAX: usize = MESSAGE_BYTES_MAX + MESSAGE_BYTES_MAX / 100;
/// Bytes read at a time.
const READ_BYTES: usize = 4 << 10;

/// A stream of frames, none of them deflated.
#[derive(Debug)]
pub struct Inflating<S> {
    stream: S,
    /// What was read and is in place, from `handed` on for the library to take.
    plain: Vec<u8>,
    handed: usize,
    /// None if nothing was agreed on.
    reader: Option<Reader>,
    /// What is wrong with what follows it.
    fault: Option<InflatingError>,
}

/// What a server must not send.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InflatingError {
    /// A deflated message is none, or too long.
    #[error(transparent)]
    Inflate(#[from] InflateError),
    /// Another message begins within a deflated one.
    #[error("it began another message within one that is deflated")]
    Within,
}

impl InflatingError {
    /// The code of the close frame that tells of it (RFC 6455, section 7.4.1).
    pub fn code(self) -> u16 {
        match self {
            Self::Inflate(InflateError::TooLong { .. }) => 1009,
            Self::Inflate(_) => 1007,
            Self::Within => 1002,
        }
    }
}

/// How far a sequence of frames has come.
#[derive(Debug)]
struct Reader {
    inflation: Inflation,
    /// The beginning of a header that has not fully arrived.
    header: Vec<u8>,
    /// Payload bytes that the current frame still lacks.
    missing: u64,
    /// The deflated message that has begun.
    begun: Option<Begun>,
    /// Whether the current frame is of it.
    is_within: bool,
}

#[derive(Debug)]
struct Begun {
    opcode: OpCode,
    deflated: Vec<u8>,
    /// Whether its last frame has begun.
    is_last: bool,
}

impl<S> Inflating<S> {
    /// The frames that were read already, and those of a stream, deflated like this if they are.
    pub fn new(stream: S, behind: &[u8], context: Option<Context>) -> Self {
        let mut inflating = Self {
            stream,
            plain: Vec::new(),
            handed: 0,
            reader: context.map(Reader::new),
            fault: None,
        };
        inflating.take_in(behind);
        inflating
    }

    fn take_in(&mut self, bytes: &[u8]) {
        match &mut self.reader {
            None => self.plain.extend_from_slice(bytes),
            Some(reader) => self.fault = reader.read(bytes, &mut self.plain).err(),
        }
    }
}

impl<S: Read> Read for Inflating<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = (&self.plain[self.handed..]).read(buffer)?;
            if count > 0 {
                self.handed += count;
                return Ok(count);
            }
            self.plain.clear();
            self.handed = 0;
            if let Some(fault) = self.fault {
                return Err(io::Error::new(ErrorKind::InvalidData, fault));
            }
            if self.reader.is_none() {
                return self.stream.read(buffer);
            }
            let mut bytes = [0; READ_BYTES];
            match self.stream.read(&mut bytes)? {
                0 => return Ok(0),
                count => self.take_in(&bytes[..count]),
            }
        }
    }
}

impl<S: Write> Write for Inflating<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Reader {
    fn new(context: Context) -> Self {
        Self {
            inflation: Inflation::new(context),
            header: Vec::new(),
            missing: 0,
            begun: None,
            is_within: false,
        }
    }

    /// Goes over `input`, and adds what is to be read in its place to `plain`.
    fn read(&mut self, mut input: &[u8], plain: &mut Vec<u8>) -> Result<(), InflatingError> {
        while let Some((&first, rest)) = input.split_first() {
            if self.missing == 0 {
                self.header.push(first);
                input = rest;
                self.begin_frame(plain)?;
            } else {
                let most = usize::try_from(self.missing).unwrap_or(usize::MAX);
                let (payload, rest) = input.split_at(most.min(input.len()));
                input = rest;
                self.missing -= payload.len() as u64;
                match &mut self.begun {
                    Some(begun) if self.is_within => begun.deflated.extend_from_slice(payload),
                    _ => plain.extend_from_slice(payload),
                }
            }
            if self.missing == 0 {
                self.end_message(plain)?;
            }
        }
        Ok(())
    }

    /// Begins a frame, if its header is all there.
    fn begin_frame(&mut self, plain: &mut Vec<u8>) -> Result<(), InflatingError> {
        // What is no header at all is for the library to refuse.
        let parsed = FrameHeader::parse(&mut Cursor::new(&self.header));
        let (header, bytes) = match parsed {
            Ok(None) => return Ok(()),
            Ok(Some(parsed)) => parsed,
            Err(_) => (FrameHeader::default(), 0),
        };
        let is_sound = header.mask.is_none() && !header.rsv2 && !header.rsv3;
        self.is_within = match (header.opcode, &self.begun) {
            (OpCode::Data(Data::Text | Data::Binary), Some(_)) => {
                return Err(InflatingError::Within);
            }
            (opcode @ OpCode::Data(Data::Text | Data::Binary), None) => {
                if header.rsv1 && is_sound {
                    self.begun = Some(Begun {
                        opcode,
                        deflated: Vec::new(),
                        is_last: false,
                    });
                }
                header.rsv1 && is_sound
            }
            (OpCode::Data(Data::Continue), Some(_)) => !header.rsv1 && is_sound,
            _ => false,
        };
        match &mut self.begun {
            Some(begun) if self.is_within => {
                let room = DEFLATED_BYTES_MAX - begun.deflated.len();
                if bytes > room as u64 {
                    let max_bytes = MESSAGE_BYTES_MAX;
                    return Err(InflateError::TooLong { max_bytes }.into());
                }
                begun.is_last = header.is_final;
            }
            _ => plain.extend_from_slice(&self.header),
        }
        self.header.clear();
        self.missing = bytes;
        Ok(())
    }

    /// Puts a message in the place of a deflated one, if that is all there.
    fn end_message(&mut self, plain: &mut Vec<u8>) -> Result<(), InflatingError> {
        let is_whole =
            |begun: &mut Begun| begun.is_last && self.is_within && self.header.is_empty();
        let Some(begun) = self.begun.take_if(is_whole) else {
            return Ok(());
        };
        let inflated = self.inflation.inflate(&begun.deflated, MESSAGE_BYTES_MAX)?;
        let header = FrameHeader {
            opcode: begun.opcode,
            ..FrameHeader::default()
        };
        header
            .format(inflated.len() as u64, plain)
            .expect("a vector takes all that is written to it");
        plain.extend_from_slice(inflated);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tungstenite::{Error, Message, WebSocket, error::ProtocolError, protocol::Role};

    use super::*;

    /// "Hello", as RFC 7692 has it (section 7.2.3.1).
    const HELLO: &[u8] = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";

    /// What a server says in pieces of so many bytes; our answers go nowhere.
    struct Script<'a>(&'a [u8], usize);

    impl Read for Script<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    impl Write for Script<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is read of frames, some of which came behind the handshake, and how that ends.
    fn read(
        frames: &[u8],
        behind: usize,
        piece: usize,
        context: Option<Context>,
    ) -> (Vec<Message>, Error) {
        let (behind, frames) = frames.split_at(behind.min(frames.len()));
        let stream = Inflating::new(Script(frames, piece), behind, context);
        let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        let mut messages = Vec::new();
        loop {
            match socket.read() {
                Ok(message) => messages.push(message),
                Err(error) => return (messages, error),
            }
        }
    }

    fn fault(frames: &[u8]) -> InflatingError {
        match read(frames, 0, 1, Some(Context::Fresh)).1 {
            Error::Io(error) => *error.get_ref().unwrap().downcast_ref().unwrap(),
            other => panic!("{other}"),
        }
    }

    proptest! {
        #[test]
        fn deflated_messages_are_read_among_others_in_whatever_pieces(
            behind in 0..80_usize,
            piece in 1..80_usize,
        ) {
            let fragments = b"\x41\x03\xf2\x48\xcd\x89\x01p\x00\x00\x80\x04\xc9\xc9\x07\x00";
            let plain = b"\x02\x01a\x8a\x01p\x80\x01b\x81\x01c";
            let frames = [HELLO, fragments, plain, b"\xc2\x01\x00", HELLO].concat();
            let (messages, _) = read(&frames, behind, piece, Some(Context::Fresh));
            let hello = Message::text("Hello");
            let expected = [
                hello.clone(),
                Message::Ping(b"p".as_slice().into()),
                hello.clone(),
                Message::Pong(b"p".as_slice().into()),
                Message::binary(b"ab".as_slice()),
                Message::text("c"),
                Message::binary(b"".as_slice()),
                hello,
            ];
            prop_assert_eq!(messages, expected);
        }
    }

    #[test]
    fn a_server_may_refer_back_to_what_it_said_before() {
        // RFC 7692, section 7.2.3.2.
        let again = b"\xc1\x05\xf2\x00\x11\x00\x00";
        let frames = [HELLO, again].concat();
        let (messages, _) = read(&frames, 0, 1, Some(Context::Kept));
        assert_eq!(messages, [Message::text("Hello"), Message::text("Hello")]);
        let kept = InflatingError::Inflate(InflateError::ContextKept);
        assert_eq!((fault(&frames), kept.code()), (kept, 1007));
    }

    #[test]
    fn what_is_wrong_with_a_deflated_message_is_told_and_what_came_before_is_read() {
        let within = [&b"\x41\x01\xf2"[..], HELLO].concat();
        assert_eq!(fault(&within), InflatingError::Within);
        let enormous = [&b"\xc1\x7f"[..], &u64::MAX.to_be_bytes()].concat();
        assert_eq!(fault(&enormous).code(), 1009);
        let (messages, _) = read(&[HELLO, &enormous].concat(), 0, 99, Some(Context::Fresh));
        assert_eq!(messages, [Message::text("Hello")]);
    }

    #[test]
    fn a_reserved_bit_is_refused_where_it_means_nothing() {
        for (frames, context) in [
            (HELLO, None),
            (b"\xc9\x00", Some(Context::Fresh)),
            (
                b"\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00",
                Some(Context::Fresh),
            ),
            (b"\xe1\x00", Some(Context::Fresh)),
            (b"\x91\x00", Some(Context::Fresh)),
        ] {
            let (messages, error) = read(frames, 0, 99, context);
            assert_eq!(messages, []);
            let reserved = ProtocolError::NonZeroReservedBits;
            assert!(
                matches!(error, Error::Protocol(ref error) if *error == reserved),
                "{error}"
            );
        }
    }
}
