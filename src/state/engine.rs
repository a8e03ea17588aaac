//! The engine: it brings what everyone does into one sequence. What is said or done takes effect, and is numbered,
//! encoded, logged and delivered, only once the engine gives it back.

use std::borrow::Cow;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use super::{agreement::Voucher, hub::ClientId};
use crate::vocabulary::{
    chat::{ChatError, Identity},
    frame::Kind,
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

/// What is done. A client of the chat enters before, and exits after all else.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed<'a> {
    /// To enter the chat.
    Enter(Rc<Identity>),
    /// To be in the chat and in channels again, of which the server has lost track while its people stayed.
    Return {
        /// Who it is.
        identity: Rc<Identity>,
        /// The channels' names.
        channels: Vec<Cow<'a, str>>,
        /// Whether the others who are there are told, as they were told that it left.
        is_told: bool,
    },
    /// To be gone from the chat, and from all its channels.
    Exit,
    /// To become a member of a channel.
    Join(Cow<'a, str>),
    /// To be a member of a channel no more.
    Leave(Cow<'a, str>),
    /// To say something in a channel of the chat.
    Say {
        /// The channel's name.
        channel: Cow<'a, str>,
        /// The message's JSON, up to its number and time, which it has not got yet.
        body: Cow<'a, [u8]>,
    },
    /// To say something to one person.
    Private {
        /// The person's id or name.
        target: Cow<'a, str>,
        /// What is said.
        message: Cow<'a, str>,
        /// What the request said.
        reference: Option<Cow<'a, str>>,
    },
    /// To say something in a channel of the relay.
    Relay {
        /// The channel's name.
        channel: Cow<'a, str>,
        /// Text or binary.
        kind: Kind,
        /// What is said, text on one line.
        body: Cow<'a, [u8]>,
    },
}

/// What a client of another server says in a channel of the chat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saying<'a> {
    /// Which server.
    pub node: NodeId,
    /// A number that nobody else has who is there.
    pub client: u32,
    /// The channel's name.
    pub channel: &'a str,
    /// The message's JSON, up to its number and time, which it has not got yet.
    pub body: &'a [u8],
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
    /// Another server is gone, and all its clients with it: they are out of the chat before anything comes that is later.
    Death(NodeId),
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

impl Deed<'_> {
    /// Bytes that it takes while it is under way.
    pub fn bytes(&self) -> usize {
        let texts = match self {
            Self::Enter(_) | Self::Exit => 0,
            Self::Return { channels, .. } => channels.iter().map(|channel| channel.len()).sum(),
            Self::Join(channel) | Self::Leave(channel) => channel.len(),
            Self::Say { channel, body } | Self::Relay { channel, body, .. } => {
                channel.len() + body.len()
            }
            Self::Private {
                target, message, ..
            } => target.len() + message.len(),
        };
        size_of::<Self>() + texts
    }

    /// Whether whoever does it waits for an answer.
    pub fn is_answered(&self) -> bool {
        !matches!(self, Self::Enter(_) | Self::Exit | Self::Relay { .. })
    }

    /// The same, with texts of its own.
    pub fn into_owned(self) -> Deed<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Enter(identity) => Deed::Enter(identity),
            Self::Return {
                identity,
                channels,
                is_told,
            } => Deed::Return {
                identity,
                channels: channels.into_iter().map(own).collect(),
                is_told,
            },
            Self::Exit => Deed::Exit,
            Self::Join(channel) => Deed::Join(own(channel)),
            Self::Leave(channel) => Deed::Leave(own(channel)),
            Self::Say { channel, body } => Deed::Say {
                channel: own(channel),
                body: Cow::Owned(body.into_owned()),
            },
            Self::Private {
                target,
                message,
                reference,
            } => Deed::Private {
                target: own(target),
                message: own(message),
                reference: reference.map(own),
            },
            Self::Relay {
                channel,
                kind,
                body,
            } => Deed::Relay {
                channel: own(channel),
                kind,
                body: Cow::Owned(body.into_owned()),
            },
        }
    }
}
