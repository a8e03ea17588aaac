//! What Redis answers, as RESP3 (<https://redis.io/docs/latest/develop/reference/protocol-spec/>). Maps keep their order here,
//! so that a seed gives the same bytes each time; those of `redis-protocol` do not.

use std::fmt::Display;

use bytes::Bytes;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Status(&'static str),
    Text(Bytes),
    /// Text of several lines, which says that it is text.
    Verbatim(String),
    Number(i64),
    Nil,
    Error(String),
    List(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// More memory is used than may be.
    Oom,
    /// It is a replica.
    ReadOnly,
    /// It cannot write to its disk.
    Misconf,
    /// It has too few replicas.
    NoReplicas,
    /// A script runs for ever.
    Busy,
    /// Its data are not there yet.
    Loading,
    /// It wants a password first.
    NoAuth,
    /// A password is wrong.
    WrongPass,
    /// It may not be asked that.
    NoPerm,
    /// A key is of another type.
    WrongType,
    /// It does not know the script.
    NoScript,
    /// The last id there can be is taken.
    Exhausted,
    /// An id that is not above the last.
    SmallId,
    /// What is no id.
    InvalidId,
    /// No era can be above what is in the journal.
    NoEra,
    /// What is no number.
    NotAnInteger,
    /// A command, or a way to use one, that the fake does not know.
    Unknown,
}

impl Reply {
    pub const OK: Self = Self::Status("OK");

    pub fn text(text: impl Into<Bytes>) -> Self {
        Self::Text(text.into())
    }

    pub fn count(count: usize) -> Self {
        Self::Number(count.try_into().unwrap())
    }

    pub fn texts(texts: impl IntoIterator<Item = impl Into<Bytes>>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    pub fn map<const N: usize>(pairs: [(&'static str, Self); N]) -> Self {
        let named = pairs.map(|(name, value)| (Self::text(name), value));
        Self::Map(named.into())
    }

    /// Appends its bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Status(word) => line(out, '+', word),
            Self::Number(number) => line(out, ':', number),
            Self::Nil => line(out, '_', ""),
            Self::Error(text) => line(out, '-', text),
            Self::Text(text) => blob(out, '$', text),
            Self::Verbatim(text) => blob(out, '=', format!("txt:{text}").as_bytes()),
            Self::List(replies) => {
                line(out, '*', replies.len());
                for reply in replies {
                    reply.encode(out);
                }
            }
            Self::Map(pairs) => {
                line(out, '%', pairs.len());
                for (name, value) in pairs {
                    name.encode(out);
                    value.encode(out);
                }
            }
        }
    }
}

fn line(out: &mut Vec<u8>, kind: char, rest: impl Display) {
    out.extend(format!("{kind}{rest}\r\n").bytes());
}

fn blob(out: &mut Vec<u8>, kind: char, bytes: &[u8]) {
    line(out, kind, bytes.len());
    out.extend(bytes);
    out.extend(b"\r\n");
}

impl Failure {
    /// What Redis says of it; of a script that it does not even begin to run, if `is_script`.
    pub fn reply(self, is_script: bool) -> Reply {
        let text = match self {
            Self::Oom if is_script => {
                "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
            }
            Self::Oom => "OOM command not allowed when used memory > 'maxmemory'.",
            Self::ReadOnly if is_script => {
                "READONLY Can not run script with write flag on readonly replica."
            }
            Self::ReadOnly => "READONLY You can't write against a read only replica.",
            Self::Misconf => "MISCONF Errors writing to the AOF file: No space left on device",
            Self::NoReplicas => "NOREPLICAS Not enough good replicas to write.",
            Self::Busy => {
                "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
            }
            Self::Loading => "LOADING Redis is loading the dataset in memory",
            Self::NoAuth => "NOAUTH Authentication required.",
            Self::WrongPass => "WRONGPASS invalid username-password pair or user is disabled.",
            Self::NoPerm => {
                "NOPERM User default has no permissions to run the 'config|get' command"
            }
            Self::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
            Self::NoScript => "NOSCRIPT No matching script. Please use EVAL.",
            Self::Exhausted => {
                "ERR The stream has exhausted the last possible ID, unable to add more items"
            }
            Self::SmallId => {
                "ERR The ID specified in XADD is equal or smaller than the target stream top item"
            }
            Self::InvalidId => "ERR Invalid stream ID specified as stream command argument",
            Self::NoEra => {
                "ERR no era can follow what is in the journal: delete its key, and start the nodes again"
            }
            Self::NotAnInteger => "ERR value is not an integer or out of range",
            Self::Unknown => "ERR unknown command, to a fake",
        };
        Reply::Error(text.to_owned())
    }
}
