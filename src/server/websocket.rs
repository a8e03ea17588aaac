//! The WebSocket protocol of one connection, read by `tungstenite` (the only module of the server that knows it).
//!
//! Between messages a connection has no protocol state at all: whole frames are read by one context that all share. A
//! connection gets a context of its own only while a frame or a fragmented message of its has begun and not ended.

use std::io::{self, Cursor, ErrorKind, Read, Write};

use arrayvec::ArrayVec;
use http::{HeaderValue, Request, header::SEC_WEBSOCKET_PROTOCOL};
use tungstenite::{
    Error, Message as WireMessage,
    error::ProtocolError,
    handshake::server::{create_response, write_response},
    protocol::{
        Role, WebSocketConfig, WebSocketContext,
        frame::{FrameHeader, coding::OpCode},
    },
};

use super::http::HttpError;
use crate::vocabulary::{message::Message, reason::Reason};

/// The subprotocol that is answered to a client that offers it.
pub const SUBPROTOCOL: &str = "hubbub";

/// Bytes that the shared context takes from the input at a time; the library zeroes as many before each.
const SHARED_READ_BYTES: usize = 2 << 10;
/// The same for a context that one connection owns for the time of a message.
const OWN_READ_BYTES: usize = 128;
/// Bytes of the longest frame header (RFC 6455, section 5.2).
const HEADER_BYTES_MAX: usize = 14;

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
/// # Errors
/// The request is not a WebSocket handshake, or not one of version 13.
pub fn accept(request: &Request<()>) -> Result<Vec<u8>, HttpError> {
    let mut response = create_response(request).map_err(|error| refusal(&error))?;
    let offers_ours = request
        .headers()
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offer| offer.trim() == SUBPROTOCOL);
    if offers_ours {
        let ours = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, ours);
    }
    let mut bytes = Vec::with_capacity(192);
    write_response(&mut bytes, &response).map_err(|error| refusal(&error))?;
    Ok(bytes)
}

fn refusal(error: &Error) -> HttpError {
    match error {
        Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader
            | ProtocolError::WrongHttpVersion,
        ) => HttpError::upgrade_required(),
        Error::Protocol(ProtocolError::WrongHttpMethod) => HttpError::method_not_allowed(),
        error => HttpError::bad_request(format!("not a WebSocket handshake: {error}")),
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

/// Where frames and fragmented messages end in a sequence of bytes.
#[derive(Debug, Default)]
struct Boundary {
    /// The first bytes of a header that has not fully arrived.
    header: ArrayVec<u8, HEADER_BYTES_MAX>,
    /// Payload bytes that the current frame still lacks.
    missing: u64,
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
                at += usize::try_from(taken).expect("no more than the rest");
            } else {
                at += self.feed_header(rest);
            }
            if self.is_clean() {
                clean = at;
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
        if let OpCode::Data(_) = header.opcode {
            self.is_fragmented = !header.is_final;
        }
        self.header.clear();
        self.missing = missing;
        taken
    }
}
