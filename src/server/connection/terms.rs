//! What only some connections are subject to, kept apart so that it costs the others nothing.

use std::net::IpAddr;
use std::time::Duration;

use super::{expiry::Expiry, meter::Meter};
use crate::{
    server::world::World,
    state::addresses::{Addresses, Site},
};

/// The terms of a connection: bounds of its address, the end of its token, and what it may send.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) visitor: Option<Visitor>,
    /// The end of its token.
    pub(super) expiry: Option<Expiry>,
    pub(super) meter: Option<Meter>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor {
    /// The address of the peer; one on a unix socket has none.
    pub peer: Option<IpAddr>,
    /// Whose bounds it counts against.
    pub site: Option<Site>,
    /// Whether the peer is a proxy that is believed when it says for whom it asks.
    pub is_proxy: bool,
}

impl Terms {
    /// Those of one that was just accepted; `None` where there are none.
    pub(super) fn of_visitor(visitor: Option<Visitor>) -> Option<Box<Self>> {
        visitor.map(|visitor| {
            Box::new(Self {
                visitor: Some(visitor),
                ..Self::default()
            })
        })
    }

    /// Adds those of a session whose token expires at a moment since the Unix epoch, if there are any.
    pub(super) fn begin_session(
        terms: &mut Option<Box<Self>>,
        expires_at: Option<Duration>,
        world: &World,
    ) {
        let meter = Meter::new(world.config.client_rates);
        if expires_at.is_some() || meter.is_some() {
            let terms = terms.get_or_insert_default();
            let interval = world.config.ping_interval;
            terms.expiry = expires_at.map(|at| Expiry::new(at, world.now, interval));
            terms.meter = meter;
        }
    }

    /// When to go on reading, if that pauses.
    pub(super) fn paused_until(&self) -> Option<Duration> {
        self.meter.as_ref().and_then(Meter::paused_until)
    }
}

impl Visitor {
    /// Counts against nobody's bounds any more.
    pub fn leave(&mut self, addresses: &mut Addresses, now: Duration) {
        if let Some(site) = self.site.take() {
            addresses.leave(site, now);
        }
    }
}
