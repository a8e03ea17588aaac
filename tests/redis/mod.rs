//! A Redis that is a fake: bytes of commands in and bytes of answers out on any number of connections, with clocks that are
//! handed in, and faults on demand. It knows the commands of the server, and runs `journal.lua` as what it means.

mod commands;
mod keys;
mod reply;
mod script;
mod store;
mod stream;
mod words;

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use redis_protocol::resp3::{decode::complete::decode, types::OwnedFrame};
use sha1::{Digest, Sha1};

use self::{commands::Outcome, reply::Reply, stream::Id};
pub use self::{reply::Failure, store::Store};

/// How it was set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What has to be said before all else.
    pub password: Option<String>,
    /// `appendonly yes`.
    pub is_written: bool,
    /// `appendfsync always`.
    pub is_synced: bool,
    /// Nobody may ask for any of that.
    pub is_reticent: bool,
}

/// A connection to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Client(usize);

/// What it holds after a restart.
#[derive(Clone, Debug)]
pub enum Memory {
    /// All that it had.
    Whole,
    /// What it had at a [moment](FakeRedis::moment), or nothing.
    Former(Store),
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Down,
    Loading,
    Up,
}

/// The fake.
#[derive(Debug)]
pub struct FakeRedis {
    settings: Settings,
    store: Store,
    /// By the monotonic clock.
    now: Duration,
    /// By the wall clock.
    unix_us: u64,
    digest: String,
    has_script: bool,
    run_id: String,
    /// The master in whose place it is, if it was the replica of one.
    former_master: Option<String>,
    state: State,
    is_stalled: bool,
    /// Why it refuses what it refuses.
    refusal: Option<Failure>,
    connections: Vec<Connection>,
    chance: fastrand::Rng,
}

#[derive(Debug)]
struct Connection {
    input: BytesMut,
    output: VecDeque<u8>,
    is_known: bool,
    waiting: Option<Waiting>,
    /// After so many more bytes it is cut.
    cut_after: Option<usize>,
    is_over: bool,
}

/// What a blocked reader waits for.
#[derive(Clone, Debug)]
struct Waiting {
    key: Bytes,
    after: Id,
    most: usize,
    until: Option<Duration>,
}

impl FakeRedis {
    /// One that is up and empty.
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut redis = Self {
            settings,
            store: Store::default(),
            now: Duration::ZERO,
            unix_us: 0,
            digest: digest(script::SOURCE),
            has_script: false,
            run_id: String::new(),
            former_master: None,
            state: State::Up,
            is_stalled: false,
            refusal: None,
            connections: Vec::new(),
            chance: fastrand::Rng::with_seed(seed),
        };
        redis.begin_run();
        redis
    }

    /// Sets its clocks: the monotonic one, by which waits end and keys expire, and the wall clock in µs since the Unix epoch,
    /// which may go back.
    pub fn pass(&mut self, now: Duration, unix_us: u64) {
        self.now = now;
        self.unix_us = unix_us;
        self.store.pass(now);
        self.work();
    }

    /// When something happens of itself.
    pub fn due(&self) -> Option<Duration> {
        let open = self.connections.iter().filter(|it| !it.is_over);
        open.filter_map(|it| it.waiting.as_ref()?.until).min()
    }

    /// Opens a connection; none to one that is down.
    pub fn connect(&mut self) -> Option<Client> {
        (self.state != State::Down).then(|| {
            self.connections.push(Connection {
                input: BytesMut::new(),
                output: VecDeque::new(),
                is_known: self.settings.password.is_none(),
                waiting: None,
                cut_after: None,
                is_over: false,
            });
            Client(self.connections.len() - 1)
        })
    }

    /// Takes bytes of a client.
    pub fn feed(&mut self, client: Client, bytes: &[u8]) {
        let connection = &mut self.connections[client.0];
        if !connection.is_over {
            connection.input.extend_from_slice(bytes);
            self.work();
        }
    }

    /// Hands out at most so many bytes to a client.
    pub fn take(&mut self, client: Client, most: usize) -> Vec<u8> {
        let output = &mut self.connections[client.0].output;
        let most = most.min(output.len());
        output.drain(..most).collect()
    }

    /// Whether a connection has ended, and all of it was taken.
    pub fn is_over(&self, client: Client) -> bool {
        let connection = &self.connections[client.0];
        connection.is_over && connection.output.is_empty()
    }

    /// Ends a connection, once so many more bytes were answered: what is asked until then is done, whether or not anybody
    /// gets to know.
    pub fn cut(&mut self, client: Client, after: usize) {
        let connection = &mut self.connections[client.0];
        connection.cut_after = Some(after);
        if after == 0 && connection.input.is_empty() && connection.waiting.is_some() {
            connection.is_over = true;
        }
    }

    /// Ends a connection at once, as its client does: what is not whole is not done.
    pub fn end(&mut self, client: Client) {
        self.connections[client.0].is_over = true;
    }

    /// What it holds now, to be gone back to.
    pub fn moment(&self) -> Store {
        self.store.clone()
    }

    /// Ends it, and all connections at any byte.
    pub fn crash(&mut self) {
        self.state = State::Down;
        self.has_script = false;
        self.is_stalled = false;
        for connection in &mut self.connections {
            if !mem::replace(&mut connection.is_over, true) {
                let left = self.chance.usize(0..=connection.output.len());
                connection.output.truncate(left);
            }
        }
    }

    /// Starts it again as another run, which is [loading](Self::load) first if it is to.
    pub fn restart(&mut self, memory: Memory, is_loading: bool) {
        if let Memory::Former(store) = memory {
            self.store = store;
        }
        self.state = if is_loading {
            State::Loading
        } else {
            State::Up
        };
        self.begin_run();
    }

    /// Ends it, and has a replica of it that has had so much take its place.
    pub fn fail_over(&mut self, store: Store) {
        self.crash();
        self.former_master = Some(self.run_id.clone());
        self.restart(Memory::Former(store), false);
    }

    /// Ends its loading.
    pub fn load(&mut self) {
        self.state = State::Up;
    }

    /// Deletes all keys.
    pub fn flush_all(&mut self) {
        self.store = Store::default();
    }

    /// Forgets the script.
    pub fn flush_scripts(&mut self) {
        self.has_script = false;
    }

    /// Stops it, or lets it go on: connections stay, and are not answered.
    pub fn stall(&mut self, is_stalled: bool) {
        self.is_stalled = is_stalled;
        self.work();
    }

    /// Has it refuse all that it refuses for a reason, or no more.
    pub fn refuse(&mut self, refusal: Option<Failure>) {
        self.refusal = refusal;
    }

    fn begin_run(&mut self) {
        self.run_id = format!("{:032x}{:08x}", self.chance.u128(..), self.chance.u32(..));
    }

    /// Answers whatever can be answered.
    fn work(&mut self) {
        if self.state == State::Down || self.is_stalled {
            return;
        }
        let mut is_news = true;
        while mem::take(&mut is_news) {
            for index in 0..self.connections.len() {
                is_news |= self.serve(index);
            }
        }
    }

    /// Answers a client once, and says whether it did.
    fn serve(&mut self, index: usize) -> bool {
        let connection = &mut self.connections[index];
        if connection.is_over {
            return false;
        }
        let outcome = if let Some(waiting) = connection.waiting.take() {
            self.wake(waiting)
        } else {
            match next_command(&mut connection.input) {
                Ok(None) => return false,
                Ok(Some(words)) => {
                    let mut is_known = connection.is_known;
                    let outcome = self.run(&words, &mut is_known);
                    self.connections[index].is_known = is_known;
                    outcome
                }
                Err(reply) => {
                    connection.answer(&reply);
                    connection.is_over = true;
                    return true;
                }
            }
        };
        match outcome {
            Outcome::Answered(reply) => {
                self.connections[index].answer(&reply);
                true
            }
            Outcome::Waits(waiting) => {
                self.connections[index].waiting = Some(waiting);
                false
            }
        }
    }

    /// Looks again for one who waits.
    fn wake(&self, waiting: Waiting) -> Outcome {
        match self.look(&waiting) {
            Err(failure) => Outcome::Answered(failure.reply(false)),
            Ok(Some(reply)) => Outcome::Answered(reply),
            Ok(None) if waiting.until.is_some_and(|until| until <= self.now) => {
                Outcome::Answered(Reply::Nil)
            }
            Ok(None) => Outcome::Waits(waiting),
        }
    }
}

impl Connection {
    fn answer(&mut self, reply: &Reply) {
        let mut bytes = Vec::new();
        reply.encode(&mut bytes);
        if let Some(left) = &mut self.cut_after {
            bytes.truncate(*left);
            *left -= bytes.len();
            self.is_over |= *left == 0;
        }
        self.output.extend(bytes);
    }
}

/// The name of a script, as Redis gives it.
fn digest(source: &str) -> String {
    let bytes = Sha1::digest(source);
    let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
    hex.collect()
}

/// The words of the next command, once they are all there.
fn next_command(input: &mut BytesMut) -> Result<Option<Vec<Bytes>>, Reply> {
    let garbled = || Reply::Error("ERR Protocol error".to_owned());
    let Some((frame, length)) = decode(input).map_err(|_| garbled())? else {
        return Ok(None);
    };
    input.advance(length);
    let OwnedFrame::Array { data, .. } = frame else {
        return Err(garbled());
    };
    let words = data.into_iter().map(|word| match word {
        OwnedFrame::BlobString { data, .. } => Ok(Bytes::from(data)),
        _ => Err(garbled()),
    });
    words.collect::<Result<_, _>>().map(Some)
}
