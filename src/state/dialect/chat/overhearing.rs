//! What people and programs of other servers say in channels. Most of it is in channels that nobody here is in, where it is numbered and kept, and no
//! more.

use arrayvec::ArrayVec;

use super::{Registry, folding::say, publishing::publish};
use crate::{
    state::{
        engine::{Saying, Speaker},
        hub::{Hub, Space},
    },
    vocabulary::config::SAYINGS_MAX,
};

/// Says one thing after the other, at most [`SAYINGS_MAX`]. Returns the bytes that were said.
///
/// Nobody moves by speaking, so that it can be looked up where all of them are before the first has spoken. Each step is taken
/// for all of them before the next is: they wait for memory together, and not one after the other.
pub fn overhear(hub: &mut Hub, registry: &mut Registry, sayings: &[Saying<'_>]) -> usize {
    let clients = sayings.iter().map(|saying| match saying.speaker {
        Speaker::Member => registry.elsewhere.find(saying.node, saying.client),
        Speaker::Program(_) => None,
    });
    let clients: ArrayVec<_, SAYINGS_MAX> = clients.collect();
    hub.fetch_places(clients.iter().copied().flatten());
    let channels = sayings
        .iter()
        .zip(clients)
        .map(|(saying, client)| match saying.speaker {
            Speaker::Member => hub.membership(client?, saying.channel),
            Speaker::Program(_) => hub.find_remembered(Space::Chat, saying.channel),
        });
    let channels: ArrayVec<_, SAYINGS_MAX> = channels.collect();
    let bytes = sayings.iter().map(|saying| saying.body.len()).sum();
    hub.fetch_logs(channels.iter().copied().flatten(), bytes);
    let sayings = sayings.iter().zip(channels);
    let said = sayings.map(|(saying, channel)| match &saying.speaker {
        // Who is not there is told so by their own server.
        Speaker::Member => channel.map_or(0, |channel| {
            say(hub, registry.events_mut(), channel, saying.body)
        }),
        // A channel that nobody is in may be forgotten by then, for one that is made.
        Speaker::Program(once) => {
            let (bytes, _) = publish(hub, registry, saying.channel, saying.body, once.as_ref());
            bytes
        }
    });
    said.sum()
}
