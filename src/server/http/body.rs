//! The body of a request: where it ends, and what is in it (RFC 9112, sections 6 and 7).

use http::{
    HeaderValue, Version,
    header::{self, HeaderMap},
};
use httparse::Status;

use super::HttpError;
use crate::vocabulary::config::{BODY_BYTES_MAX, CHUNK_LINE_BYTES_MAX, TRAILERS_BYTES_MAX};

/// What the line after each chunk is, and the last one of all.
const EMPTY: &[u8] = b"\r\n";

/// How a request says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// It has none.
    None,
    /// After so many bytes, more than none.
    Length(u64),
    /// After the last of its chunks.
    Chunked,
}

impl Framing {
    /// Reads it from the headers of a request. What two of those who read them could take for two things is refused, as one
    /// of them could be made to take what is in the body for another request (RFC 9112, section 11.2).
    ///
    /// # Errors
    /// 400: the end of the body, and so of the request, cannot be told.
    pub(super) fn of(headers: &HeaderMap, version: Version) -> Result<Self, HttpError> {
        let bad = |message| Err(HttpError::bad_request(message));
        let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        let (length, coding) = (lengths.next(), codings.next());
        match (length, coding) {
            _ if lengths.next().is_some() => bad("there is more than one Content-Length"),
            (None, None) => Ok(Self::None),
            (Some(length), None) => Self::of_length(length),
            (Some(_), Some(_)) => bad("there is both a Content-Length and a Transfer-Encoding"),
            (None, Some(_)) if version < Version::HTTP_11 => {
                bad("there is no Transfer-Encoding in HTTP/1.0")
            }
            (None, Some(coding))
                if coding.as_bytes().eq_ignore_ascii_case(b"chunked")
                    && codings.next().is_none() =>
            {
                Ok(Self::Chunked)
            }
            (None, Some(_)) => bad("a Transfer-Encoding is chunked, once and alone, or left out"),
        }
    }

    fn of_length(length: &HeaderValue) -> Result<Self, HttpError> {
        let digits = length.to_str().unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(HttpError::bad_request("Content-Length is no number"));
        }
        // What is beyond a number is beyond every bound too.
        match digits.parse().unwrap_or(u64::MAX) {
            0 => Ok(Self::None),
            bytes => Ok(Self::Length(bytes)),
        }
    }
}

/// A body on its way in. Bytes that come after it are left alone, and so is the line of a chunk that is not all there.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    next: Next,
}

/// What comes next in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// So many bytes of it, and then nothing.
    Bytes(usize),
    /// The line with the size of a chunk.
    Size,
    /// So many bytes of a chunk.
    Chunk(usize),
    /// The end of its last line.
    ChunkEnd,
    /// A header behind the last chunk, or the end; so many bytes of such headers were read already.
    Trailer(usize),
    /// Nothing.
    End,
}

impl Body {
    /// One of which nothing has been read yet.
    ///
    /// # Errors
    /// 413: it says itself that it is too large.
    pub fn new(framing: Framing) -> Result<Self, HttpError> {
        let next = match framing {
            Framing::None => Next::End,
            Framing::Length(bytes) => Next::Bytes(within_bound(0, bytes)?),
            Framing::Chunked => Next::Size,
        };
        Ok(Self {
            bytes: Vec::new(),
            next,
        })
    }

    /// Takes what is its own off the front of `input`, and returns how many bytes that was. What it leaves of it is for the
    /// next request if it [is whole](Self::is_whole), and else to be shown again when there is more.
    ///
    /// # Errors
    /// 400: the chunks make no sense, 413: they are too large together. What follows cannot be made sense of.
    pub fn take(&mut self, input: &[u8]) -> Result<usize, HttpError> {
        let mut rest = input;
        while let Some(taken) = self.take_next(rest)? {
            rest = &rest[taken..];
        }
        Ok(input.len() - rest.len())
    }

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        self.next == Next::End
    }

    /// All of it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What is there of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes what comes next, or some of it, if anything of it is there and more is to come.
    fn take_next(&mut self, input: &[u8]) -> Result<Option<usize>, HttpError> {
        let (taken, next) = match self.next {
            Next::End => return Ok(None),
            Next::Bytes(left) | Next::Chunk(left) => {
                let taken = left.min(input.len());
                if taken == 0 {
                    return Ok(None);
                }
                self.bytes.extend_from_slice(&input[..taken]);
                let next = match (self.next, left - taken) {
                    (Next::Bytes(_), 0) => Next::End,
                    (Next::Bytes(_), left) => Next::Bytes(left),
                    (_, 0) => Next::ChunkEnd,
                    (_, left) => Next::Chunk(left),
                };
                (taken, next)
            }
            Next::Size => {
                let Some(line) = line(input)? else {
                    return Ok(None);
                };
                let next = match within_bound(self.bytes.len(), chunk_size(line)?)? {
                    0 => Next::Trailer(0),
                    size => Next::Chunk(size),
                };
                (line.len(), next)
            }
            Next::ChunkEnd => match line(input)? {
                None => return Ok(None),
                Some(EMPTY) => (EMPTY.len(), Next::Size),
                Some(_) => return Err(HttpError::bad_request("a chunk is longer than it says")),
            },
            Next::Trailer(read) => match line(input)? {
                None => return Ok(None),
                Some(EMPTY) => (EMPTY.len(), Next::End),
                Some(trailer) if read + trailer.len() > TRAILERS_BYTES_MAX => {
                    return Err(HttpError::bad_request(format!(
                        "there are more than {TRAILERS_BYTES_MAX} bytes of headers behind the last chunk"
                    )));
                }
                // They are nothing to us (RFC 9112, section 7.1.2).
                Some(trailer) => (trailer.len(), Next::Trailer(read + trailer.len())),
            },
        };
        self.next = next;
        Ok(Some(taken))
    }
}

/// A size within what a body may have of which so many bytes are there.
fn within_bound(before: usize, size: u64) -> Result<usize, HttpError> {
    let size = usize::try_from(size).ok();
    size.filter(|&size| size <= BODY_BYTES_MAX - before)
        .ok_or_else(HttpError::body_too_large)
}

/// The first line, with its end, if it is all there.
fn line(input: &[u8]) -> Result<Option<&[u8]>, HttpError> {
    let bad = |message| Err(HttpError::bad_request(message));
    let window = &input[..input.len().min(CHUNK_LINE_BYTES_MAX)];
    let Some(end) = window.iter().position(|&byte| byte == b'\n') else {
        if window.len() == CHUNK_LINE_BYTES_MAX {
            return bad("a line between chunks is too long");
        }
        return Ok(None);
    };
    let line = &window[..=end];
    // Some take a lone CR or LF for the end of a line and others do not.
    match line.strip_suffix(EMPTY) {
        Some(text) if !text.contains(&b'\r') => Ok(Some(line)),
        _ => bad("a line between chunks does not end with CR LF"),
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, HttpError> {
    // The library takes no digits for zero.
    let has_size = line.first().is_some_and(u8::is_ascii_hexdigit);
    match httparse::parse_chunk_size(line) {
        Ok(Status::Complete((bytes, size))) if has_size && bytes == line.len() => Ok(size),
        _ => Err(HttpError::bad_request(
            "the size of a chunk is no hexadecimal number",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a body that arrives in pieces of so many bytes, or the status that it is refused with: what it holds,
    /// and what follows it.
    fn read(framing: Framing, input: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<u8>), u16> {
        let mut body = Body::new(framing).map_err(|error| error.status.as_u16())?;
        let mut waiting = Vec::new();
        for piece in input.chunks(piece) {
            waiting.extend_from_slice(piece);
            let taken = body.take(&waiting).map_err(|error| error.status.as_u16())?;
            waiting.drain(..taken);
        }
        if !body.is_whole() {
            return Err(0);
        }
        Ok((body.bytes().to_vec(), waiting))
    }

    /// The same, which does not depend on how it is cut. Zero is for one that is not whole.
    fn chunked(input: &[u8]) -> Result<(Vec<u8>, Vec<u8>), u16> {
        let whole = read(Framing::Chunked, input, usize::MAX);
        for piece in 1..input.len().min(100) {
            assert_eq!(read(Framing::Chunked, input, piece), whole, "by {piece}");
        }
        whole
    }

    fn ends(body: &[u8], rest: &[u8]) -> (Vec<u8>, Vec<u8>) {
        (body.to_vec(), rest.to_vec())
    }

    #[test]
    fn one_with_a_length_ends_there() {
        for piece in [1, 2, 100] {
            let read = |input| read(Framing::Length(3), input, piece);
            assert_eq!(read(b"abcGET"), Ok(ends(b"abc", b"GET")));
            assert_eq!(read(b"ab"), Err(0));
        }
        assert_eq!(read(Framing::None, b"GET", 1), Ok(ends(b"", b"GET")));
    }

    #[test]
    fn one_of_chunks_ends_after_the_last_and_its_trailers() {
        assert_eq!(chunked(b"0\r\n\r\nGET"), Ok(ends(b"", b"GET")));
        let input =
            b"3;a=b;c=\"d\"\r\nabc\r\n00A \r\n0123456789\r\n0\r\nDigest: x\r\nB: y\r\n\r\nGET";
        assert_eq!(chunked(input), Ok(ends(b"abc0123456789", b"GET")));
        for end in 0..input.len() - 3 {
            assert_eq!(chunked(&input[..end]), Err(0), "{end}");
        }
    }

    #[test]
    fn chunks_that_make_no_sense_are_refused() {
        for input in [
            &b"\r\n\r\n"[..],
            b";a\r\n",
            b" 3\r\n",
            b"-1\r\n",
            b"+3\r\n",
            b"0x3\r\n",
            b"3 3\r\n",
            b"x\r\n",
            b"10000000000000000\r\n",
            b"3\nabc",
            b"3\rabc\r\n",
            b"3;a\nb\r\n",
            b"3;a\rb\r\n",
            b"3\r\nabcd\r\n",
            b"3\r\nabc0\r\n",
            b"3\r\nabc\n",
            b"0\r\n\n",
            b"0\r\na: b\n\r\n",
        ] {
            assert_eq!(chunked(input), Err(400), "{}", input.escape_ascii());
        }
        let long = format!("3;{}\r\n", "a".repeat(CHUNK_LINE_BYTES_MAX));
        assert_eq!(chunked(long.as_bytes()), Err(400));
        let trailers = format!("0\r\n{}\r\n", "a: b\r\n".repeat(TRAILERS_BYTES_MAX / 6 + 1));
        assert_eq!(chunked(trailers.as_bytes()), Err(400));
    }

    #[test]
    fn a_body_has_a_bound_in_bytes_however_it_is_told() {
        let most = BODY_BYTES_MAX as u64;
        assert!(Body::new(Framing::Length(most)).is_ok());
        for length in [most + 1, u64::MAX] {
            let refused = Body::new(Framing::Length(length)).unwrap_err();
            assert_eq!(refused.status.as_u16(), 413);
        }
        let full = [
            format!("{most:x}\r\n").as_bytes(),
            &vec![b'a'; BODY_BYTES_MAX],
            b"\r\n",
        ]
        .concat();
        let last: &[u8] = b"0\r\n\r\n";
        let read =
            |input: &[u8]| read(Framing::Chunked, input, 1 << 16).map(|(body, _)| body.len());
        assert_eq!(read(&[&full, last].concat()), Ok(BODY_BYTES_MAX));
        assert_eq!(read(&[&full, &b"1\r\na\r\n"[..], last].concat()), Err(413));
        assert_eq!(read(b"ffffffffffffffff\r\n"), Err(413));
    }
}
