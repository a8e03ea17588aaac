//! The connection that appends to the journal, one call after the other.

use std::rc::Rc;
use std::time::Duration;

use super::{
    connection::Connection,
    entry::EntryId,
    greeting::Facts,
    handover::Part,
    keys,
    outage::Outage,
    resp::Reply,
    script::{self, Answer, Operation},
};
use crate::{
    server::stream::Stream,
    state::journal::{Batch, EntryKind, VERSION},
    vocabulary::{config::REDIS_PAUSE, id::NodeId, redis::RedisUrl},
};

/// Calls, and what keeps them from being answered.
#[derive(Debug)]
pub(super) struct Appender<S> {
    pub(super) connection: Connection<S>,
    keys: [String; 2],
    lease: Duration,
    /// What is under way.
    call: Option<Call>,
    /// When to go on, after Redis took nothing.
    rests_until: Option<Duration>,
    /// The script is gone from Redis, and has to be loaded once more.
    is_script_lost: bool,
}

/// What is under way, by what its answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// An entry of ours.
    Append { number: u64, kind: EntryKind },
    /// The same, past the script.
    Add { number: u64 },
    /// To become a node.
    Hello,
    /// To stay one that waits.
    Wait,
    /// To be gone as the node that it was.
    Farewell,
    /// To declare one dead.
    Death { target: NodeId },
    /// To open a new era.
    Era,
    /// To load the script.
    Load,
    /// To write a part of a snapshot.
    Write,
    /// To read one.
    Read,
}

impl<S: Stream> Appender<S> {
    pub(super) fn new(url: Rc<RedisUrl>, prefix: &str, lease: Duration, seed: u64) -> Self {
        Self {
            keys: [keys::journal(prefix), keys::nodes(prefix)],
            lease,
            connection: Connection::new(url, seed),
            call: None,
            rests_until: None,
            is_script_lost: false,
        }
    }

    /// Who is to be called now, if it [is free](Self::is_free) by then.
    pub(super) fn free(&mut self, now: Duration) -> Option<Rc<Facts>> {
        if self.rests_until.is_some_and(|until| until <= now) {
            self.rests_until = None;
        }
        if !self.is_free() {
            return None;
        }
        if self.is_script_lost {
            self.is_script_lost = false;
            self.ask(
                Call::Load,
                &[b"SCRIPT", b"LOAD", script::SOURCE.as_bytes()],
                now,
            );
            return None;
        }
        self.connection.facts().cloned()
    }

    /// Whether there is somebody to be called, and nothing is waited for.
    pub(super) fn is_free(&self) -> bool {
        self.connection.is_free() && self.rests_until.is_none()
    }

    /// Asks nothing for a while.
    pub(super) fn rest(&mut self, now: Duration) {
        self.rests_until = Some(now + REDIS_PAUSE);
    }

    /// When it goes on, if it does not wait for the stream.
    pub(super) fn due(&self) -> Option<Duration> {
        let due = [self.connection.due(), self.rests_until];
        due.into_iter().flatten().min()
    }

    /// Calls the script on behalf of an era.
    pub(super) fn call(
        &mut self,
        operation: &Operation<'_>,
        era: u64,
        facts: &Facts,
        now: Duration,
    ) {
        let call = match *operation {
            Operation::Append { batch, .. } => Call::Append {
                number: batch.number,
                kind: batch.kind,
            },
            Operation::Hello { .. } => Call::Hello,
            Operation::Wait { .. } => Call::Wait,
            Operation::Farewell { .. } => Call::Farewell,
            Operation::Death { target, .. } => Call::Death { target },
            Operation::Era { .. } => Call::Era,
        };
        let (name, rest) = operation.words();
        let (era, lease) = (era.to_string(), self.lease.as_millis().to_string());
        let [journal, nodes] = self.keys.clone();
        let words = [
            "EVALSHA",
            &facts.script,
            "2",
            &journal,
            &nodes,
            name,
            &era,
            &facts.run,
            &lease,
        ];
        let words = words.into_iter().map(str::as_bytes);
        let words: Vec<&[u8]> = words.chain(rest.iter().map(Vec::as_slice)).collect();
        self.ask(call, &words, now);
    }

    /// Appends past the script, which is cheaper: what the script would have refused is skipped by those who read it. The
    /// time is that of Redis, since the Unix epoch.
    pub(super) fn add(
        &mut self,
        node: NodeId,
        batch: &Batch,
        trim: Option<EntryId>,
        era: u64,
        time: Duration,
        now: Duration,
    ) {
        let Batch { number, kind, body } = batch;
        let (kind, time) = (kind.letter(), time.as_micros());
        let header = format!("{VERSION} {kind} {} {number} {time}", node.0);
        let place = format!("{era}-*");
        let trim = trim.map(|id| id.to_string());
        let journal = self.keys[0].clone();
        let mut words = vec!["XADD", &journal, "NOMKSTREAM"];
        if let Some(trim) = &trim {
            words.extend(["MINID", "~", trim]);
        }
        words.extend([&place, "h", &header, "b"]);
        let words = words.into_iter().map(str::as_bytes);
        let words: Vec<&[u8]> = words.chain([&body[..]]).collect();
        self.ask(Call::Add { number: *number }, &words, now);
    }

    /// Writes a part of a snapshot.
    pub(super) fn write(&mut self, part: &Part, now: Duration) {
        let kept = part.kept.as_millis().to_string();
        let words = [
            b"SET",
            part.key.as_bytes(),
            &part.bytes,
            b"PX",
            kept.as_bytes(),
        ];
        self.ask(Call::Write, &words, now);
    }

    /// Reads one.
    pub(super) fn read(&mut self, key: &str, now: Duration) {
        self.ask(Call::Read, &[b"GET", key.as_bytes()], now);
    }

    /// What was answered to which call, once it is. Without an answer, nothing was done, as far as we know.
    pub(super) fn answer(&mut self, now: Duration) -> Option<(Call, Answer)> {
        let reply = self.connection.answer(now);
        if self.connection.facts().is_none() {
            self.call = None;
        }
        let reply = reply?;
        let call = self.call.take()?;
        match read(call, &reply) {
            Ok(answer) => answer.map(|answer| (call, answer)),
            Err(Failure::ScriptLost) => {
                self.is_script_lost = true;
                Some((call, Answer::Undone))
            }
            Err(Failure::Outage(outage)) => {
                let is_undone = outage.comes_before_all();
                self.connection.complain(outage, now);
                self.rest(now);
                is_undone.then_some((call, Answer::Undone))
            }
        }
    }

    /// What is under way does not matter any more, whatever the answer.
    pub(super) fn forget(&mut self) {
        self.call = None;
    }

    fn ask(&mut self, call: Call, words: &[&[u8]], now: Duration) {
        self.call = Some(call);
        self.connection.ask(words, Duration::ZERO, now);
    }
}

enum Failure {
    ScriptLost,
    Outage(Outage),
}

impl From<Outage> for Failure {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

/// What a reply to a call says, if it says anything about the journal.
fn read(call: Call, reply: &Reply) -> Result<Option<Answer>, Failure> {
    match (call, reply) {
        (_, Reply::Error(error)) if error.starts_with(b"NOSCRIPT") => Err(Failure::ScriptLost),
        (Call::Load, Reply::Text(_)) => Ok(None),
        (Call::Write, Reply::Text(_)) => Ok(Some(Answer::Written)),
        (Call::Read, Reply::Nil) => Ok(Some(Answer::Part(None))),
        (Call::Read, Reply::Text(part)) => Ok(Some(Answer::Part(Some(part.clone())))),
        // The stream is gone, or a later era has begun: the script knows which.
        (Call::Add { .. }, Reply::Nil) => Ok(Some(Answer::Era(0))),
        (Call::Add { .. }, Reply::Error(error)) if is_barred(error) => Ok(Some(Answer::Era(0))),
        (Call::Add { .. }, Reply::Text(_)) => {
            let id = reply.text().and_then(|text| text.parse().ok());
            let id = id.ok_or_else(|| Outage::unexpected("in place of an id"))?;
            Ok(Some(Answer::Done {
                id,
                time: None,
                rest: Vec::new(),
            }))
        }
        _ => Ok(Some(Answer::read(reply)?)),
    }
}

/// Whether an id bars an entry of ours from the journal, as `journal.lua` tells it too.
fn is_barred(error: &[u8]) -> bool {
    error.starts_with(b"ERR The ID ") || error.starts_with(b"ERR The stream ")
}
