//! What the library alone makes of the same bytes, without the boundary that ours has in front of it.

use std::io::{self, ErrorKind, Read, Write};

use hubbub::{
    server::websocket::Received,
    vocabulary::{frame::Kind, reason::Reason},
};
use tungstenite::{
    Error, Message,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

use super::{MESSAGE_BYTES_MAX, Session};

/// Compares: the same is heard and answered, and it comes to the same end, except that we refuse a frame by its header
/// alone, and one whose length is not in the shortest form at all.
pub fn compare(ours: &Session, input: &[u8]) {
    let (lawful, lacking) = measure(input);
    let theirs = read(lawful);
    assert_eq!(
        (&ours.heard, &ours.replies),
        (&theirs.heard, &theirs.replies)
    );
    match (&ours.end, &theirs.end) {
        (Err(Reason::Protocol), Ok(Received::Open)) if lawful.len() < input.len() => {}
        (Err(reason), Ok(Received::Open)) => {
            let whole = [lawful, &vec![0; lacking]].concat();
            assert_eq!(read(&whole).end, Err(*reason), "refused once it is whole");
        }
        // What may not be at all may be too large as well.
        (Err(Reason::Protocol), Err(Reason::MessageTooLarge)) => {}
        (ours, theirs) => assert_eq!(ours, theirs),
    }
}

/// The input up to a frame whose length is not in the shortest form (RFC 6455, section 5.2), and how many bytes its last
/// frame lacks, if that can be known and is not too large.
fn measure(input: &[u8]) -> (&[u8], usize) {
    let mut at = 0;
    while let [_, second, rest @ ..] = &input[at..] {
        let (extended_bytes, least) = match second & 0x7f {
            126 => (2, 126),
            127 => (8, 1 << 16),
            _ => (0, 0),
        };
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        let header_bytes = 2 + extended_bytes + mask_bytes;
        if input.len() < at + header_bytes {
            break;
        }
        let extended = rest[..extended_bytes].iter();
        let length = match extended_bytes {
            0 => u64::from(second & 0x7f),
            _ => extended.fold(0, |length, &byte| length << 8 | u64::from(byte)),
        };
        if length < least {
            return (&input[..at], 0);
        }
        let Ok(length) = usize::try_from(length) else {
            break;
        };
        if length > MESSAGE_BYTES_MAX {
            break;
        }
        let end = at + header_bytes + length;
        if end > input.len() {
            return (input, end - input.len());
        }
        at = end;
    }
    (input, 0)
}

fn read(input: &[u8]) -> Session {
    let config = WebSocketConfig::default()
        .write_buffer_size(0)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let mut context = WebSocketContext::new(Role::Server, Some(config));
    let mut stream = Memory {
        input,
        written: Vec::new(),
    };
    let mut heard = Vec::new();
    let end = loop {
        match context.read(&mut stream) {
            Ok(Message::Text(text)) => heard.push((Kind::Text, text.as_bytes().to_vec())),
            Ok(Message::Binary(bytes)) => heard.push((Kind::Binary, bytes.to_vec())),
            Ok(Message::Close(_)) => {
                let before = stream.written.len();
                let _ = context.read(&mut stream);
                break Ok(Received::Closed(stream.written.split_off(before)));
            }
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                break Ok(Received::Open);
            }
            Err(Error::Utf8(_)) => break Err(Reason::NotUtf8),
            Err(Error::Capacity(_)) => break Err(Reason::MessageTooLarge),
            Err(_) => break Err(Reason::Protocol),
        }
    };
    Session {
        heard,
        replies: stream.written,
        end,
    }
}

/// A stream of some input, which takes everything.
struct Memory<'a> {
    input: &'a [u8],
    written: Vec<u8>,
}

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.input.read(buffer)
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
