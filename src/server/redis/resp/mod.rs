//! RESP3, the protocol that Redis speaks (<https://redis.io/docs/latest/develop/reference/protocol-spec/>): commands go out,
//! replies come in, whose bytes may stop anywhere. This is the only room that knows `redis-protocol`.

mod boundary;

use bytes::{Bytes, BytesMut};
use redis_protocol::{
    error::RedisProtocolError,
    resp3::{
        decode::complete::decode_range,
        encode::complete::extend_encode_borrowed,
        types::{BorrowedFrame, RangeFrame},
    },
};
use thiserror::Error;

use self::boundary::Boundary;

/// What Redis said. Texts are shared with what was received.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// Bytes, however they were sent.
    Text(Bytes),
    /// A whole number.
    Number(i64),
    /// Nothing, as when nothing came in time.
    Nil,
    /// A word in capitals, as a rule, and what is wrong.
    Error(Bytes),
    /// Replies in order.
    List(Vec<Reply>),
    /// Replies by name, in no order.
    Map(Vec<(Reply, Reply)>),
    /// What was not asked for, such as news of a channel.
    Push,
}

/// Bytes that are no reply which is waited for. The connection is of no use any more.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RespError {
    /// They are none at all.
    #[error("what answers speaks another protocol than Redis ({0})")]
    Garbled(String),
    /// Of one without an end, or one that would take more memory than it may.
    #[error("an answer of Redis is larger than is waited for")]
    TooLarge,
    /// Lists within lists.
    #[error("an answer of Redis has more lists within lists than are waited for")]
    TooDeep,
}

/// Adds a command to what is to be sent.
pub(super) fn command(words: &[&[u8]], out: &mut BytesMut) {
    let words = words.iter().map(|data| BorrowedFrame::BlobString {
        data,
        attributes: None,
    });
    let command = BorrowedFrame::Array {
        data: &words.collect::<Vec<_>>(),
        attributes: None,
    };
    extend_encode_borrowed(out, &command, false).expect("there is room for as much as it takes");
}

/// What was received and not taken yet.
#[derive(Debug, Default)]
pub(super) struct Replies {
    buffer: BytesMut,
    boundary: Boundary,
}

impl Replies {
    /// More was received.
    pub(super) fn feed(&mut self, received: &[u8]) {
        self.buffer.extend_from_slice(received);
    }

    /// The next reply, once it is whole.
    ///
    /// # Errors
    /// There will be none.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, RespError> {
        let Some(end) = self.boundary.find(&self.buffer)? else {
            return Ok(None);
        };
        self.boundary = Boundary::default();
        let bytes = self.buffer.split_to(end).freeze();
        let (frame, _) =
            decode_range(&bytes)?.ok_or_else(|| RespError::Garbled("it has no end".to_owned()))?;
        Ok(Some(Reply::new(frame, &bytes)))
    }
}

impl Reply {
    fn new(frame: RangeFrame, bytes: &Bytes) -> Self {
        let text = |(start, end)| bytes.slice(start..end);
        let each = |frame| Self::new(frame, bytes);
        match frame {
            RangeFrame::BlobString { data, .. }
            | RangeFrame::SimpleString { data, .. }
            | RangeFrame::VerbatimString { data, .. }
            | RangeFrame::BigNumber { data, .. }
            | RangeFrame::ChunkedString(data) => Self::Text(text(data)),
            RangeFrame::BlobError { data, .. } | RangeFrame::SimpleError { data, .. } => {
                Self::Error(text(data))
            }
            RangeFrame::Number { data, .. } => Self::Number(data),
            RangeFrame::Boolean { data, .. } => Self::Number(data.into()),
            RangeFrame::Double { data, .. } => Self::Text(data.to_string().into()),
            RangeFrame::Null => Self::Nil,
            RangeFrame::Array { data, .. } => Self::List(data.into_iter().map(each).collect()),
            RangeFrame::Set { data, .. } => Self::List(data.into_iter().map(each).collect()),
            RangeFrame::Map { data, .. } => {
                let pairs = data.into_iter();
                Self::Map(pairs.map(|(key, value)| (each(key), each(value))).collect())
            }
            RangeFrame::Push { .. } | RangeFrame::Hello { .. } => Self::Push,
        }
    }

    /// What it says, if that is bytes.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// Bytes of what it says, if that is bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            _ => 0,
        }
    }

    /// What it has under a name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(pairs) => {
                let mut pairs = pairs.iter();
                let (_, value) = pairs.find(|(key, _)| key.text() == Some(name))?;
                Some(value)
            }
            _ => None,
        }
    }
}

impl From<RedisProtocolError> for RespError {
    fn from(error: RedisProtocolError) -> Self {
        Self::Garbled(error.details().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Reply {
        Reply::Text(Bytes::from_static(text.as_bytes()))
    }

    /// What comes of bytes, of which so many are received at once.
    fn read(bytes: &[u8], at_once: usize) -> Result<Vec<Reply>, RespError> {
        let mut replies = Replies::default();
        let mut read = Vec::new();
        for piece in bytes.chunks(at_once) {
            replies.feed(piece);
            while let Some(reply) = replies.next()? {
                read.push(reply);
            }
        }
        assert!(replies.buffer.is_empty(), "{read:?}");
        Ok(read)
    }

    #[test]
    fn a_command_is_a_list_of_its_words() {
        let mut out = BytesMut::new();
        command(&[b"XADD", b"", b"a\r\nb\0"], &mut out);
        command(&[b"PING"], &mut out);
        let written = b"*3\r\n$4\r\nXADD\r\n$0\r\n\r\n$5\r\na\r\nb\0\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(out, written.as_slice());
    }

    #[test]
    fn replies_are_read_whole_wherever_their_bytes_stop() {
        let bytes = b"+OK\r\n:-3\r\n$5\r\na\r\nb\0\r\n_\r\n-ERR no\r\n!4\r\nOOM!\r\n#t\r\n,1.5\r\n=7\r\ntxt:a\r\n\r\n\
            *3\r\n*0\r\n%1\r\n+a\r\n*1\r\n:1\r\n$0\r\n\r\n>1\r\n+news\r\n";
        for at_once in 1..=bytes.len() {
            assert_eq!(
                read(bytes, at_once).unwrap(),
                [
                    text("OK"),
                    Reply::Number(-3),
                    text("a\r\nb\0"),
                    Reply::Nil,
                    Reply::Error("ERR no".into()),
                    Reply::Error("OOM!".into()),
                    Reply::Number(1),
                    text("1.5"),
                    text("a\r\n"),
                    Reply::List(vec![
                        Reply::List(vec![]),
                        Reply::Map(vec![(text("a"), Reply::List(vec![Reply::Number(1)]))]),
                        text(""),
                    ]),
                    Reply::Push,
                ],
                "{at_once} at once"
            );
        }
    }

    #[test]
    fn what_a_map_has_is_found_by_name() {
        let map = read(b"%2\r\n$1\r\na\r\n:1\r\n+b\r\n+two\r\n", 99).unwrap();
        assert_eq!(map[0].get("b").and_then(Reply::text), Some("two"));
        assert_eq!(map[0].get("a"), Some(&Reply::Number(1)));
        assert_eq!(map[0].get("c"), None);
        assert_eq!(text("a").get("a"), None);
    }

    #[test]
    fn bytes_of_another_protocol_are_no_reply() {
        for bytes in [
            b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
            b"\x15\x03\x01\x00\x02\x02\x16",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b":one\r\n",
            b"*x\r\n",
            b"*1 \r\n",
            b"=3\r\ntxt\r\n",
            b"=5\r\nodd:a\r\n",
            b"%1\r\n*0\r\n*0\r\n",
            b"$1\r\nabc",
            b"#x\r\n",
            b"|1\r\n+a\r\n+b\r\n+c\r\n",
        ] {
            let error = read(bytes, 1).unwrap_err();
            let bytes = bytes.escape_ascii();
            assert!(matches!(error, RespError::Garbled(_)), "{bytes}: {error}");
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        let mut chance = fastrand::Rng::with_seed(1);
        let alphabet = b"*$%~>+-:,_#=!(|;.?\r\n\r\n\r\n0012345at: \xff";
        for _ in 0..20_000 {
            let length = chance.usize(..60);
            let bytes: Vec<u8> = (0..length)
                .map(|_| alphabet[chance.usize(..alphabet.len())])
                .collect();
            let mut replies = Replies::default();
            replies.feed(&bytes);
            while let Ok(Some(_)) = replies.next() {}
        }
    }
}
