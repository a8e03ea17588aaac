//! Who is in the chat, by client, by id and by name.

use std::collections::HashMap;
use std::mem;
use std::rc::Rc;

use super::{
    clients::Clients,
    record::{PersonRecord, Whereabouts},
    session::Session,
};
use crate::{
    state::{
        freezing::{Freeze, Frozen},
        hub::{ClientId, Hub},
        memory::{of_list, of_shared, of_shared_text, of_table},
    },
    vocabulary::{
        chat::{ChatError, Identity},
        id::NodeId,
    },
};

/// Everyone who is in the chat: how others see each, who is one and the same person, and who has the same name.
#[derive(Debug, Default)]
pub(super) struct People {
    /// By the numbers of clients.
    by_client: Vec<Option<Box<Person>>>,
    /// How many ever entered.
    entered: u64,
    /// How many of them are there.
    inside: u32,
    persons: HashMap<Rc<str>, Clients>,
    namesakes: HashMap<Rc<str>, Clients>,
    frozen: Frozen<PersonRecord>,
    /// The server that those whose sessions are here are written down to be at.
    ours: NodeId,
}

#[derive(Debug)]
struct Person {
    identity: Rc<Identity>,
    /// How many had entered when it did.
    entered: u64,
    written: Freeze,
    seat: Seat,
}

/// Where someone's session is.
#[derive(Debug)]
pub(super) enum Seat {
    /// At another server.
    There(Whereabouts),
    /// Here, and what it is about with it.
    Here(Box<Session>),
}

impl People {
    /// Knows someone who is about to enter.
    pub(super) fn expect(&mut self, client: ClientId, identity: Rc<Identity>, seat: Seat) {
        let person = Person {
            identity,
            entered: 0,
            written: Freeze::default(),
            seat,
        };
        let place = client.number() as usize;
        if place >= self.by_client.len() {
            self.by_client.resize_with(place + 1, || None);
        }
        self.by_client[place] = Some(Box::new(person));
    }

    /// Takes in someone who was expected: others find it from now on.
    pub(super) fn enter(&mut self, client: ClientId) {
        self.entered += 1;
        self.enter_as(client, self.entered);
    }

    /// The same of one who entered when so many had.
    pub(super) fn enter_as(&mut self, client: ClientId, entered: u64) {
        let written = self.frozen.last();
        let person = self.person_mut(client).expect("it was expected");
        let was_inside = mem::replace(&mut person.entered, entered) > 0;
        person.written = written;
        let Identity { id, name, .. } = &*Rc::clone(&person.identity);
        for (sets, text) in [(&mut self.persons, id), (&mut self.namesakes, name)] {
            let others = sets.entry(Rc::clone(text));
            let others = others.and_modify(|others| others.insert(client));
            others.or_insert(Clients::One(client));
        }
        self.inside += u32::from(!was_inside);
    }

    /// Forgets all, but for those whose session `stays`: they are expected to enter again.
    pub(super) fn uproot(&mut self, mut stays: impl FnMut(ClientId, &mut Seat) -> bool) {
        for (number, place) in self.by_client.iter_mut().enumerate() {
            let number = u32::try_from(number).expect("numbers of clients have 32 bits");
            let client = ClientId::of_number(number);
            let stays = place
                .as_mut()
                .is_some_and(|person| stays(client, &mut person.seat));
            match place {
                Some(person) if stays => person.entered = 0,
                _ => *place = None,
            }
        }
        *self = Self {
            by_client: mem::take(&mut self.by_client),
            ..Self::default()
        };
    }

    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.by_client.len()
    }

    /// Bytes that the one in a place takes.
    pub(super) fn heap_bytes_at(&self, place: usize) -> usize {
        let Some(Some(person)) = self.by_client.get(place) else {
            return 0;
        };
        let session = match &person.seat {
            Seat::There(_) => 0,
            Seat::Here(session) => size_of::<Session>() + session.heap_bytes(),
        };
        let Identity { id, name, .. } = &*person.identity;
        size_of::<Person>()
            + of_shared::<Identity>()
            + of_shared_text(name)
            + of_shared_text(id)
            + session
    }

    /// Bytes that they take beside.
    pub(super) fn heap_bytes_beside(&self) -> usize {
        let by_text = |sets: &HashMap<Rc<str>, Clients>| {
            of_table::<(Rc<str>, Clients)>(sets.capacity())
                + sets.values().map(Clients::heap_bytes).sum::<usize>()
        };
        of_list::<Option<Box<Person>>>(self.by_client.capacity())
            + by_text(&self.persons)
            + by_text(&self.namesakes)
    }

    /// Lets someone go.
    pub(super) fn exit(&mut self, client: ClientId) {
        let place = self.by_client.get_mut(client.number() as usize);
        let Some(person) = place.and_then(Option::take) else {
            return;
        };
        self.inside -= u32::from(person.entered > 0);
        strike(&mut self.persons, &person.identity.id, client);
        strike(&mut self.namesakes, &person.identity.name, client);
    }

    /// How many ever entered.
    pub(super) fn entered_ever(&self) -> u64 {
        self.entered
    }

    /// How many of them are there.
    pub(super) fn inside(&self) -> u32 {
        self.inside
    }

    /// Goes on where so many ever entered, with room for those who are there, so that no turn has to move all of them.
    pub(super) fn resume_from(&mut self, entered: u64, inside: usize) {
        self.entered = entered;
        self.by_client.reserve(inside);
        self.persons.reserve(inside);
        self.namesakes.reserve(inside);
    }

    /// How many had entered when a client did.
    pub(super) fn entered(&self, client: ClientId) -> u64 {
        self.person(client).entered
    }

    /// Has everyone written down as they are now, whatever they do until they are. This server is `ours`.
    pub(super) fn freeze(&mut self, hub: &Hub, ours: NodeId) {
        self.frozen.freeze(hub.client_places());
        self.ours = ours;
    }

    /// Writes someone down who is about to change.
    pub(super) fn keep(&mut self, hub: &Hub, client: ClientId) {
        if self.frozen.is_going_on() && self.is_unwritten(client) {
            let record = self.write_down(hub, client);
            self.frozen.keep(record);
        }
    }

    /// The next who was frozen. `None` if all are written down.
    pub(super) fn next_frozen(&mut self, hub: &Hub) -> Option<PersonRecord> {
        if let Some(kept) = self.frozen.take_kept() {
            return Some(kept);
        }
        while let Some(place) = self.frozen.next_place() {
            let client = ClientId::of_number(place);
            if self.is_unwritten(client) {
                return Some(self.write_down(hub, client));
            }
        }
        None
    }

    fn is_unwritten(&self, client: ClientId) -> bool {
        let person = self.by_client.get(client.number() as usize);
        let person = person.and_then(Option::as_ref);
        person.is_some_and(|person| person.entered > 0 && person.written != self.frozen.last())
    }

    fn write_down(&mut self, hub: &Hub, client: ClientId) -> PersonRecord {
        let (written, ours) = (self.frozen.last(), self.ours);
        let person = self.person_mut(client).expect("it is there");
        person.written = written;
        let whereabouts = match person.seat {
            Seat::There(whereabouts) => whereabouts,
            Seat::Here(_) => (ours, client.number()),
        };
        let channels = hub.memberships(client);
        PersonRecord {
            whereabouts,
            entered: person.entered,
            id: person.identity.id.as_ref().into(),
            name: person.identity.name.as_ref().into(),
            avatar: person.identity.avatar,
            channels: channels.map(|channel| hub.name(channel).into()).collect(),
        }
    }

    /// How others see a client.
    pub(super) fn identity(&self, client: ClientId) -> &Rc<Identity> {
        &self.person(client).identity
    }

    /// The session of a client, if it is here.
    pub(super) fn session(&mut self, client: ClientId) -> Option<&mut Session> {
        match &mut self.person_mut(client)?.seat {
            Seat::Here(session) => Some(session),
            Seat::There(_) => None,
        }
    }

    /// Who is meant by an id or by a name that only one person has, and all their clients.
    ///
    /// # Errors
    /// Nobody is, or several are.
    pub(super) fn find(&self, target: &str) -> Result<(&Clients, &Identity), ChatError> {
        let named = || self.namesakes.get(target);
        let clients = self.persons.get(target).or_else(named);
        let clients = clients.ok_or_else(|| ChatError::NoSuchClient(target.to_owned()))?;
        let mut people = clients.iter().map(|client| self.person(client));
        let any = people.next().expect("a set is struck when it is empty");
        if people.any(|person| person.identity.id != any.identity.id) {
            return Err(ChatError::AmbiguousName(target.to_owned()));
        }
        Ok((clients, self.shown(clients)))
    }

    /// The same by an id alone.
    ///
    /// # Errors
    /// Nobody has it.
    pub(super) fn find_by_id(&self, id: &str) -> Result<(&Clients, &Identity), ChatError> {
        let clients = self.persons.get(id);
        let clients = clients.ok_or_else(|| ChatError::NoSuchId(id.to_owned()))?;
        Ok((clients, self.shown(clients)))
    }

    /// All clients of one person, in the order in which they entered, as all servers have it.
    ///
    /// # Errors
    /// Nobody has this id.
    pub(super) fn sessions(&self, id: &str) -> Result<Vec<ClientId>, ChatError> {
        let (clients, _) = self.find_by_id(id)?;
        let mut clients: Vec<_> = clients.iter().collect();
        clients.sort_unstable_by_key(|&client| self.entered(client));
        Ok(clients)
    }

    /// How one person is shown, whose sessions may have several names: all servers tell the same one.
    fn shown(&self, clients: &Clients) -> &Identity {
        let people = clients.iter().map(|client| self.person(client));
        let first = people.min_by_key(|person| person.entered);
        &first.expect("a set is struck when it is empty").identity
    }

    /// How others see a client, if it is one of them, and the server that it is at if that is another one.
    pub(super) fn shown_at(&self, client: ClientId) -> Option<(&Identity, Option<NodeId>)> {
        let person = self.by_client.get(client.number() as usize)?.as_ref()?;
        let node = match person.seat {
            Seat::There((node, _)) => Some(node),
            Seat::Here(_) => None,
        };
        Some((&person.identity, node))
    }

    /// All clients with an id, and those with a name, which are others.
    pub(super) fn known_as(&self, text: &str) -> impl Iterator<Item = ClientId> {
        let sets = [self.persons.get(text), self.namesakes.get(text)];
        let [by_id, by_name] = sets.map(|set| set.into_iter().flat_map(Clients::iter));
        let others = by_name.filter(|&client| *self.person(client).identity.id != *text);
        by_id.chain(others)
    }

    fn person(&self, client: ClientId) -> &Person {
        let person = self.by_client[client.number() as usize].as_ref();
        person.expect("it is there")
    }

    fn person_mut(&mut self, client: ClientId) -> Option<&mut Person> {
        self.by_client
            .get_mut(client.number() as usize)?
            .as_deref_mut()
    }
}

/// Takes a client out of the set of a text, and the set away when nobody is left in it.
fn strike(sets: &mut HashMap<Rc<str>, Clients>, text: &str, client: ClientId) {
    if let Some(clients) = sets.get_mut(text)
        && clients.remove(client)
    {
        sets.remove(text);
    }
}
