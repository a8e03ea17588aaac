//! Who is taken in, and what they count against.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tracing::debug;

use super::{
    Server, Tenant,
    connection::{Connection, Refusal, Visitor},
    http::HttpError,
    refusals::Refused,
    stream::Stream,
    world::World,
};
use crate::{
    state::addresses::Excess,
    vocabulary::{
        arrival::{Arrival, Role},
        config::{ADMIN_CONNECTIONS_MAX, REFUSED_CONNECTIONS_MAX},
        id::Key,
        time::Now,
    },
};

/// What a connection counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// Those that are served.
    Served,
    /// The reserve for those that are told that they are not.
    Reserve,
    /// The operator's own.
    Admin,
}

/// How many there are of each, and how many there may be.
#[derive(Debug)]
pub(super) struct Seats {
    taken: [usize; 3],
    most: [usize; 3],
}

impl Seats {
    /// None is taken, and so many connections may be served.
    pub(super) fn new(max_connections: usize) -> Self {
        Self {
            taken: [0; 3],
            most: [
                max_connections,
                REFUSED_CONNECTIONS_MAX,
                ADMIN_CONNECTIONS_MAX,
            ],
        }
    }

    /// Gives one up.
    pub(super) fn leave(&mut self, seat: Seat) {
        self.taken[seat as usize] -= 1;
    }

    fn take(&mut self, seat: Seat) {
        self.taken[seat as usize] += 1;
    }

    fn are_taken(&self, seat: Seat) -> bool {
        self.taken[seat as usize] >= self.most[seat as usize]
    }
}

impl<S: Stream> Server<S> {
    /// Counts some that were closed unanswered.
    pub fn count_turned_away(&mut self, connections: u64) {
        self.world.metrics.turned_away_total += connections;
    }

    /// Takes in a connection, to be served if there is room, or else to be told that it is not, out of a reserve.
    /// `register` is given its key and makes the stream that signals by it. When even the reserve is used up the
    /// connection is turned away: `register` is dropped, and there is no key.
    ///
    /// # Errors
    /// Those of `register`; then nothing was taken in.
    pub fn accept(
        &mut self,
        now: Now,
        arrival: Arrival,
        register: impl FnOnce(Key) -> io::Result<S>,
    ) -> io::Result<Option<Key>> {
        let (seat, greeted) = match arrival.role {
            Role::Admin => (Seat::Admin, Ok(None)),
            Role::Whole | Role::Public => match self.greet(arrival, now.monotonic) {
                Ok(visitor) => (Seat::Served, Ok(visitor)),
                Err(refusal) => (Seat::Reserve, Err(refusal)),
            },
        };
        let (visitor, refusal) = (greeted.ok().flatten(), greeted.err());
        // To be told over TLS takes a handshake, which is what there are too many of.
        let is_costly =
            matches!(refusal, Some(Refusal::Excess(_))) && self.world.config.tls.is_some();
        if let Some(refusal) = refusal.filter(|_| is_costly) {
            let code = HttpError::from(refusal).code;
            self.world.metrics.count_handshake_failure(code);
        }
        if is_costly || self.seats.are_taken(seat) {
            self.count_turned_away(1);
            let error = refusal.map_or_else(HttpError::full, HttpError::from);
            let refused = Refused {
                peer: arrival.peer,
                ..Refused::default()
            };
            self.world.refusals.tell(&error, refused, now.monotonic);
            return Ok(None);
        }
        let entry = self.tenants.vacant_entry();
        let slot = u32::try_from(entry.key()).expect("fewer than 2^32 connections");
        let key = Key {
            slot,
            generation: self.next_generation,
        };
        let is_introduced = self.world.is_introduced(arrival);
        let begun = register(key).and_then(|mut stream| {
            if !is_introduced {
                stream.begin(&[])?;
            }
            Ok(stream)
        });
        let stream = begun.inspect_err(|_| {
            if let Some(mut visitor) = visitor {
                visitor.leave(&mut self.world.addresses, now.monotonic);
            }
        })?;
        let connection = if is_introduced {
            Connection::introduced(stream, slot, arrival, refusal, now.monotonic)
        } else {
            Connection::new(stream, slot, arrival, refusal, visitor, now.monotonic)
        };
        entry.insert(Tenant {
            connection,
            generation: key.generation,
            since: u32::try_from(now.monotonic.as_secs()).unwrap_or(u32::MAX),
            seat,
            is_reader: false,
            is_writer: false,
            is_ended: false,
        });
        self.next_generation = self.next_generation.wrapping_add(1);
        self.seats.take(seat);
        self.world.metrics.accepted_connections_total += 1;
        self.world.connections += 1;
        self.rearm(slot);
        debug!(%key, ?seat, "connection accepted");
        Ok(Some(key))
    }

    /// Looks at one who wants to be served: whether it is to be, and what is to be known of it. Of one who is yet to be
    /// introduced nothing is known.
    fn greet(&mut self, arrival: Arrival, now: Duration) -> Result<Option<Visitor>, Refusal> {
        if self.seats.are_taken(Seat::Served) {
            return Err(Refusal::Full);
        }
        if self.world.is_introduced(arrival) {
            return Ok(None);
        }
        let greeted = self.world.greet(arrival, now);
        greeted.map_err(Refusal::Excess)
    }
}

impl World {
    /// Whether it is a balancer that comes, and says for whom.
    fn is_introduced(&self, arrival: Arrival) -> bool {
        self.config.proxy_protocol && arrival.role != Role::Admin && self.trusts(arrival.peer)
    }

    /// Counts one who comes against the bounds of its address, and says what is to be known of it. A proxy's own address
    /// has none.
    ///
    /// # Errors
    /// It is one too many.
    pub fn greet(&mut self, arrival: Arrival, now: Duration) -> Result<Option<Visitor>, Excess> {
        if !self.addresses.are_bounded() {
            return Ok(None);
        }
        let peer = arrival.peer;
        let is_proxy = self.trusts(peer);
        let site = match peer {
            Some(address) if !is_proxy => Some(self.addresses.enter(address, now)?),
            _ => None,
        };
        Ok((is_proxy || site.is_some()).then_some(Visitor {
            peer,
            site,
            is_proxy,
        }))
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        let mut proxies = self.config.trusted_proxies.iter();
        proxies.any(|proxy| proxy.covers(peer))
    }
}
