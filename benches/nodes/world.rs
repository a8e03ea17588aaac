//! A server that nobody is connected to, in a hub in which others are: it makes of the journal what they make of it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use bytes::Bytes;
use hubbub::state::{
    commons::Commons,
    engine::{Action, Actor, Deed, Engine},
    hub::ClientId,
    journal::{EntryKind, Header, Journal, JournalEngine, NEWCOMER},
};
use hubbub::vocabulary::{
    chat::Identity,
    config::{Config, JournalBounds},
    id::NodeId,
    time::Now,
};

/// What is said: 64 bytes.
const MESSAGE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// The server that is measured: the first of all, whom newcomers ask.
const OURS: NodeId = NodeId(1);
/// Where the others are.
const THEIRS: NodeId = NodeId(2);
const JOURNAL: JournalBounds = JournalBounds {
    queue_bytes: usize::MAX,
    patience: Duration::MAX,
};
/// From one entry to the next.
const STEP: Duration = Duration::from_millis(1);
/// When the first is.
const BEGINNING: Duration = Duration::from_secs(1_790_000_000);

/// The server that is measured: the first of all, whom newcomers ask.
pub struct World {
    pub commons: Commons,
    journal: Rc<RefCell<Journal>>,
    /// The number of the last entry of the other server.
    number: i64,
    now: Now,
}

impl World {
    /// Nobody is there.
    pub fn new() -> Self {
        let mut journal = Journal::new(JOURNAL);
        journal.begin(OURS, [(OURS, 0), (THEIRS, 0)]);
        let journal = Rc::new(RefCell::new(journal));
        let engine = Box::new(JournalEngine(Rc::clone(&journal)));
        Self {
            commons: Commons::with_engine(&Config::default(), 1, engine),
            journal,
            number: 0,
            now: Now::default(),
        }
    }

    /// The same with so many people at the other server, each of whom is in a channel.
    pub fn of(people: u32, channel: impl Fn(u32) -> String) -> Self {
        let mut world = Self::new();
        let come = (0..people).flat_map(|client| coming(client, &channel(client)));
        world.turns(&entries(come));
        world
    }

    /// Takes an entry in, and makes of it what there is to be made.
    pub fn turn(&mut self, body: &Bytes) {
        self.number += 1;
        self.take(EntryKind::Actions, THEIRS, self.number, body.clone());
    }

    /// The same with one entry after another.
    pub fn turns(&mut self, bodies: &[Bytes]) {
        for body in bodies {
            self.turn(body);
        }
    }

    /// Is asked by a newcomer what there is.
    pub fn ask(&mut self) {
        self.take(EntryKind::Hello, NodeId(3), NEWCOMER, Bytes::new());
    }

    /// What the newcomer was told, once that is all.
    pub fn told(&self) -> Option<Bytes> {
        let gift = self.journal.borrow_mut().take_gift();
        gift.map(|gift| gift.snapshot)
    }

    /// Makes a turn's share of that known. Returns whether that was all.
    pub fn learn(&mut self, snapshot: &Bytes) -> bool {
        self.commons.learn(snapshot).expect("it is a snapshot")
    }

    fn take(&mut self, kind: EntryKind, node: NodeId, number: i64, body: Bytes) {
        self.now.monotonic += STEP;
        let header = Header {
            kind,
            node,
            number,
            time: BEGINNING + self.now.monotonic,
            previous: None,
        };
        let mut journal = self.journal.borrow_mut();
        journal.take(header, body, self.now.monotonic);
        drop(journal);
        self.commons.begin_turn(self.now);
        self.commons.advance(self.now);
        self.commons.hub.seal(|_, _| unreachable!("nobody is here"));
        self.commons.registry.end_turn();
    }
}

/// What people do who come into a channel.
pub fn coming(client: u32, channel: &str) -> [(u32, Deed<'static>); 2] {
    let identity = Identity {
        id: format!("6ba7b810-9dad-11d1-80b4-{client:012x}").into(),
        name: format!("Ada {client}").into(),
        avatar: ArrayString::from(MESSAGE).expect("it is as long as a fingerprint"),
    };
    let join = Deed::Join(Cow::Owned(channel.to_owned()));
    [(client, Deed::Enter(Rc::new(identity))), (client, join)]
}

/// What they say there.
pub fn saying(client: u32, channel: &str) -> (u32, Deed<'static>) {
    let body = format!(
        r#"{{"action":"send-message","message":"{MESSAGE}","target":"{channel}","sender":{{"id":"6ba7b810-9dad-11d1-80b4-{client:012x}","name":"Ada {client}"}}}}"#
    );
    let say = Deed::Say {
        channel: Cow::Owned(channel.to_owned()),
        body: Cow::Owned(body.into_bytes()),
    };
    (client, say)
}

/// The entries in which a server says what its people do.
pub fn entries(deeds: impl IntoIterator<Item = (u32, Deed<'static>)>) -> Vec<Bytes> {
    let mut journal = Journal::new(JOURNAL);
    journal.begin(THEIRS, []);
    let mut engine = JournalEngine(Rc::new(RefCell::new(journal)));
    for (client, deed) in deeds {
        let actor = Actor::Ours(ClientId::of_number(client));
        engine.submit(Action { actor, deed }, Now::default());
    }
    let mut journal = engine.0.borrow_mut();
    let mut bodies = Vec::new();
    while let Some((number, body)) = journal
        .batch()
        .map(|batch| (batch.number, batch.body.clone()))
    {
        bodies.push(body);
        journal.appended(number);
    }
    bodies
}
