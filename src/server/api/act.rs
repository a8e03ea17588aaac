//! What is done to those who are connected, and to the server.

use http::StatusCode;
use serde_json::json;

use super::{Awaited, Caller, Errand, Pending};
use crate::{
    server::{
        http::{HttpError, Response},
        world::World,
    },
    state::{engine::Deed, hub::ClientId, outcome::Outcome},
    vocabulary::{
        api::{Closing, Removal, Right},
        id::CONNECTION,
    },
};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// To close all connections of a person, or one.
    Close {
        /// The id of who it is.
        id: String,
    },
    /// To remove a person from a channel.
    Remove {
        /// The channel's name.
        channel: String,
    },
    /// To end this server.
    Drain,
}

/// What is being done.
#[derive(Debug, Default)]
pub struct Acting {
    response: Option<Response>,
}

impl Act {
    /// What one must be allowed who does it.
    pub(super) fn right(&self) -> Right {
        match self {
            Self::Close { .. } | Self::Remove { .. } => Right::Close,
            Self::Drain => Right::Drain,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Close { .. } => "close",
            Self::Remove { .. } => "remove",
            Self::Drain => "drain",
        }
    }

    /// Does it. Returns the bytes that were said.
    ///
    /// # Errors
    /// The body makes no sense, or the id is none; nothing was done.
    pub(super) fn act(
        self,
        caller: &Caller,
        body: &[u8],
        client: ClientId,
        world: &mut World,
    ) -> Result<(Pending, usize), HttpError> {
        let action = self.name();
        let bad_body = |error| HttpError::bad_body(&error);
        let acted = match self {
            Self::Close { id } => {
                let closing = Closing::read(body).map_err(bad_body)?;
                close(id, &closing, client, world)?
            }
            Self::Remove { channel } => {
                let removal = Removal::read(body).map_err(bad_body)?;
                let deed = Deed::Expel {
                    target: (*removal.id).into(),
                    channel: channel.into(),
                };
                under_way(world.commons.call(client, deed))
            }
            Self::Drain => {
                world.is_to_drain = true;
                let answer = Response::json(StatusCode::ACCEPTED, &json!({}));
                (Pending::Awaited(Awaited::Answer(answer)), 0)
            }
        };
        world.door.note(caller, action, 1, world.now.monotonic);
        Ok(acted)
    }
}

impl Acting {
    /// Takes what came of it.
    ///
    /// # Errors
    /// It was not done, or nobody knows whether it was.
    pub(super) fn hear(&mut self, outcome: &Outcome) -> Result<(), HttpError> {
        let sessions = match outcome {
            Outcome::Refused(error) => return Err(HttpError::refused(error)),
            Outcome::Expelled { sessions } | Outcome::Dismissed { sessions } => *sessions,
            Outcome::Said { .. }
            | Outcome::Whispered { .. }
            | Outcome::Relayed
            | Outcome::Conflict => unreachable!("nothing like it was asked for"),
        };
        self.response = Some(of_sessions(sessions));
        Ok(())
    }

    /// What is answered, if that is known. It is told once.
    pub(super) fn answer(&mut self) -> Option<Response> {
        self.response.take()
    }
}

/// Closes a person's connections, or the one connection that an id is of.
fn close(
    id: String,
    closing: &Closing<'_>,
    client: ClientId,
    world: &mut World,
) -> Result<(Pending, usize), HttpError> {
    let (code, words) = (closing.code(), closing.words());
    let Some(key) = id.strip_prefix(CONNECTION) else {
        let deed = Deed::Dismiss {
            target: id.into(),
            code,
            words: words.into(),
        };
        return Ok(under_way(world.commons.call(client, deed)));
    };
    let key = key.parse().map_err(|_| HttpError::no_such_client(&id))?;
    let words = words.into();
    let awaited = world.run(Errand::Close { key, code, words }, client);
    Ok((Pending::Awaited(awaited), 0))
}

fn under_way(said: usize) -> (Pending, usize) {
    (Pending::Acting(Acting::default()), said)
}

/// What is answered where so many sessions were closed or removed.
pub(in crate::server) fn of_sessions(sessions: usize) -> Response {
    Response::json(StatusCode::OK, &json!({ "sessions": sessions }))
}
