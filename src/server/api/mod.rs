//! The door for programs: what the operator's listener has below `/api/`.
//!
//! A call is made once it is known who asks and that they may, and once its body is there. What it has done goes through the
//! engine like all else, so that it may be answered later: as soon as what came of it is known.

mod caller;
mod door;
mod error;
mod keys;
mod publish;
mod relay;

use std::rc::Rc;

use http::{Method, Request, header::HeaderMap};

pub use self::{
    caller::Caller,
    door::{Door, Knock},
    keys::{ApiKeys, ApiKeysError},
};
use self::{
    publish::{Publish, Publishing},
    relay::{Relay, Relaying},
};
use super::{
    endpoint::{Endpoint, bad_name, parameter},
    http::{HttpError, Response},
    world::World,
};
use crate::{
    state::{hub::ClientId, metrics::Metrics, outcome::Outcome},
    vocabulary::{api::Right, name::is_name},
};

/// The methods of what does something.
const ACTION_METHODS: &str = "POST, OPTIONS";

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
}

/// A call that is made as soon as its body is there.
#[derive(Debug)]
pub enum Asked {
    /// [`Call::Publish`].
    Publish(Publish),
    /// [`Call::Relay`].
    Relay(Relay),
}

/// What was asked for.
#[derive(Debug)]
pub enum Pending {
    /// Things to publish.
    Publish(Publishing),
    /// Something in a channel of the relay.
    Relay(Relaying),
}

/// Finds what is below `/api/`.
///
/// # Errors
/// There is no such thing, or not with this method or these parameters.
pub(super) fn find(request: &Request<()>, path: &str) -> Result<Endpoint, HttpError> {
    let query = request.uri().query().unwrap_or_default();
    let segments: Vec<_> = path.split('/').collect();
    // Each takes one method, and is one arm. Dot segments are names like others.
    let (method, call) = match &segments[..] {
        ["publish"] => (Method::POST, publish(query)),
        ["relay"] => (Method::POST, relay(query)),
        _ => return Err(HttpError::not_found()),
    };
    match request.method() {
        asked if *asked == method => call.map(Endpoint::Call),
        &Method::OPTIONS => Ok(Endpoint::Response(Response::options(ACTION_METHODS))),
        _ => Err(HttpError::post_only()),
    }
}

fn publish(query: &str) -> Result<Call, HttpError> {
    let waits = waits(query)?;
    Ok(Call::Publish { waits })
}

fn relay(query: &str) -> Result<Call, HttpError> {
    let channel = parameter(query, "channel").filter(|channel| is_name(channel));
    let channel = channel.ok_or_else(|| bad_name("channel"))?;
    let waits = waits(query)?;
    Ok(Call::Relay { channel, waits })
}

/// Whether the answer is to wait for what comes of it.
fn waits(query: &str) -> Result<bool, HttpError> {
    match parameter(query, "wait").as_deref() {
        None => Ok(true),
        Some("none") => Ok(false),
        Some(other) => Err(HttpError::bad_request(format!(
            "wait={other:?} is not none; leave it out to be told what came of it"
        ))),
    }
}

impl Call {
    /// What one must be allowed who makes it.
    pub fn right(&self) -> Right {
        match self {
            Self::Publish { .. } | Self::Relay { .. } => Right::Publish,
        }
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
        })
    }
}

impl Pending {
    /// Goes on with what came of the next of what it asked for. Returns the bytes that were said.
    ///
    /// # Errors
    /// Nothing was done.
    pub fn hear(
        &mut self,
        outcome: Outcome,
        client: ClientId,
        world: &mut World,
    ) -> Result<usize, HttpError> {
        match self {
            Self::Publish(publishing) => publishing.hear(outcome, client, world),
            Self::Relay(relaying) => relaying.hear(&outcome).map(|()| 0),
        }
    }

    /// What is answered, if that is known, and how many outcomes are to come that nobody waits for. It is told once.
    pub fn answer(&mut self, metrics: &mut Metrics) -> Option<(Response, usize)> {
        match self {
            Self::Publish(publishing) => publishing.answer(metrics),
            Self::Relay(relaying) => relaying.answer(),
        }
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Publish(publishing) => publishing.heap_bytes(),
            Self::Relay(_) => 0,
        }
    }
}
