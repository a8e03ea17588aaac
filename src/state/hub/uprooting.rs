//! A server that loses track of the chat: its channels are forgotten, and its clients are in none of them, while those of the
//! relay, of which others know nothing, are where they were.

use std::rc::Rc;

use super::{ClientId, Hub, client::Place};
use crate::state::seal::Source;

/// Where a member was in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The channel, and which of its lives.
    pub source: Rc<Source>,
    /// The number of the last message that the member was handed.
    pub seq: u64,
}

impl Hub {
    /// Notes that nothing of any client is under way any more. Returns all of them, and of whom something was.
    pub fn give_up(&mut self) -> Vec<(ClientId, bool)> {
        let clients = self.clients.iter_mut();
        let clients = clients.map(|(number, client)| {
            let is_unheard = client.give_up() > 0;
            (ClientId(super::id(number)), is_unheard)
        });
        let clients: Vec<_> = clients.collect();
        for &(client, _) in clients.iter().filter(|(_, is_unheard)| *is_unheard) {
            self.let_go(client);
        }
        clients
    }

    /// Takes a client out of all channels, and returns where it was.
    pub fn uproot(&mut self, client: ClientId) -> Box<[Stay]> {
        let channels: Vec<_> = self.memberships(client).collect();
        let stays = channels.iter().map(|&channel| Stay {
            source: Rc::clone(self.source(channel)),
            seq: self.heard(client, channel),
        });
        let stays = stays.collect();
        for channel in channels {
            if let Place::Log = self.clients[client.0 as usize].leave(channel) {
                self.replays.give_up(client.0, channel);
            }
        }
        stays
    }

    /// Lets a client go at once, whatever of it is under way.
    pub fn dismiss(&mut self, client: ClientId) {
        self.replays.forget(client.0);
        self.clients.remove(client.0 as usize);
    }

    /// Forgets all channels of the chat, as if there had never been one. Nobody is to be in any, and nothing that was said there
    /// is still to be handed out.
    pub fn forget_chat(&mut self) {
        self.channels.forget_chat();
    }
}
