//! What a program is to be told of by webhooks, for whoever tells it.

use super::{Server, stream::Stream};
use crate::{
    state::{
        events::{Events, Settlement},
        metrics::WebhookGauges,
    },
    vocabulary::{id::NodeId, time::Now},
};

impl<S: Stream> Server<S> {
    /// What a program is to be told of, if there is one.
    pub fn events(&self) -> Option<&Events> {
        self.world.commons.registry.events()
    }

    /// Which server this is, if it is the one of all that tells it.
    pub fn teller(&self) -> Option<NodeId> {
        self.world.commons.teller()
    }

    /// Whether nobody would go on where this server ends.
    pub fn is_last(&self) -> bool {
        self.world.commons.is_last()
    }

    /// Has all servers know what became of some of what it was to be told.
    pub fn settle(&mut self, settlement: Settlement, now: Now) {
        self.world.commons.settle(settlement, now);
    }

    /// Whether it is told all of that by now.
    pub fn are_events_told(&self) -> bool {
        self.world.commons.registry.are_events_told()
    }

    /// Notes how it stands with the endpoint that is told.
    pub fn note_webhook(&mut self, gauges: WebhookGauges) {
        self.world.webhook = Some(gauges);
    }
}
