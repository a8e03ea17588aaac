//! `POST /api/relay`: something to say in a channel of the relay.

use std::rc::Rc;

use http::{StatusCode, header::HeaderMap};
use serde_json::json;

use super::{Caller, publish::idempotency_key};
use crate::{
    server::{
        http::{HttpError, Response, media_type},
        world::World,
    },
    state::{
        dialect::{DialectName, relay},
        hub::ClientId,
        outcome::Outcome,
    },
    vocabulary::{api::ItemError, message::Message},
};

/// What may be sent, for those who send something else.
const MEDIA_TYPES: &str = "text/plain or application/octet-stream";

/// What a request says of what is in its body.
#[derive(Debug)]
pub struct Relay {
    caller: Rc<Caller>,
    channel: String,
    is_text: bool,
    waits: bool,
}

/// Something that is being said.
#[derive(Debug)]
pub struct Relaying {
    waits: bool,
    is_said: bool,
}

impl Relay {
    /// A request of a program, that waits for what comes of it or not.
    ///
    /// # Errors
    /// It may not say anything there, or has another kind of body.
    pub(super) fn new(
        caller: Rc<Caller>,
        headers: &HeaderMap,
        channel: String,
        waits: bool,
    ) -> Result<Self, HttpError> {
        if !caller.rights().may_publish(&channel) {
            return Err(HttpError::not_allowed_there(&ItemError::Channel(channel)));
        }
        if idempotency_key(headers)?.is_some() {
            return Err(HttpError::bad_request(
                "relays have no numbers, and keep nothing by which a request is known again; leave out Idempotency-Key",
            ));
        }
        let is_text = match media_type(headers).as_deref() {
            Some("text/plain") => true,
            Some("application/octet-stream") => false,
            _ => return Err(HttpError::media_type(MEDIA_TYPES)),
        };
        Ok(Self {
            caller,
            channel,
            is_text,
            waits,
        })
    }

    /// Says it.
    pub(super) fn make(
        self,
        body: &[u8],
        client: ClientId,
        world: &mut World,
    ) -> Result<(Relaying, usize), HttpError> {
        let most = world.config.max_message_bytes;
        if body.len() > most {
            return Err(HttpError::message_too_large(most));
        }
        let message = if self.is_text {
            let text = str::from_utf8(body);
            Message::Text(text.map_err(|_| HttpError::bad_request("the body is not UTF-8"))?)
        } else {
            Message::Binary(body)
        };
        let Some(deed) = relay::speech(&self.channel, message) else {
            return Err(HttpError::bad_request("the body has nothing to say"));
        };
        world.metrics.messages_received[DialectName::Relay as usize] += 1;
        let said = world.commons.call(client, deed);
        let relaying = Relaying {
            waits: self.waits,
            is_said: false,
        };
        world
            .door
            .note(&self.caller, "relay", 1, world.now.monotonic);
        Ok((relaying, said))
    }
}

impl Relaying {
    /// Takes what came of it.
    ///
    /// # Errors
    /// It is not said, or nobody knows.
    pub(super) fn hear(&mut self, outcome: &Outcome) -> Result<(), HttpError> {
        if let Outcome::Refused(error) = outcome {
            return Err(HttpError::refused(error));
        }
        self.is_said = true;
        Ok(())
    }

    /// What is answered, if that is known, and how many outcomes are to come that nobody waits for.
    pub(super) fn answer(&self) -> Option<(Response, usize)> {
        let (status, untold) = match self {
            Self { is_said: true, .. } => (StatusCode::OK, 0),
            Self { waits: true, .. } => return None,
            Self { waits: false, .. } => (StatusCode::ACCEPTED, 1),
        };
        Some((Response::json(status, &json!({})), untold))
    }
}
