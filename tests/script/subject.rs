//! A Redis under test, asked by words: the fake, or a real one.

use std::env;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use redis_protocol::resp3::{
    decode::complete::decode,
    types::{OwnedFrame, Resp3Frame},
};

use crate::redis::{Client, FakeRedis, Settings};

/// What a Redis answers.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Text(String),
    Error(String),
    List(Vec<Answer>),
    Nil,
}

/// A Redis.
pub trait Subject {
    /// Asks something, and waits for the answer.
    fn ask(&mut self, words: &[&str]) -> Answer;

    /// Lets time pass, or go back, for the script that has these keys.
    fn wait(&mut self, ms: i64, nodes: &str);
}

/// A fake one, whose clock goes on by a little with each command.
pub struct Fake {
    pub redis: FakeRedis,
    client: Client,
    now: Duration,
    unix_us: u64,
}

/// One that runs, behind a unix socket.
pub struct Real(UnixStream);

/// Lets time pass in a real one: whatever happened, happened so much earlier. Only where the clock goes back is the time of
/// the last entry to be ahead of it.
const AGE: &str = "
    for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
        local unit = ({ t = tonumber(ARGV[1]) < 0 and 1000, clock = 1, hung = 1 })[name] or (string.sub(name, 1, 2) == 's:' and 1)
        if unit then
            local time = redis.call('HGET', KEYS[1], name) - ARGV[1] * unit
            redis.call('HSET', KEYS[1], name, string.format('%.0f', time))
        end
    end";
/// Where a real one listens.
const VARIABLE: &str = "HUBBUB_TEST_REDIS";
/// A time like any other.
const EPOCH_US: u64 = 1_795_906_262_856_123;
/// How long a real one may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

impl Fake {
    pub fn new(settings: Settings) -> Self {
        let mut redis = FakeRedis::new(settings, 7);
        let client = redis.connect().unwrap();
        let mut fake = Self {
            redis,
            client,
            now: Duration::ZERO,
            unix_us: EPOCH_US,
        };
        fake.wait(0, "");
        fake
    }

    /// Has a new connection, after the one before ended.
    pub fn reconnect(&mut self) {
        self.client = self.redis.connect().unwrap();
    }
}

impl Subject for Fake {
    fn ask(&mut self, words: &[&str]) -> Answer {
        self.unix_us += 50;
        self.redis.pass(self.now, self.unix_us);
        self.redis.feed(self.client, &command(words));
        read(|_| self.redis.take(self.client, usize::MAX))
    }

    fn wait(&mut self, ms: i64, _: &str) {
        self.now += Duration::from_millis(ms.unsigned_abs());
        self.unix_us = self.unix_us.strict_add_signed(ms * 1000);
        self.redis.pass(self.now, self.unix_us);
    }
}

impl Real {
    /// The one that the environment names.
    pub fn named() -> Self {
        let path = env::var(VARIABLE).unwrap_or_else(|_| {
            panic!("{VARIABLE} names the unix socket of a Redis to be emptied")
        });
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }
}

impl Subject for Real {
    fn ask(&mut self, words: &[&str]) -> Answer {
        self.0.write_all(&command(words)).unwrap();
        read(|buffer| {
            let length = self.0.read(buffer).unwrap();
            assert!(length > 0, "Redis has ended the connection");
            buffer[..length].to_vec()
        })
    }

    fn wait(&mut self, ms: i64, nodes: &str) {
        let aged = self.ask(&["EVAL", AGE, "1", nodes, &ms.to_string()]);
        assert_eq!(aged, Answer::Nil);
    }
}

impl Answer {
    /// The texts of a list.
    pub fn texts(self) -> Vec<String> {
        let Self::List(answers) = self else {
            panic!("{self:?} is no list");
        };
        let text = |answer| match answer {
            Self::Text(text) => text,
            other => panic!("{other:?} is no text"),
        };
        answers.into_iter().map(text).collect()
    }
}

/// The bytes of a command.
pub fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
    }
    bytes
}

/// Reads an answer, of which all is taken.
fn read(mut more: impl FnMut(&mut [u8]) -> Vec<u8>) -> Answer {
    let mut input = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let taken = more(&mut buffer);
        input.extend(taken);
        if let Some((frame, length)) = decode(&input).expect("Redis speaks RESP3") {
            assert_eq!(length, input.len(), "one answer to one command");
            return answer(frame);
        }
    }
}

/// Maps as lists of their values by their names, in turn.
fn answer(frame: OwnedFrame) -> Answer {
    match frame {
        OwnedFrame::Null => Answer::Nil,
        OwnedFrame::SimpleError { data, .. } => Answer::Error(data),
        OwnedFrame::Array { data, .. } => Answer::List(data.into_iter().map(answer).collect()),
        OwnedFrame::Map { data, .. } => {
            let pairs = data.into_iter().flat_map(|(name, value)| [name, value]);
            Answer::List(pairs.map(answer).collect())
        }
        other => Answer::Text(other.to_string().expect("all else is text")),
    }
}
