//! What happens in an entry, one thing after the other.

use std::mem;

use bytes::{Buf, Bytes};

use super::{EntryKind, Header, line::Line};
use crate::{
    state::{
        agreement::Voucher,
        engine::{Action, Actor, Deed, Event},
        events::Settlement,
        hub::ClientId,
    },
    vocabulary::id::NodeId,
};

/// An entry that was read, of which some may be passed on.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) header: Header,
    pub(super) body: Bytes,
    /// Whether something of it was passed on.
    pub(super) is_begun: bool,
    /// Whether that was said in a channel, so that more is likely to be.
    pub(super) is_said: bool,
    /// Whether what there is is handed on with it: by this node to a newcomer, or by the last node that knows it, which goes, to
    /// whoever may come after it.
    pub(super) hands_on: bool,
}

impl Entry {
    /// The next that happens in it.
    pub(super) fn next(
        &mut self,
        ours: Option<NodeId>,
        foreign: &mut u64,
        unread_bytes: &mut usize,
    ) -> Option<Event<'static>> {
        let was_begun = mem::replace(&mut self.is_begun, true);
        if self.header.kind != EntryKind::Actions || self.body.is_empty() {
            let event = match self.header.kind {
                EntryKind::Death if ours == Some(dead(&self.body)) => Event::Burial,
                EntryKind::Death => Event::Death(dead(&self.body)),
                // Whoever is still there of one that goes is gone with it.
                EntryKind::Bye if ours != Some(self.header.node) => {
                    let gone = if self.hands_on {
                        Event::Desertion
                    } else {
                        Event::Death
                    };
                    gone(self.header.node)
                }
                EntryKind::Lost => Event::Lost,
                EntryKind::Alive => Event::Alive {
                    node: self.header.node,
                    number: self.header.number,
                    said: voucher(&self.body),
                    ours: ours.unwrap_or_default(),
                },
                EntryKind::Settled => settlement(&self.body).map_or(Event::Nothing, Event::Settled),
                EntryKind::Hello | EntryKind::Bye if self.hands_on => Event::Asked {
                    newcomer: self.header.node,
                    ours: ours.unwrap_or_default(),
                },
                _ => Event::Nothing,
            };
            *unread_bytes -= self.body.len();
            self.body.clear();
            return (!was_begun).then_some(event);
        }
        let line = Line::read(&self.body);
        let read = line
            .and_then(|(line, rest)| Some((line.client, line.deed()?.into_owned(), rest.len())));
        let Some((client, deed, rest)) = read else {
            *foreign += 1;
            *unread_bytes -= self.body.len();
            self.body.clear();
            return (!was_begun).then_some(Event::Nothing);
        };
        self.is_said = matches!(deed, Deed::Say { .. } | Deed::Publish { .. });
        *unread_bytes -= self.body.len() - rest;
        self.body.advance(self.body.len() - rest);
        let actor = if ours == Some(self.header.node) {
            Actor::Ours(ClientId::of_number(client))
        } else {
            let node = self.header.node;
            Actor::Theirs { node, client }
        };
        Some(Event::Action(Action { actor, deed }))
    }
}

/// What a hello says if these were asked before and did not answer: their numbers.
pub fn hello(silent: &[NodeId]) -> Vec<u8> {
    let numbers = silent.iter().map(|node| node.0.to_string());
    numbers.collect::<Vec<_>>().join(" ").into_bytes()
}

/// Those who are not to answer a hello.
pub(super) fn silent(body: &[u8]) -> Vec<NodeId> {
    let numbers = str::from_utf8(body).unwrap_or_default().split(' ');
    let numbers = numbers.filter_map(|number| number.parse().ok());
    numbers.map(NodeId).collect()
}

/// What a node that lives says that it made of the journal.
fn voucher(body: &[u8]) -> Option<Voucher> {
    let (number, sum) = str::from_utf8(body).ok()?.split_once(' ')?;
    Some(Voucher {
        number: number.parse().ok()?,
        sum: sum.parse().ok()?,
    })
}

/// What a node says became of what a program is told of.
fn settlement(body: &[u8]) -> Option<Settlement> {
    str::from_utf8(body).ok()?.parse().ok()
}

/// The node that a death is about. None of ours has the number of what is no number.
pub fn dead(body: &[u8]) -> NodeId {
    let text = str::from_utf8(body).ok();
    NodeId(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}
