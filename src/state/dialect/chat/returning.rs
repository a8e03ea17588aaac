//! The people who are here when their server loses track of the chat: they stay connected, and come back to where they were.

use std::collections::VecDeque;

use super::{
    Registry, elsewhere::Elsewhere, notices::Notices, people::Seat, receipts::Receipts,
    rosters::Rosters,
};
use crate::state::{
    engine::Deed,
    hub::{ClientId, Hub},
};

/// Those who are to come back, and how.
#[derive(Debug, Default)]
pub struct Returning {
    /// The next is the first; those who came back before it was their turn are still among them.
    clients: VecDeque<ClientId>,
    /// Whether the others in their channels are told, as they were told that these left.
    is_told: bool,
}

impl Returning {
    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Whether the others in their channels are told.
    pub(in crate::state) fn is_told(&self) -> bool {
        self.is_told
    }

    /// The next of them.
    pub(in crate::state) fn next(&mut self) -> Option<ClientId> {
        self.clients.pop_front()
    }

    /// What a client does before anything else if it is one of them, and the engine was not given that before.
    pub(in crate::state) fn deed_of(
        &self,
        client: ClientId,
        registry: &mut Registry,
    ) -> Option<Deed<'static>> {
        let stays = registry.people.session(client)?.take_return()?;
        let channels = stays.iter();
        let channels = channels.map(|stay| stay.source.channel.to_string().into());
        let channels = channels.collect();
        Some(Deed::Return {
            identity: registry.people.identity(client).clone(),
            channels,
            is_told: self.is_told,
        })
    }
}

/// Forgets all channels and everyone elsewhere. Those who are here stay, and are in the chat again once they come back.
pub fn uproot(hub: &mut Hub, registry: &mut Registry, is_told: bool) -> Returning {
    let mut clients = VecDeque::new();
    registry.people.uproot(|client, seat| {
        let Seat::Here(session) = seat else {
            hub.dismiss(client);
            return false;
        };
        // One whose connection has ended was about to exit.
        if hub.slot(client).is_none() {
            hub.dismiss(client);
            return false;
        }
        let waiting = session.uproot(hub.uproot(client));
        hub.send_off(client, waiting);
        clients.push_back(client);
        true
    });
    registry.elsewhere = Elsewhere::default();
    registry.vanishing = None;
    registry.rosters = Rosters::default();
    registry.receipts = Receipts::default();
    registry.notices = Notices::new(registry.notices.limit());
    if let Some(events) = registry.events_mut() {
        events.begin_anew();
    }
    hub.forget_chat();
    Returning { clients, is_told }
}

impl Registry {
    /// Lets someone go who is here and not back in the chat, unless the engine was given that it comes back. Returns whether
    /// that is so.
    pub(in crate::state) fn dismiss(&mut self, hub: &mut Hub, client: ClientId) -> bool {
        let session = self.people.session(client);
        let is_away = session.is_some_and(|session| session.is_away());
        if is_away {
            self.people.exit(client);
            hub.dismiss(client);
        }
        is_away
    }

    /// Whether someone's session is here.
    pub(in crate::state) fn is_here(&mut self, client: ClientId) -> bool {
        self.people.session(client).is_some()
    }
}
