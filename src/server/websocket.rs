//! The WebSocket protocol of one connection, read by `tungstenite` (the only module of the server that knows it).
//!
//! Between messages a connection has no protocol state at all: whole frames are read by one context that all share. A
//! connection gets a context of its own only while a frame or a fragmented message of its has begun and not ended.

use std::io::{self, Cursor, ErrorKind, Read, Write};

use arrayvec::ArrayVec;
use http::{
    HeaderValue, Method, Request, Version,
    header::{
        CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use tungstenite::{
    Error, Message as WireMessage,
    handshake::derive_accept_key,
    protocol::{
        Role, WebSocketConfig, WebSocketContext,
        frame::{FrameHeader, coding::OpCode},
    },
};

use super::http::{HttpError, entries, lists};
use crate::vocabulary::{message::Message, reason::Reason};

/// The subprotocol that is answered to a client that offers it.
pub const SUBPROTOCOL: &str = "hubbub";

/// Bytes that the shared context takes from the input at a time; the library zeroes as many before each.
const SHARED_READ_BYTES: usize = 2 << 10;
/// The same for a context that one connection owns for the time of a message.
const OWN_READ_BYTES: usize = 128;
/// Bytes of the longest frame header of a client (RFC 6455, section 5.2).
const CLIENT_HEADER_BYTES_MAX: usize = 14;

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

/// The reading side of one WebSocket.
#[derive(Debug, Default)]
pub struct WebSocket {
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
    /// Bytes that it takes beside itself, about.
    pub fn heap_bytes(&self) -> usize {
        let unfinished = self.unfinished.as_ref();
        unfinished.map_or(0, |unfinished| {
            size_of::<Unfinished>() + OWN_READ_BYTES + unfinished.boundary.kept
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
        let mut input = input;
        if self.unfinished.is_none() {
            let whole;
            (whole, input) = input.split_at(Boundary::default().feed(input));
            let received = read_all(&mut protocol.shared, whole, replies, &mut hear);
            if received != Ok(Received::Open) {
                protocol.shared = context(SHARED_READ_BYTES, protocol.max_message_bytes);
                return received;
            }
        }
        if input.is_empty() {
            return Ok(Received::Open);
        }
        let unfinished = self.unfinished.get_or_insert_with(|| {
            Box::new(Unfinished {
                context: context(OWN_READ_BYTES, protocol.max_message_bytes),
                boundary: Boundary::default(),
            })
        });
        unfinished.boundary.feed(input);
        let received = read_all(&mut unfinished.context, input, replies, &mut hear);
        if unfinished.boundary.is_clean() {
            self.unfinished = None;
        }
        received
    }
}

/// The answer to an upgrade request (RFC 6455, section 4.2.2).
///
/// The library would want a response to be built and then written out, which costs as much again as all of this, and it
/// reads lists less generously than the standard does.
///
/// # Errors
/// The request is not a WebSocket handshake, or not one of version 13.
pub fn accept(request: &Request<()>) -> Result<Vec<u8>, HttpError> {
    if request.method() != Method::GET {
        return Err(HttpError::get_only());
    }
    let headers = request.headers();
    let is_upgrade = request.version() >= Version::HTTP_11
        && lists(headers, &CONNECTION, "upgrade")
        && lists(headers, &UPGRADE, "websocket")
        && headers
            .get(SEC_WEBSOCKET_VERSION)
            .is_some_and(|version| version == "13");
    if !is_upgrade {
        return Err(HttpError::upgrade_required());
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| is_key(key)).ok_or_else(|| {
        HttpError::bad_request(
            "not a WebSocket handshake: Sec-WebSocket-Key must be 16 bytes in base64".to_owned(),
        )
    })?;
    // Unlike the names of options, those of subprotocols must match to the letter.
    let mut offers = entries(headers, &SEC_WEBSOCKET_PROTOCOL);
    let subprotocol = if offers.any(|offer| offer == SUBPROTOCOL) {
        ["\r\nsec-websocket-protocol: ", SUBPROTOCOL]
    } else {
        ["", ""]
    };
    let response = [
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ",
        &derive_accept_key(key),
        subprotocol[0],
        subprotocol[1],
        "\r\n\r\n",
    ];
    Ok(response.concat().into())
}

/// Whether a client's key is 16 bytes in base64 (RFC 6455, section 4.1).
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix(b"==")
        .is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_digit))
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

/// Where frames and fragmented messages end in a sequence of bytes.
#[derive(Debug, Default)]
struct Boundary {
    /// The first bytes of a header that has not fully arrived.
    header: ArrayVec<u8, CLIENT_HEADER_BYTES_MAX>,
    /// Payload bytes that the current frame still lacks.
    missing: u64,
    /// Payload bytes of what is unfinished. Control frames may come in between, and are not kept.
    kept: usize,
    is_control: bool,
    is_fragmented: bool,
    is_broken: bool,
}

impl Boundary {
    /// Goes over `input` and returns how much of it there is up to the last place at which nothing was unfinished.
    fn feed(&mut self, input: &[u8]) -> usize {
        let mut at = 0;
        let mut clean = 0;
        while at < input.len() && !self.is_broken {
            let rest = &input[at..];
            if self.missing > 0 {
                let taken = self.missing.min(rest.len() as u64);
                self.missing -= taken;
                let taken = usize::try_from(taken).expect("no more than the rest");
                self.kept += if self.is_control { 0 } else { taken };
                at += taken;
            } else {
                at += self.feed_header(rest);
            }
            if self.is_clean() {
                clean = at;
                self.kept = 0;
            }
        }
        clean
    }

    /// Whether everything that began has ended.
    fn is_clean(&self) -> bool {
        self.header.is_empty() && self.missing == 0 && !self.is_fragmented && !self.is_broken
    }

    /// Takes bytes of a header, all of it if it is there, and returns how many.
    fn feed_header(&mut self, input: &[u8]) -> usize {
        let known = self.header.len();
        let more = self.header.remaining_capacity().min(input.len());
        self.header.extend(input[..more].iter().copied());
        let mut cursor = Cursor::new(&self.header);
        let Ok(parsed) = FrameHeader::parse(&mut cursor) else {
            self.is_broken = true;
            return input.len();
        };
        let Some((header, missing)) = parsed else {
            return more;
        };
        let taken = usize::try_from(cursor.position()).expect("within the header") - known;
        self.is_control = matches!(header.opcode, OpCode::Control(_));
        if !self.is_control {
            self.is_fragmented = !header.is_final;
        }
        self.header.clear();
        self.missing = missing;
        taken
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use tungstenite::protocol::frame::{
        Frame,
        coding::{CloseCode, Control, Data},
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

    /// A handshake with headers set, or taken out where there is no value; the answer, or the status of the refusal.
    fn shake(changes: &[(HeaderName, Option<&'static str>)]) -> Result<String, u16> {
        shake_with(changes, Method::GET, Version::HTTP_11)
    }

    fn shake_with(
        changes: &[(HeaderName, Option<&'static str>)],
        method: Method,
        version: Version,
    ) -> Result<String, u16> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.version_mut() = version;
        let usual = [
            (CONNECTION, Some("Upgrade")),
            (UPGRADE, Some("websocket")),
            (SEC_WEBSOCKET_VERSION, Some("13")),
            (SEC_WEBSOCKET_KEY, Some("dGhlIHNhbXBsZSBub25jZQ==")),
        ];
        let headers = request.headers_mut();
        for (name, value) in usual.iter().chain(changes) {
            match value {
                Some(value) => headers.insert(name, HeaderValue::from_static(value)),
                None => headers.remove(name),
            };
        }
        let answer = accept(&request).map_err(|error| error.status.as_u16())?;
        Ok(String::from_utf8(answer).unwrap())
    }

    #[test]
    fn a_handshake_may_name_upgrade_among_other_options_and_on_other_lines() {
        assert!(shake(&[]).is_ok());
        assert!(shake(&[(CONNECTION, Some("keep-alive, Upgrade"))]).is_ok());
        assert!(shake(&[(UPGRADE, Some("h2c, WebSocket"))]).is_ok());
        let request = Request::builder()
            .header(CONNECTION, "keep-alive")
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
        assert!(accept(&request.body(()).unwrap()).is_ok());
    }

    #[test]
    fn what_is_no_handshake_of_this_version_is_refused() {
        for (header, value) in [
            (CONNECTION, Some("keep-alive")),
            (UPGRADE, Some("h2c")),
            (SEC_WEBSOCKET_VERSION, None),
            (SEC_WEBSOCKET_VERSION, Some("8")),
        ] {
            assert_eq!(
                shake(&[(header.clone(), value)]),
                Err(426),
                "{header} {value:?}"
            );
        }
        let [get, head] = [Method::GET, Method::HEAD];
        assert_eq!(shake_with(&[], get, Version::HTTP_10), Err(426));
        assert_eq!(shake_with(&[], head, Version::HTTP_11), Err(405));
    }

    #[test]
    fn a_key_is_answered_as_the_standard_says_and_must_be_one() {
        let answer = shake(&[]).unwrap();
        assert!(answer.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        for key in ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ!=="] {
            assert_eq!(shake(&[(SEC_WEBSOCKET_KEY, Some(key))]), Err(400), "{key}");
        }
        assert_eq!(shake(&[(SEC_WEBSOCKET_KEY, None)]), Err(400));
    }

    #[test]
    fn a_subprotocol_is_answered_to_who_offers_it_to_the_letter() {
        for (offered, is_answered) in [("chat, hubbub", true), ("Hubbub", false), ("chat", false)] {
            let answer = shake(&[(SEC_WEBSOCKET_PROTOCOL, Some(offered))]).unwrap();
            let answered = answer.contains("\r\nsec-websocket-protocol: hubbub\r\n");
            assert_eq!(answered, is_answered, "{offered}");
        }
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
        let parts = [frame(BINARY, false, &[0; MAX]), frame(CONTINUE, true, &[0])];
        assert_eq!(failure(&parts.concat()), Reason::MessageTooLarge);
        let endless = [
            0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
        ];
        assert_eq!(failure(&endless), Reason::MessageTooLarge);
    }

    #[test]
    fn a_length_written_longer_than_needed_is_read_all_the_same() {
        let mut protocol = Protocol::new(MAX);
        let mut session = Session::default();
        let padded = [0x81, 0xfe, 0, 1, 0, 0, 0, 0, b'x'];
        let input = [&padded[..], &frame(TEXT, true, b"y")].concat();
        assert_eq!(session.receive(&mut protocol, &input), Ok(Received::Open));
        assert_eq!(session.heard, ["x", "y"]);
    }
}
