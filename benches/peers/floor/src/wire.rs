//! As much of HTTP and RFC 6455 as a broadcast to well-behaved clients needs.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

/// The longest header of a frame that is not masked.
pub const HEADER_MAX: usize = 10;
/// The frame that answers a close frame: 1000, normal.
pub const CLOSE: [u8; 4] = [0x88, 2, 0x03, 0xE8];
/// The longest payload of a ping.
pub const CONTROL_MAX: usize = 125;

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSING: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const MASKED: u8 = 0x80;
/// A length that the two bytes after it tell.
const LENGTH_16: u8 = 126;
/// A length that the eight bytes after it tell.
const LENGTH_64: u8 = 127;

/// A frame of a client, its payload unmasked.
pub enum Frame<'bytes> {
    Text(&'bytes [u8]),
    Ping(&'bytes [u8]),
    Pong,
    Close,
    /// A fragment, a binary message, or no WebSocket at all.
    Unsupported,
}

/// Takes the first frame off the bytes, once all of it is there; what else there is comes with it.
pub fn take(bytes: &mut [u8]) -> Result<(Frame<'_>, &mut [u8]), &mut [u8]> {
    let Some((payload_at, payload_end)) = extent(bytes) else {
        return Err(bytes);
    };
    if payload_end > bytes.len() {
        return Err(bytes);
    }
    let (frame, rest) = bytes.split_at_mut(payload_end);
    let (header, payload) = frame.split_at_mut(payload_at);
    let is_masked = header[1] & MASKED != 0;
    let key = header.last_chunk().copied().unwrap_or_default();
    unmask(payload, key);
    let frame = match header[0] {
        _ if !is_masked => Frame::Unsupported,
        byte if byte == FINAL | TEXT => Frame::Text(payload),
        byte if byte == FINAL | PING && payload.len() <= CONTROL_MAX => Frame::Ping(payload),
        byte if byte == FINAL | PONG => Frame::Pong,
        byte if byte == FINAL | CLOSING => Frame::Close,
        _ => Frame::Unsupported,
    };
    Ok((frame, rest))
}

/// Where the first frame's payload begins and ends; `None` if not even that has come.
fn extent(bytes: &[u8]) -> Option<(usize, usize)> {
    let (at, length) = match bytes.get(1)? & !MASKED {
        LENGTH_16 => {
            let length = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            (8, usize::from(length))
        }
        LENGTH_64 => {
            let length = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            (14, usize::try_from(length).ok()?)
        }
        length => (6, usize::from(length)),
    };
    Some((at, at.saturating_add(length)))
}

fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let mut words = payload.chunks_exact_mut(4);
    for word in &mut words {
        for (byte, key) in word.iter_mut().zip(key) {
            *byte ^= key;
        }
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// The header of a text frame with so many bytes of payload, and how many of these bytes it is.
pub fn text_header(payload: usize) -> ([u8; HEADER_MAX], usize) {
    let mut header = [0; HEADER_MAX];
    header[0] = FINAL | TEXT;
    if let Ok(short @ ..LENGTH_16) = u8::try_from(payload) {
        header[1] = short;
        (header, 2)
    } else if let Ok(medium) = u16::try_from(payload) {
        header[1] = LENGTH_16;
        header[2..4].copy_from_slice(&medium.to_be_bytes());
        (header, 4)
    } else {
        header[1] = LENGTH_64;
        header[2..].copy_from_slice(&(payload as u64).to_be_bytes());
        (header, HEADER_MAX)
    }
}

/// A pong with what the ping said.
pub fn pong(ping: &[u8], frame: &mut Vec<u8>) {
    frame.clear();
    let length = u8::try_from(ping.len()).unwrap_or(0);
    frame.extend_from_slice(&[FINAL | PONG, length]);
    frame.extend_from_slice(&ping[..usize::from(length)]);
}

/// How long the request is, once it has come whole.
pub fn request_length(bytes: &[u8]) -> Option<usize> {
    let end = b"\r\n\r\n";
    let at = bytes.windows(end.len()).position(|window| window == end)?;
    Some(at + end.len())
}

/// The answer to a request for an upgrade; `None` if it is none.
pub fn answer(request: &[u8], answer: &mut Vec<u8>) -> Option<()> {
    let field = b"sec-websocket-key:";
    let key = request.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(field.len())?;
        name.eq_ignore_ascii_case(field).then(|| value.trim_ascii())
    })?;
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    let mut accept = [0; 28];
    BASE64_STANDARD.encode_slice(digest, &mut accept).ok()?;
    answer.clear();
    answer.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: ",
    );
    answer.extend_from_slice(&accept);
    answer.extend_from_slice(b"\r\n\r\n");
    Some(())
}
