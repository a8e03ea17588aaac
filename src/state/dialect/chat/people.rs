//! Who is in the chat, by client, by id and by name.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::{
    state::{
        hub::ClientId,
        memory::{of_list, of_table},
    },
    vocabulary::chat::{ChatError, Identity},
};

/// Everyone who is in the chat: how others see each, who is one and the same person, and who has the same name.
#[derive(Debug, Default)]
pub(super) struct People {
    identities: HashMap<ClientId, Rc<Identity>>,
    persons: HashMap<Box<str>, BTreeSet<ClientId>>,
    namesakes: HashMap<Box<str>, BTreeSet<ClientId>>,
}

impl People {
    /// Takes someone in.
    pub(super) fn enter(&mut self, client: ClientId, identity: Rc<Identity>) {
        let person = self.persons.entry(identity.id.clone()).or_default();
        person.insert(client);
        let namesakes = self.namesakes.entry(identity.name.clone()).or_default();
        namesakes.insert(client);
        self.identities.insert(client, identity);
    }

    /// Bytes that they take.
    pub(super) fn heap_bytes(&self) -> usize {
        let texts = self.identities.values();
        let texts = texts.map(|identity| identity.name.len() + identity.id.len());
        let by_text = |clients: &HashMap<Box<str>, BTreeSet<ClientId>>| {
            of_table::<(Box<str>, BTreeSet<ClientId>)>(clients.capacity())
                + clients.keys().map(|text| text.len()).sum::<usize>()
        };
        of_table::<(ClientId, Rc<Identity>)>(self.identities.capacity())
            + of_list::<Identity>(self.identities.len())
            + texts.sum::<usize>()
            + by_text(&self.persons)
            + by_text(&self.namesakes)
    }

    /// Lets someone go.
    pub(super) fn exit(&mut self, client: ClientId) {
        let Some(identity) = self.identities.remove(&client) else {
            return;
        };
        strike(&mut self.persons, &identity.id, client);
        strike(&mut self.namesakes, &identity.name, client);
    }

    /// How others see a client.
    pub(super) fn identity(&self, client: ClientId) -> &Identity {
        &self.identities[&client]
    }

    /// Who is meant by an id or by a name that only one person has, and all their clients.
    ///
    /// # Errors
    /// Nobody is, or several are.
    pub(super) fn find(&self, target: &str) -> Result<(&BTreeSet<ClientId>, &Identity), ChatError> {
        let named = || self.namesakes.get(target);
        let clients = self.persons.get(target).or_else(named);
        let clients = clients.ok_or_else(|| ChatError::NoSuchClient(target.to_owned()))?;
        let mut identities = clients.iter().map(|&client| self.identity(client));
        let first = identities.next().expect("a set is struck when it is empty");
        if identities.all(|identity| identity.id == first.id) {
            Ok((clients, first))
        } else {
            Err(ChatError::AmbiguousName(target.to_owned()))
        }
    }
}

/// Takes a client out of the set of a text, and the set away when nobody is left in it.
fn strike(sets: &mut HashMap<Box<str>, BTreeSet<ClientId>>, text: &str, client: ClientId) {
    if let Some(clients) = sets.get_mut(text) {
        clients.remove(&client);
        if clients.is_empty() {
            sets.remove(text);
        }
    }
}
