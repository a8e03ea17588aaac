//! The people of a server that is gone: they vanish, and those who stay are told, a share of it in each turn.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::Registry;
use crate::{
    state::{
        channel::Departure,
        hub::{ChannelId, ClientId, Hub},
    },
    vocabulary::{
        chat::Identity,
        config::{LOSSES_TOLD_MAX, TURN_VANISHING_MAX},
        id::NodeId,
    },
};

/// People who vanish together, at one moment of the sequence, however many turns that takes.
#[derive(Debug)]
pub(super) struct Vanishing {
    /// Those who are still there. The last is the next to go.
    people: Vec<ClientId>,
    /// What channels have lost, in the order in which they lost their first.
    losses: VecDeque<Loss>,
    /// Where among them that of a channel is.
    places: HashMap<ChannelId, usize>,
}

/// What a channel has lost.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) channel: ChannelId,
    /// How many members it had.
    pub(super) members: usize,
    /// How many of them are gone.
    pub(super) lost: usize,
    /// Who they are, as many as may be told.
    pub(super) gone: Vec<Rc<Identity>>,
}

/// Begins to let all vanish who are of a server that is gone.
pub fn bury(registry: &mut Registry, node: NodeId) {
    // All servers let them go in the same order: that of the numbers that they have there.
    let people = registry.elsewhere.remove_all(node);
    registry.vanishing = Some(Vanishing {
        people: people.rev().collect(),
        losses: VecDeque::new(),
        places: HashMap::new(),
    });
}

/// Lets a turn's share of them vanish. Returns the bytes that were said.
pub fn vanish(hub: &mut Hub, registry: &mut Registry) -> usize {
    let Some(mut vanishing) = registry.vanishing.take() else {
        return 0;
    };
    let mut share = TURN_VANISHING_MAX;
    while share > 0
        && let Some(client) = vanishing.people.pop()
    {
        let channels = vanishing.let_go(hub, registry, client);
        share = share.saturating_sub(1 + channels);
    }
    let mut said = 0;
    while share > 0
        && let Some(loss) = vanishing.losses.pop_front()
    {
        said += registry.notices.tell_loss(hub, &loss);
        share = share.saturating_sub(1 + loss.gone.len());
    }
    if !vanishing.people.is_empty() || !vanishing.losses.is_empty() {
        registry.vanishing = Some(vanishing);
    }
    said
}

impl Vanishing {
    /// Lets one go, out of its channels, and returns how many these were.
    fn let_go(&mut self, hub: &mut Hub, registry: &mut Registry, client: ClientId) -> usize {
        let channels: Vec<_> = hub.memberships(client).collect();
        for &channel in &channels {
            let members = hub.count(channel);
            let identity = registry.depart(hub, client, channel, Departure::Vanishes);
            self.note(channel, members, identity);
        }
        registry.let_go(hub, client);
        channels.len()
    }

    fn note(&mut self, channel: ChannelId, members: usize, who: Rc<Identity>) {
        let next = self.losses.len();
        let place = *self.places.entry(channel).or_insert(next);
        if place == next {
            self.losses.push_back(Loss {
                channel,
                members,
                lost: 0,
                gone: Vec::new(),
            });
        }
        let loss = &mut self.losses[place];
        loss.lost += 1;
        if loss.gone.len() < LOSSES_TOLD_MAX {
            loss.gone.push(who);
        }
    }
}
