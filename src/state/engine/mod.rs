//! The engine: it brings what everyone does into one sequence. What is said or done takes effect, and is numbered,
//! encoded, logged and delivered, only once the engine gives it back.

mod deed;

use std::fmt::Debug;
use std::time::Duration;

pub use self::deed::{Deed, Once};
use super::{agreement::Voucher, events::Settlement, hub::ClientId};
use crate::vocabulary::{
    chat::ChatError,
    id::NodeId,
    time::{Moment, Now},
};

/// Something that is done, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Action<'a> {
    /// Who does it.
    pub actor: Actor,
    /// What is done.
    pub deed: Deed<'a>,
}

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A client of this server.
    Ours(ClientId),
    /// A client of another.
    Theirs {
        /// Which one.
        node: NodeId,
        /// A number that nobody else has who is there.
        client: u32,
    },
}

/// What a client of another server says in a channel of the chat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saying<'a> {
    /// Which server.
    pub node: NodeId,
    /// A number that nobody else has who is there.
    pub client: u32,
    /// What it is there.
    pub speaker: Speaker,
    /// The channel's name.
    pub channel: &'a str,
    /// The message's JSON, up to its number and time, which it has not got yet.
    pub body: &'a [u8],
}

/// Who says something in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A member of it.
    Member,
    /// A program, which says it [once](Deed::Publish).
    Program(Option<Once>),
}

/// What is in the sequence, at its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequenced<'a> {
    /// What happens.
    pub event: Event<'a>,
    /// When. All that came together has one moment, and none comes before that of what came before.
    pub moment: Moment,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// Someone does something.
    Action(Action<'a>),
    /// Nobody does anything: time goes on, and what falls due is done.
    Nothing,
    /// A server lives.
    Alive {
        /// Which.
        node: NodeId,
        /// The number of its entry.
        number: i64,
        /// What it made of the sequence up to an entry of its own before that.
        said: Option<Voucher>,
        /// Who this server is.
        ours: NodeId,
    },
    /// What became of what a program is told of.
    Settled(Settlement),
    /// Another server is gone, and all its clients with it: they are out of the chat before anything comes that is later.
    Death(NodeId),
    /// The same of the last that knew what there is. This one has just come, and was told by it.
    Desertion(NodeId),
    /// This server was taken for gone, and all its clients with it, or has missed what others did: it has no part in what
    /// comes later.
    Burial,
    /// What all servers shared is lost: nobody is in the chat any more, and there is no channel.
    Lost,
    /// Another server comes, and this one is to tell it what there is by now; or this one goes, and is to leave that behind.
    Asked {
        /// Who wants to know; this server itself, if it goes.
        newcomer: NodeId,
        /// Who this server is.
        ours: NodeId,
    },
    /// What a client of this server asked for is not done, which is no part of the sequence and has no moment.
    Refused {
        /// Who asked.
        client: ClientId,
        /// For what.
        deed: Deed<'a>,
        /// Why not.
        why: Refusal,
    },
}

impl<'a> Event<'a> {
    /// The same at its moment.
    pub fn at(self, moment: Moment) -> Sequenced<'a> {
        Sequenced {
            event: self,
            moment,
        }
    }
}

/// Why something is not done that may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was not done: too much waits to be sequenced, or for too long.
    Unavailable,
    /// Whether it was done nobody can tell.
    Unknown,
}

/// What brings actions into a sequence. Those of one actor come back in the order in which they were given, each once.
///
/// Where others have the same sequence, what is made of it must be the same for all of them: it depends on nothing but
/// what is in it, and on its moments. By these, what was said is too old, empty channels are forgotten and summaries fall
/// due, before what is done at the same moment.
pub trait Engine: Debug {
    /// Whether others have the same sequence. If not, its time is that of our clock, whatever is in it.
    fn is_shared(&self) -> bool;

    /// Takes an action, and gives it back at once if its place is known at once.
    fn submit<'a>(&mut self, action: Action<'a>, now: Now) -> Option<Sequenced<'a>>;

    /// What is next in the sequence and was not given back at once, if its place is known by now. At `due`, by the time of
    /// the sequence, something is to be said that nobody does: where that time goes on only with what is in the sequence,
    /// someone has to see to it that something is.
    fn next(&mut self, now: Now, due: Option<Duration>) -> Option<Sequenced<'static>>;

    /// Has `hear` take in what clients of other servers say, at one moment and at most
    /// [`SAYINGS_MAX`](crate::vocabulary::config::SAYINGS_MAX) of it, if that is next in the sequence. Returns what it
    /// returns.
    fn overhear(&mut self, hear: &mut dyn FnMut(Moment, &[Saying<'_>]) -> usize) -> Option<usize> {
        let _ = hear;
        None
    }

    /// Whether it is known who this server is among the others, so that what is given is on its way soon.
    fn is_ready(&self) -> bool {
        true
    }

    /// Drops what was given and did not come back: nobody will ever know what has become of it.
    fn forget(&mut self) {}

    /// Hands a server that comes what there was when it [asked](Event::Asked). Nobody comes to one that is alone.
    fn give(&mut self, newcomer: NodeId, snapshot: Vec<u8>) {
        drop((newcomer, snapshot));
    }

    /// Has others be told what this server made of the sequence up to its last entry.
    fn vouch(&mut self, voucher: Voucher) {
        let _ = voucher;
    }

    /// Notes that this server has made something else of the sequence than another one. Soon it will have no
    /// [part](Event::Burial) in it, and is told anew what there is.
    fn stray(&mut self, from: NodeId) {
        let _ = from;
    }

    /// Which server this is, if it is the one that tells programs what happens. One that is alone does.
    fn teller(&self) -> Option<NodeId> {
        Some(NodeId::default())
    }

    /// Whether nobody would go on where this server ends.
    fn is_last(&self) -> bool {
        true
    }

    /// Has all who have the same sequence know what became of what a program is told of, and gives that back at once if its place
    /// is known at once.
    fn settle(&mut self, settlement: Settlement, now: Now) -> Option<Sequenced<'static>> {
        Some(Event::Settled(settlement).at(now.into()))
    }

    /// When to ask for the next, by our clock, if there is anything to wait for; `due` is as above.
    fn due(&self, due: Option<Duration>) -> Option<Duration>;

    /// When messages were said here that came back since this was last asked, and how many then. What is given back at once
    /// is none of these.
    fn take_returned(&mut self) -> Vec<(Duration, u64)> {
        Vec::new()
    }

    /// How much there is on its way already. One that is alone never has anything.
    fn pressure(&self) -> Pressure {
        Pressure::Low
    }
}

/// How near a bound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    /// Far: whoever was held is read again.
    Low,
    /// Neither: everything stays as it is.
    Middle,
    /// Near: whoever has something under way is read no more.
    High,
}

impl Pressure {
    /// That of so many bytes where so many are high.
    pub fn of(bytes: usize, high: usize) -> Self {
        if bytes >= high {
            Self::High
        } else if bytes >= high / 2 {
            Self::Middle
        } else {
            Self::Low
        }
    }
}

/// The engine of a server that is alone: what comes first is first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Engine for Local {
    fn is_shared(&self) -> bool {
        false
    }

    fn submit<'a>(&mut self, action: Action<'a>, now: Now) -> Option<Sequenced<'a>> {
        Some(Sequenced {
            event: Event::Action(action),
            moment: now.into(),
        })
    }

    fn next(&mut self, _: Now, _: Option<Duration>) -> Option<Sequenced<'static>> {
        None
    }

    fn due(&self, due: Option<Duration>) -> Option<Duration> {
        due
    }
}

impl Refusal {
    /// What whoever asked is told.
    pub fn error(self) -> ChatError {
        match self {
            Self::Unavailable => ChatError::Unavailable,
            Self::Unknown => ChatError::Unknown,
        }
    }
}
