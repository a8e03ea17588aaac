//! The body of a refusal, as far as it is read: it may hold words for people.

use std::borrow::Cow;

use http::{
    StatusCode,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use httparse::{Status, parse_chunk_size};

use super::answer::Head;
use crate::server::http::lists;

/// Bytes beyond which no more is read.
const BODY_BYTES_MAX: usize = 16 << 10;

/// What has come.
#[derive(Debug)]
pub(super) struct Body {
    end: End,
    bytes: Vec<u8>,
}

/// How its end is known (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug)]
enum End {
    /// After so many bytes.
    Length(usize),
    /// After the last chunk.
    Chunks,
    /// With the connection.
    Connection,
}

impl Body {
    /// The body that is to follow.
    pub(super) fn of(head: &Head) -> Self {
        let length = head.headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let end = match length {
            _ if matches!(
                head.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            ) =>
            {
                End::Length(0)
            }
            _ if lists(&head.headers, &TRANSFER_ENCODING, "chunked") => End::Chunks,
            Some(length) => End::Length(length),
            None => End::Connection,
        };
        let bytes = Vec::new();
        Self { end, bytes }
    }

    /// Takes more of it, and nothing that follows.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let most = match self.end {
            End::Length(length) => length.min(BODY_BYTES_MAX),
            End::Chunks | End::Connection => BODY_BYTES_MAX,
        };
        let room = most.saturating_sub(self.bytes.len());
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether no more of it is wanted.
    pub(super) fn is_whole(&self) -> bool {
        let is_at_end = match self.end {
            End::Length(length) => self.bytes.len() >= length,
            End::Chunks => joined(&self.bytes).1,
            End::Connection => false,
        };
        is_at_end || self.bytes.len() >= BODY_BYTES_MAX
    }

    /// What it says so far.
    pub(super) fn content(&self) -> Cow<'_, [u8]> {
        match self.end {
            End::Chunks => joined(&self.bytes).0.into(),
            End::Length(_) | End::Connection => (&self.bytes).into(),
        }
    }
}

/// The content of chunks (RFC 9112, section 7.1) as far as it came, and whether there is no more.
fn joined(mut chunks: &[u8]) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    loop {
        let (start, size) = match parse_chunk_size(chunks) {
            Ok(Status::Complete((start, size))) => (start, usize::try_from(size)),
            Ok(Status::Partial) => return (content, false),
            Err(_) => return (content, true),
        };
        let (size, chunk) = (size.unwrap_or(usize::MAX), &chunks[start..]);
        content.extend_from_slice(&chunk[..chunk.len().min(size)]);
        // Each ends with a line of its own.
        match chunk.get(size.saturating_add(2)..) {
            _ if size == 0 => return (content, true),
            Some(more) => chunks = more,
            None => return (content, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_however_far_they_came() {
        let whole = b"4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n";
        assert_eq!(joined(whole), (b"Wikipedia".to_vec(), true));
        for end in 0..whole.len() {
            let (content, _) = joined(&whole[..end]);
            assert!(b"Wikipedia".starts_with(&content[..]), "{end}");
        }
        assert_eq!(joined(b"4\r\nWiki\r\n5\r\npe"), (b"Wikipe".to_vec(), false));
        assert_eq!(joined(b"no chunk\r\n"), (Vec::new(), true));
        assert_eq!(joined(b"ffffffffffffffff\r\nx"), (b"x".to_vec(), false));
    }
}
