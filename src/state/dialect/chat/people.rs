//! Who is in the chat, by client, by id and by name.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use uuid::Uuid;

use crate::{
    state::{
        hub::ClientId,
        memory::{of_list, of_table},
    },
    vocabulary::chat::{ChatError, Identity},
};

/// Everyone who is in the chat: how others see each, whose an id is, and who has the same name.
#[derive(Debug, Default)]
pub(super) struct People {
    identities: HashMap<ClientId, Rc<Identity>>,
    clients: HashMap<Uuid, ClientId>,
    namesakes: HashMap<Box<str>, BTreeSet<ClientId>>,
}

impl People {
    /// Takes someone in.
    pub(super) fn enter(&mut self, client: ClientId, identity: Rc<Identity>) {
        self.clients.insert(identity.id, client);
        let namesakes = self.namesakes.entry(identity.name.clone()).or_default();
        namesakes.insert(client);
        self.identities.insert(client, identity);
    }

    /// Bytes that they take.
    pub(super) fn heap_bytes(&self) -> usize {
        let names = self.identities.values().map(|identity| identity.name.len());
        of_table::<(ClientId, Rc<Identity>)>(self.identities.capacity())
            + of_list::<Identity>(self.identities.len())
            + names.sum::<usize>()
            + of_table::<(Uuid, ClientId)>(self.clients.capacity())
            + of_table::<(Box<str>, BTreeSet<ClientId>)>(self.namesakes.capacity())
            + self.namesakes.keys().map(|name| name.len()).sum::<usize>()
    }

    /// Lets someone go.
    pub(super) fn exit(&mut self, client: ClientId) {
        let Some(identity) = self.identities.remove(&client) else {
            return;
        };
        self.clients.remove(&identity.id);
        if let Some(namesakes) = self.namesakes.get_mut(&identity.name) {
            namesakes.remove(&client);
            if namesakes.is_empty() {
                self.namesakes.remove(&identity.name);
            }
        }
    }

    /// How others see a client.
    pub(super) fn identity(&self, client: ClientId) -> &Identity {
        &self.identities[&client]
    }

    /// Who is meant by an id or by a name that only one has.
    ///
    /// # Errors
    /// Nobody is, or several are.
    pub(super) fn find(&self, target: &str) -> Result<ClientId, ChatError> {
        let id = Uuid::parse_str(target).ok();
        if let Some(&client) = id.and_then(|id| self.clients.get(&id)) {
            return Ok(client);
        }
        let mut namesakes = self.namesakes.get(target).into_iter().flatten();
        match (namesakes.next(), namesakes.next()) {
            (Some(&client), None) => Ok(client),
            (Some(_), Some(_)) => Err(ChatError::AmbiguousName(target.to_owned())),
            (None, _) => Err(ChatError::NoSuchClient(target.to_owned())),
        }
    }
}
