//! What programs ask for that takes all connections at hand.

use std::mem;

use http::StatusCode;

use super::{
    Server,
    api::{ClientRow, Clients, Errand, of_sessions},
    http::{HttpError, Response},
    stream::Stream,
};
use crate::{
    state::dialect::chat::Dismissal,
    vocabulary::{
        config::{SURVEYED_TOLL_BYTES, TURN_LISTED_MAX, TURN_SHOWN_BYTES_MAX},
        id::Key,
    },
};

impl<S: Stream> Server<S> {
    /// Runs errands, a turn's share of them, and looks at some more of those who are connected where that has to be before.
    pub(super) fn run_errands(&mut self) {
        let mut shown = 0;
        let mut waiting = Vec::new();
        for slot in mem::take(&mut self.world.errands) {
            let may_be = shown < TURN_SHOWN_BYTES_MAX;
            match may_be.then(|| self.run_errand_of(slot)).flatten() {
                Some(bytes) => shown += bytes,
                None => waiting.push(slot),
            }
        }
        if !waiting.is_empty() && !self.survey.is_fresh(self.world.now) {
            shown += self.look_on() * SURVEYED_TOLL_BYTES;
        }
        self.world.errands = waiting;
        self.shown += shown;
    }

    /// Runs the errand that a connection waits for. Returns the bytes that came of it; `None` if more has to be looked at before.
    fn run_errand_of(&mut self, slot: u32) -> Option<usize> {
        // Who has waited may be gone, and another one be in the slot by now.
        let tenant = self.tenants.get(slot as usize);
        let Some(errand) = tenant.and_then(|tenant| tenant.connection.errand()) else {
            return Some(0);
        };
        if errand.is_of_all() && !self.survey.is_fresh(self.world.now) {
            return None;
        }
        let done = match errand.clone() {
            Errand::Stats => Ok(Response::told(self.survey.told().to_vec())),
            Errand::Clients { rank, limit } => {
                let keys = self.survey.clients(rank).iter();
                let rows = keys.filter_map(|&key| self.client_row(key));
                Ok(self.list(rows.take(limit)))
            }
            Errand::Named { text, limit } => Ok(self.list(self.known_as(&text).take(limit))),
            Errand::Close { key, code, words } => self.close(key, code, words),
        };
        let connection = &mut self.tenants[slot as usize].connection;
        let bytes = connection.hear_errand(done, &mut self.world);
        self.enlist(slot);
        Some(bytes)
    }

    fn list<'a>(&self, rows: impl Iterator<Item = ClientRow<'a>>) -> Response {
        let clients = Clients::new(rows.collect(), self.world.node());
        Response::json(StatusCode::OK, &clients)
    }

    /// Clients with an id or a name, with their channels as long as these are not too many together.
    fn known_as(&self, text: &str) -> impl Iterator<Item = ClientRow<'_>> {
        let commons = &self.world.commons;
        let mut left = TURN_LISTED_MAX;
        commons.registry.known_as(text).filter_map(move |client| {
            let row = match commons.hub.slot(client) {
                Some(slot) => self.client_row(self.key_of(slot)),
                None => ClientRow::elsewhere(commons, client),
            };
            Some(row?.with_channels(commons, &mut left))
        })
    }

    /// What is shown of a client that is here.
    pub(super) fn client_row(&self, key: Key) -> Option<ClientRow<'_>> {
        let tenant = self.tenants.get(key.slot as usize)?;
        let tenant = (tenant.generation == key.generation).then_some(tenant)?;
        let now = self.world.now.monotonic;
        let standing = tenant.connection.standing(now)?;
        let age = tenant.age(now);
        let (commons, node) = (&self.world.commons, self.world.node());
        Some(ClientRow::here(commons, key, standing, age, node))
    }

    fn key_of(&self, slot: u32) -> Key {
        let generation = self.tenants[slot as usize].generation;
        Key { slot, generation }
    }

    /// Closes a client that is here.
    fn close(&mut self, key: Key, code: u16, words: Box<str>) -> Result<Response, HttpError> {
        if self.client_row(key).is_none() {
            return Err(HttpError::no_such_client(&key.to_string()));
        }
        let Key { slot, .. } = key;
        self.dismiss(&Dismissal { slot, code, words });
        Ok(of_sessions(1))
    }

    /// Closes the connection in a slot, as a program has it.
    pub(super) fn dismiss(&mut self, dismissal: &Dismissal) {
        let slot = dismissal.slot;
        let connection = &mut self.tenants[slot as usize].connection;
        connection.dismiss(dismissal, &mut self.world);
        self.rearm(slot);
        self.enlist(slot);
    }
}
