//! Who is in the chat, by client, by id and by name.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::session::Session;
use crate::{
    state::{
        hub::ClientId,
        memory::{of_list, of_shared, of_shared_text, of_table, of_tree},
    },
    vocabulary::chat::{ChatError, Identity},
};

/// Everyone who is in the chat: how others see each, who is one and the same person, and who has the same name.
#[derive(Debug, Default)]
pub(super) struct People {
    by_client: HashMap<ClientId, Box<Person>>,
    /// How many ever entered.
    entered: u64,
    persons: HashMap<Box<str>, BTreeSet<ClientId>>,
    namesakes: HashMap<Box<str>, BTreeSet<ClientId>>,
}

#[derive(Debug)]
struct Person {
    identity: Rc<Identity>,
    /// How many had entered when it did.
    entered: u64,
    /// What it is about with one whose session is here.
    session: Option<Session>,
}

impl People {
    /// Knows someone who is about to enter.
    pub(super) fn expect(
        &mut self,
        client: ClientId,
        identity: Rc<Identity>,
        session: Option<Session>,
    ) {
        let person = Person {
            identity,
            entered: 0,
            session,
        };
        self.by_client.insert(client, Box::new(person));
    }

    /// Takes in someone who was expected: others find it from now on.
    pub(super) fn enter(&mut self, client: ClientId) {
        self.entered += 1;
        let person = self.by_client.get_mut(&client);
        let person = person.expect("it was expected");
        person.entered = self.entered;
        let identity = &person.identity;
        let person = self.persons.entry(identity.id.as_ref().into()).or_default();
        person.insert(client);
        let namesakes = self.namesakes.entry(identity.name.clone()).or_default();
        namesakes.insert(client);
    }

    /// Bytes that they take.
    pub(super) fn heap_bytes(&self) -> usize {
        let people = self.by_client.values();
        let texts = people.map(|person| {
            let session = person.session.as_ref().map_or(0, Session::heap_bytes);
            person.identity.name.len() + of_shared_text(&person.identity.id) + session
        });
        let by_text = |clients: &HashMap<Box<str>, BTreeSet<ClientId>>| {
            of_table::<(Box<str>, BTreeSet<ClientId>)>(clients.capacity())
                + clients.keys().map(|text| text.len()).sum::<usize>()
                + clients
                    .values()
                    .map(|clients| of_tree::<ClientId>(clients.len()))
                    .sum::<usize>()
        };
        of_table::<(ClientId, Box<Person>)>(self.by_client.capacity())
            + of_list::<Person>(self.by_client.len())
            + self.by_client.len() * of_shared::<Identity>()
            + texts.sum::<usize>()
            + by_text(&self.persons)
            + by_text(&self.namesakes)
    }

    /// Lets someone go.
    pub(super) fn exit(&mut self, client: ClientId) {
        let Some(person) = self.by_client.remove(&client) else {
            return;
        };
        strike(&mut self.persons, &person.identity.id, client);
        strike(&mut self.namesakes, &person.identity.name, client);
    }

    /// Those who entered, in the order in which they did.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (ClientId, &Rc<Identity>)> {
        let entered = self
            .by_client
            .iter()
            .filter(|(_, person)| person.entered > 0);
        let mut entered: Vec<_> = entered.collect();
        entered.sort_unstable_by_key(|(_, person)| person.entered);
        entered
            .into_iter()
            .map(|(&client, person)| (client, &person.identity))
    }

    /// Those whose sessions are here.
    pub(super) fn here(&self) -> impl Iterator<Item = ClientId> {
        let here = self
            .by_client
            .iter()
            .filter(|(_, person)| person.session.is_some());
        here.map(|(&client, _)| client)
    }

    /// How others see a client.
    pub(super) fn identity(&self, client: ClientId) -> &Rc<Identity> {
        &self.by_client[&client].identity
    }

    /// The session of a client, if it is here.
    pub(super) fn session(&mut self, client: ClientId) -> Option<&mut Session> {
        self.by_client.get_mut(&client)?.session.as_mut()
    }

    /// Who is meant by an id or by a name that only one person has, and all their clients.
    ///
    /// # Errors
    /// Nobody is, or several are.
    pub(super) fn find(&self, target: &str) -> Result<(&BTreeSet<ClientId>, &Identity), ChatError> {
        let named = || self.namesakes.get(target);
        let clients = self.persons.get(target).or_else(named);
        let clients = clients.ok_or_else(|| ChatError::NoSuchClient(target.to_owned()))?;
        let mut people = clients.iter().map(|client| &self.by_client[client]);
        let any = people.next().expect("a set is struck when it is empty");
        if people.any(|person| person.identity.id != any.identity.id) {
            return Err(ChatError::AmbiguousName(target.to_owned()));
        }
        // Sessions of one person may have several names: all servers tell the same one.
        let people = clients.iter().map(|client| &self.by_client[client]);
        let first = people.min_by_key(|person| person.entered);
        let first = first.expect("a set is struck when it is empty");
        Ok((clients, &first.identity))
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
