//! The WebSocket protocol of one connection, read by `tungstenite` (this is the only room of the server that knows it).
//!
//! Between messages a connection has no protocol state at all: whole frames are read by one context that all share. A
//! connection gets a context of its own only while a frame or a fragmented message of its has begun and not ended. What
//! the header of a frame shows to be wrong reaches neither.

mod boundary;
mod handshake;
mod offer;

use std::io::{self, ErrorKind, Read, Write};

use tungstenite::{
    Error, Message as WireMessage,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

use self::boundary::{Boundary, Extent};
pub use self::handshake::{Accepted, accept};
use crate::vocabulary::{coding::Coding, message::Message, reason::Reason};

/// Bytes that the shared context takes from the input at a time; the library zeroes as many before each.
const SHARED_READ_BYTES: usize = 2 << 10;
/// The same for a context that one connection owns for the time of a message.
const OWN_READ_BYTES: usize = 128;

/// What the sessions of a server share.
#[derive(Debug)]
pub struct Protocol {
    shared: WebSocketContext,
    max_message_bytes: usize,
}

impl Protocol {
    /// Reads messages of up to `max_message_bytes`.
    pub fn new(max_message_bytes: usize) -> Self {
        Self {
            shared: context(SHARED_READ_BYTES, max_message_bytes),
            max_message_bytes,
        }
    }
}

/// The reading side of one WebSocket, and what was agreed on in its handshake.
#[derive(Debug, Default)]
pub struct WebSocket {
    coding: Coding,
    unfinished: Option<Box<Unfinished>>,
}

/// A frame or a fragmented message that has begun.
#[derive(Debug)]
struct Unfinished {
    context: WebSocketContext,
    boundary: Boundary,
}

/// What came of some input.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// The session goes on.
    Open,
    /// The peer closed; this is the frame that answers it.
    Closed(Vec<u8>),
}

impl WebSocket {
    /// Nothing has come yet, of messages in this coding.
    pub fn new(coding: Coding) -> Self {
        Self {
            coding,
            unfinished: None,
        }
    }

    /// How messages may be coded.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// Bytes that it takes beside itself, about.
    pub fn heap_bytes(&self) -> usize {
        let unfinished = self.unfinished.as_ref();
        unfinished.map_or(0, |unfinished| {
            size_of::<Unfinished>() + OWN_READ_BYTES + unfinished.boundary.kept()
        })
    }

    /// Reads `input`: hands each whole message to `hear` and adds the frames that answer pings to `replies`.
    ///
    /// # Errors
    /// The peer broke the protocol: the reason to close it with. Nothing more may be received.
    pub fn receive(
        &mut self,
        protocol: &mut Protocol,
        input: &[u8],
        replies: &mut Vec<u8>,
        mut hear: impl FnMut(Message<'_>),
    ) -> Result<Received, Reason> {
        let max_message_bytes = protocol.max_message_bytes;
        let mut input = input;
        if self.unfinished.is_none() {
            let clean = Boundary::new(max_message_bytes).feed(input).clean;
            let whole;
            (whole, input) = input.split_at(clean);
            let received = read_all(&mut protocol.shared, whole, replies, &mut hear);
            if received != Ok(Received::Open) {
                protocol.shared = context(SHARED_READ_BYTES, max_message_bytes);
                return received;
            }
        }
        if input.is_empty() {
            return Ok(Received::Open);
        }
        let unfinished = self.unfinished.get_or_insert_with(|| {
            Box::new(Unfinished {
                context: context(OWN_READ_BYTES, max_message_bytes),
                boundary: Boundary::new(max_message_bytes),
            })
        });
        let Extent { sound, fault, .. } = unfinished.boundary.feed(input);
        let sound = &input[..sound];
        let received = read_all(&mut unfinished.context, sound, replies, &mut hear);
        if unfinished.boundary.is_clean() {
            self.unfinished = None;
        }
        match (received, fault) {
            (Ok(Received::Open), Some(reason)) => Err(reason),
            (received, _) => received,
        }
    }
}

fn context(read_bytes: usize, max_message_bytes: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(read_bytes)
        .write_buffer_size(0)
        .max_message_size(Some(max_message_bytes))
        .max_frame_size(Some(max_message_bytes));
    WebSocketContext::new(Role::Server, Some(config))
}

fn read_all(
    context: &mut WebSocketContext,
    input: &[u8],
    replies: &mut Vec<u8>,
    hear: &mut impl FnMut(Message<'_>),
) -> Result<Received, Reason> {
    let mut lent = Lent { input, replies };
    loop {
        // Each call first writes the pong to a ping that the call before returned.
        match context.read(&mut lent) {
            Ok(WireMessage::Text(text)) => hear(Message::Text(text.as_str())),
            Ok(WireMessage::Binary(bytes)) => hear(Message::Binary(&bytes)),
            Ok(WireMessage::Close(_)) => {
                let before = lent.replies.len();
                // This call only writes the answer: nothing is read after a close frame.
                let _ = context.read(&mut lent);
                return Ok(Received::Closed(lent.replies.split_off(before)));
            }
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                return Ok(Received::Open);
            }
            Err(Error::Utf8(_)) => return Err(Reason::NotUtf8),
            Err(Error::Capacity(_)) => return Err(Reason::MessageTooLarge),
            Err(_) => return Err(Reason::Protocol),
        }
    }
}

/// The stream that a context is lent for one call: the input at hand, and a place for replies.
struct Lent<'a> {
    input: &'a [u8],
    replies: &'a mut Vec<u8>,
}

impl Read for Lent<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.input.read(buffer)
    }
}

impl Write for Lent<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::{
        Frame, FrameHeader,
        coding::{CloseCode, Control, Data, OpCode},
    };

    use super::*;

    const MAX: usize = 1000;

    fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
        let header = FrameHeader {
            is_final,
            opcode,
            mask: Some([1, 2, 3, 4]),
            ..FrameHeader::default()
        };
        let mut bytes = Vec::new();
        let payload = payload.to_vec().into();
        Frame::from_payload(header, payload)
            .format(&mut bytes)
            .unwrap();
        bytes
    }

    const TEXT: OpCode = OpCode::Data(Data::Text);
    const BINARY: OpCode = OpCode::Data(Data::Binary);
    const CONTINUE: OpCode = OpCode::Data(Data::Continue);
    const PING: OpCode = OpCode::Control(Control::Ping);
    const CLOSE: OpCode = OpCode::Control(Control::Close);

    #[derive(Default)]
    struct Session {
        websocket: WebSocket,
        heard: Vec<String>,
        replies: Vec<u8>,
    }

    impl Session {
        fn receive(&mut self, protocol: &mut Protocol, input: &[u8]) -> Result<Received, Reason> {
            let heard = &mut self.heard;
            self.websocket
                .receive(protocol, input, &mut self.replies, |message| {
                    heard.push(match message {
                        Message::Text(text) => text.to_owned(),
                        Message::Binary(bytes) => format!("{bytes:?}"),
                    });
                })
        }
    }

    fn failure(input: &[u8]) -> Reason {
        let mut protocol = Protocol::new(MAX);
        let failure = Session::default()
            .receive(&mut protocol, input)
            .unwrap_err();
        let next = Session::default().receive(&mut protocol, &frame(TEXT, true, b"next"));
        assert_eq!(next, Ok(Received::Open), "the next session is not harmed");
        failure
    }

    #[test]
    fn messages_come_out_whole_wherever_the_bytes_are_split() {
        let long = "long ".repeat(100);
        let script = [
            frame(TEXT, true, b"whole"),
            frame(TEXT, false, b"in "),
            frame(PING, true, b"between"),
            frame(CONTINUE, false, b"three "),
            frame(CONTINUE, true, b"parts"),
            frame(BINARY, true, &[]),
            frame(TEXT, true, long.as_bytes()),
            frame(TEXT, true, b""),
        ]
        .concat();
        let said = ["whole", "in three parts", "[]", &long, ""];
        let mut protocol = Protocol::new(MAX);
        let mut chance = fastrand::Rng::with_seed(1);
        for round in 0..500 {
            let mut session = Session::default();
            let mut rest = &script[..];
            while !rest.is_empty() {
                let part;
                let most = if round % 2 == 0 { 5 } else { rest.len() };
                (part, rest) = rest.split_at(chance.usize(1..=most.min(rest.len())));
                assert_eq!(session.receive(&mut protocol, part), Ok(Received::Open));
            }
            assert_eq!(session.heard, said);
            assert_eq!(session.replies, b"\x8a\x07between");
            assert!(
                session.websocket.unfinished.is_none(),
                "nothing is kept between messages"
            );
        }
    }

    #[test]
    fn what_one_session_left_unfinished_does_not_reach_another() {
        let mut protocol = Protocol::new(MAX);
        let [mut one, mut other] = [Session::default(), Session::default()];
        let message = frame(TEXT, true, b"secret");
        one.receive(&mut protocol, &message[..5]).unwrap();
        other
            .receive(&mut protocol, &frame(TEXT, true, b"other"))
            .unwrap();
        one.receive(&mut protocol, &message[5..]).unwrap();
        assert_eq!(
            (one.heard, other.heard),
            (vec!["secret".to_owned()], vec!["other".to_owned()])
        );
    }

    #[test]
    fn what_is_unfinished_weighs_no_more_for_the_pings_within_it() {
        let mut protocol = Protocol::new(MAX);
        let mut session = Session::default();
        let begun = frame(TEXT, false, b"begun");
        session.receive(&mut protocol, &begun).unwrap();
        let before = session.websocket.heap_bytes();
        for _ in 0..100 {
            let ping = frame(PING, true, b"still there?");
            session.receive(&mut protocol, &ping).unwrap();
        }
        assert_eq!(session.websocket.heap_bytes(), before);
        let more = frame(CONTINUE, false, b"more");
        session.receive(&mut protocol, &more).unwrap();
        assert_eq!(session.websocket.heap_bytes(), before + 4);
    }

    #[test]
    fn a_close_is_answered_with_its_code_after_what_was_said_before_it() {
        let mut protocol = Protocol::new(MAX);
        let mut session = Session::default();
        let code = u16::from(CloseCode::Away).to_be_bytes();
        let input = [
            frame(PING, true, b""),
            frame(TEXT, true, b"bye"),
            frame(CLOSE, true, &code),
        ];
        let received = session.receive(&mut protocol, &input.concat());
        assert_eq!(received, Ok(Received::Closed(b"\x88\x02\x03\xe9".to_vec())));
        assert_eq!(session.replies, b"\x8a\x00");
        assert_eq!(session.heard, ["bye"]);
        assert_eq!(
            Session::default().receive(&mut protocol, &[]),
            Ok(Received::Open)
        );
    }

    #[test]
    fn a_broken_protocol_has_its_reason() {
        assert_eq!(failure(&frame(TEXT, true, b"\xff")), Reason::NotUtf8);
        assert_eq!(failure(&frame(CONTINUE, true, b"")), Reason::Protocol);
        assert_eq!(failure(&frame(PING, false, b"")), Reason::Protocol);
        assert_eq!(failure(&frame(PING, true, &[0; 126])), Reason::Protocol);
        assert_eq!(failure(&[0x81, 0x01, b'x']), Reason::Protocol);
        assert_eq!(failure(&[0x83, 0x80, 0, 0, 0, 0]), Reason::Protocol);
        assert_eq!(failure(&[0xc1, 0x80, 0, 0, 0, 0]), Reason::Protocol);
    }

    #[test]
    fn a_message_too_large_is_refused_as_soon_as_its_size_is_known() {
        let whole = frame(BINARY, true, &[0; MAX + 1]);
        assert_eq!(failure(&whole), Reason::MessageTooLarge);
        assert_eq!(failure(&whole[..8]), Reason::MessageTooLarge);
        let parts = [frame(BINARY, false, &[0; MAX]), frame(CONTINUE, true, &[0])].concat();
        assert_eq!(failure(&parts), Reason::MessageTooLarge);
        assert_eq!(failure(&parts[..parts.len() - 1]), Reason::MessageTooLarge);
    }

    #[test]
    fn nothing_is_kept_of_a_frame_that_its_header_shows_to_be_wrong() {
        let long_ping = [0x89, 0xfe, 3, 0, 0, 0, 0, 0];
        let padded = [0x81, 0xfe, 0, 1, 0, 0, 0, 0];
        let top_bit = [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        for header in [&long_ping[..], &padded, &top_bit] {
            let mut protocol = Protocol::new(MAX);
            let mut session = Session::default();
            let input = [header, b"x"].concat();
            let before = [frame(TEXT, true, b"whole"), frame(PING, true, b"")].concat();
            let received = session.receive(&mut protocol, &[before, input].concat());
            assert_eq!(received, Err(Reason::Protocol), "{header:x?}");
            assert_eq!(session.heard, ["whole"], "what came before is heard");
            assert_eq!(session.replies, b"\x8a\x00");
            let none = size_of::<Unfinished>() + OWN_READ_BYTES;
            assert!(session.websocket.heap_bytes() <= none);
        }
    }
}
