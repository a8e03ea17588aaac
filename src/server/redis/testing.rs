//! What the tests of this room share: a stream of which a test holds the other end, and how a Redis greets.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use super::resp::{Replies, Reply};
use crate::{
    server::stream::Stream,
    vocabulary::{config::JournalBounds, redis::RedisSettings},
};

/// A stream; each clone is the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe(Rc<RefCell<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    given: VecDeque<u8>,
    taken: Vec<u8>,
    is_closed: bool,
}

impl Pipe {
    /// Lets this be read.
    pub(super) fn give(&self, text: &str) {
        self.0.borrow_mut().given.extend(text.as_bytes());
    }

    /// What was written since this was last asked.
    pub(super) fn taken(&self) -> String {
        let taken = std::mem::take(&mut self.0.borrow_mut().taken);
        String::from_utf8(taken).unwrap()
    }

    /// Ends it, behind what was given.
    pub(super) fn close(&self) {
        self.0.borrow_mut().is_closed = true;
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut ends = self.0.borrow_mut();
        if ends.given.is_empty() && !ends.is_closed {
            return Err(ErrorKind::WouldBlock.into());
        }
        ends.given.read(buffer)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().taken.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Pipe {
    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn settings() -> RedisSettings {
    RedisSettings {
        url: "redis://:secret@localhost".parse().unwrap(),
        authorities: None,
        prefix: "hubbub".to_owned(),
        lease: Duration::from_secs(10),
        bounds: JournalBounds {
            queue_bytes: 1 << 20,
            patience: Duration::from_secs(10),
        },
        history_bytes: 64 << 10,
    }
}

/// The answers of a Redis that keeps everything, to all that is asked at the beginning.
pub(super) fn greetings() -> String {
    let hello = "%7\r\n+server\r\n+redis\r\n+version\r\n+7.0.15\r\n+proto\r\n:3\r\n+id\r\n:4\r\n\
        +mode\r\n+standalone\r\n+role\r\n+master\r\n+modules\r\n*0\r\n";
    let database = "+OK\r\n";
    let server = text("# Server\r\nredis_version:7.0.15\r\nrun_id:run-1\r\n");
    let replication =
        text("# Replication\r\nrole:master\r\nmaster_replid:abcd\r\nmaster_replid2:0000\r\n");
    let persistence = "%3\r\n+appendonly\r\n+yes\r\n+appendfsync\r\n+always\r\n\
        +maxmemory-policy\r\n+noeviction\r\n";
    format!("{hello}{database}{server}{replication}{persistence}+digest\r\n")
}

/// A text as `INFO` sends it.
fn text(text: &str) -> String {
    format!("={}\r\ntxt:{text}\r\n", 4 + text.len())
}

/// What bytes say.
pub(super) fn replies(bytes: &str) -> Vec<Reply> {
    let mut replies = Replies::default();
    replies.feed(bytes.as_bytes());
    let mut read = Vec::new();
    while let Some(reply) = replies.next().unwrap() {
        read.push(reply);
    }
    read
}
