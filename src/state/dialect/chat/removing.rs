//! People whom programs remove, by their ids.

use super::{Asked, Registry, folding::Folding};
use crate::{
    state::{
        hub::{Hub, Space},
        outcome::Outcome,
    },
    vocabulary::chat::ChatError,
};

/// A connection here that is to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissal {
    /// Its slot.
    pub slot: u32,
    /// The code of the close frame.
    pub code: u16,
    /// What it says.
    pub words: Box<str>,
}

/// Has all sessions of a person leave a channel, of which everyone is told as if they had of their own will. Returns the bytes
/// of that, and what came of it. There is also a channel that nobody is in, as long as it is remembered.
pub fn expel(hub: &mut Hub, registry: &mut Registry, target: &str, name: &str) -> (usize, Outcome) {
    let sessions = match registry.people.sessions(target) {
        Ok(sessions) => sessions,
        Err(error) => return (0, Outcome::Refused(error)),
    };
    let Some(channel) = hub.find_remembered(Space::Chat, name) else {
        let error = ChatError::NoSuchChannel(name.to_owned());
        return (0, Outcome::Refused(error));
    };
    let (mut said, mut expelled) = (0, 0);
    for client in sessions {
        if hub.is_member(client, channel) {
            let mut folding = Folding {
                hub,
                registry,
                client,
                asked: Asked::default(),
            };
            said += folding.quit(channel, name);
            expelled += 1;
        }
    }
    (said, Outcome::Expelled { sessions: expelled })
}

/// Finds the sessions of a person: those that are here are to be closed, as others are where they are.
pub fn dismiss(
    hub: &Hub,
    registry: &Registry,
    target: &str,
    code: u16,
    words: &str,
) -> (Vec<Dismissal>, Outcome) {
    let sessions = match registry.people.sessions(target) {
        Ok(sessions) => sessions,
        Err(error) => return (Vec::new(), Outcome::Refused(error)),
    };
    let here = sessions.iter().filter_map(|&client| hub.slot(client));
    let here = here.map(|slot| Dismissal {
        slot,
        code,
        words: words.into(),
    });
    let outcome = Outcome::Dismissed {
        sessions: sessions.len(),
    };
    (here.collect(), outcome)
}
