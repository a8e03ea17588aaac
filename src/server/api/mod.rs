//! The door for programs: what the operator's listener has below `/api/`.
//!
//! A call is made once it is known who asks and that they may, and once its body is there. What it has done goes through the
//! engine like all else, so that it may be answered later: as soon as what came of it is known.

mod act;
mod caller;
mod channels;
mod clients;
mod digest;
mod door;
mod errand;
mod error;
mod keys;
mod look;
mod publish;
mod relay;
mod routes;
mod stats;

use std::rc::Rc;

use http::header::HeaderMap;

pub use self::{
    act::Act,
    caller::Caller,
    channels::Place,
    clients::{ClientRow, Clients},
    door::{Door, Knock},
    errand::{Awaited, Errand},
    keys::{ApiKeys, ApiKeysError},
    look::Look,
    stats::{Aggregate, BusyRow},
};
use self::{
    act::Acting,
    publish::{Publish, Publishing},
    relay::{Relay, Relaying},
};
pub(super) use self::{act::of_sessions, routes::find};
use super::{
    http::{HttpError, Response},
    world::World,
};
use crate::{
    state::{hub::ClientId, metrics::Metrics, outcome::Outcome},
    vocabulary::api::Right,
};

/// What a program asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// To publish what is in the body.
    Publish {
        /// Whether it wants to know what came of it.
        waits: bool,
    },
    /// To say what is in the body in a channel of the relay.
    Relay {
        /// The channel's name.
        channel: String,
        /// Whether it wants to know that it is done.
        waits: bool,
    },
    /// To see something.
    Look(Look),
    /// To have something done to those who are connected, or to the server.
    Act(Act),
}

/// A call that is made as soon as its body is there.
#[derive(Debug)]
pub enum Asked {
    /// [`Call::Publish`].
    Publish(Publish),
    /// [`Call::Relay`].
    Relay(Relay),
    /// [`Call::Look`].
    Look(Look),
    /// [`Call::Act`], and who has it done.
    Act(Act, Rc<Caller>),
}

/// What was asked for.
#[derive(Debug)]
pub enum Pending {
    /// Things to publish.
    Publish(Publishing),
    /// Something in a channel of the relay.
    Relay(Relaying),
    /// Something that is done by the engine.
    Acting(Acting),
    /// Something that was done at once, or is done between the turn's parts.
    Awaited(Awaited),
}

impl Call {
    /// What one must be allowed who makes it.
    pub fn right(&self) -> Right {
        match self {
            Self::Publish { .. } | Self::Relay { .. } => Right::Publish,
            Self::Look(_) => Right::Read,
            Self::Act(act) => act.right(),
        }
    }

    /// Whether it may have a body.
    pub fn takes_body(&self) -> bool {
        !matches!(self, Self::Look(_) | Self::Act(Act::Drain))
    }

    /// Whether it needs the order that servers share.
    pub fn is_sequenced(&self) -> bool {
        self.takes_body()
    }

    /// The same with who makes it, and with what the request says of its body.
    ///
    /// # Errors
    /// They may not, or not like this.
    pub fn asked(self, caller: Rc<Caller>, headers: &HeaderMap) -> Result<Asked, HttpError> {
        match self {
            Self::Publish { waits } => Publish::new(caller, headers, waits).map(Asked::Publish),
            Self::Relay { channel, waits } => {
                Relay::new(caller, headers, channel, waits).map(Asked::Relay)
            }
            Self::Look(look) => Ok(Asked::Look(look)),
            Self::Act(act) => Ok(Asked::Act(act, caller)),
        }
    }
}

impl Asked {
    /// Makes the call for a client of the hub. Returns the bytes that were said too.
    ///
    /// # Errors
    /// The body makes no sense, and nothing was done.
    pub fn make(
        self,
        body: Vec<u8>,
        client: ClientId,
        world: &mut World,
    ) -> Result<(Pending, usize), HttpError> {
        Ok(match self {
            Self::Publish(publish) => {
                let (publishing, said) = Publishing::begin(publish, body, client, world)?;
                (Pending::Publish(publishing), said)
            }
            Self::Relay(relay) => {
                let (relaying, said) = relay.make(&body, client, world)?;
                (Pending::Relay(relaying), said)
            }
            Self::Look(look) => (Pending::Awaited(look.show(client, world)?), 0),
            Self::Act(act, caller) => act.act(&caller, &body, client, world)?,
        })
    }
}

impl Pending {
    /// Takes what came of the next of what it asked for.
    ///
    /// # Errors
    /// Nothing was done.
    pub fn hear(&mut self, outcome: Outcome) -> Result<(), HttpError> {
        match self {
            Self::Publish(publishing) => publishing.hear(outcome),
            Self::Relay(relaying) => relaying.hear(&outcome),
            Self::Acting(acting) => acting.hear(&outcome),
            Self::Awaited(_) => unreachable!("the engine was asked for nothing"),
        }
    }

    /// Whether there is more to ask for by now.
    pub fn has_more(&self) -> bool {
        match self {
            Self::Publish(publishing) => publishing.has_more(),
            Self::Relay(_) | Self::Acting(_) | Self::Awaited(_) => false,
        }
    }

    /// Asks for it. Returns the bytes that were said.
    ///
    /// # Errors
    /// Nothing was done.
    pub fn go_on(&mut self, client: ClientId, world: &mut World) -> Result<usize, HttpError> {
        match self {
            Self::Publish(publishing) => publishing.go_on(client, world),
            Self::Relay(_) | Self::Acting(_) | Self::Awaited(_) => Ok(0),
        }
    }

    /// The errand that it waits for, if it does.
    pub fn errand(&self) -> Option<&Errand> {
        match self {
            Self::Awaited(awaited) => awaited.errand(),
            Self::Publish(_) | Self::Relay(_) | Self::Acting(_) => None,
        }
    }

    /// Takes what is answered to the errand that it waits for.
    pub fn hear_errand(&mut self, answer: Response) {
        *self = Self::Awaited(Awaited::Answer(answer));
    }

    /// What is answered, if that is known, and how many outcomes are to come that nobody waits for. It is told once.
    pub fn answer(&mut self, metrics: &mut Metrics) -> Option<(Response, usize)> {
        match self {
            Self::Publish(publishing) => publishing.answer(metrics),
            Self::Relay(relaying) => relaying.answer(),
            Self::Acting(acting) => Some((acting.answer()?, 0)),
            Self::Awaited(awaited) => Some((awaited.answer()?, 0)),
        }
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Publish(publishing) => publishing.heap_bytes(),
            Self::Relay(_) | Self::Acting(_) | Self::Awaited(_) => 0,
        }
    }
}
