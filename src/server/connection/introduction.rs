//! What a balancer says before its client speaks: for whom it connects.

use std::mem;
use std::net::IpAddr;
use std::time::Duration;

use super::{Connection, Exchange, Phase, Refusal, Terms};
use crate::server::{
    http::HttpError,
    proxy_protocol::{self, BadHeader},
    refusals::Refused,
    stream::Stream,
    world::World,
};
use crate::vocabulary::{arrival::Arrival, config::PROXY_HEADER_BYTES_MAX, reason::Reason};

/// The wait for a header of the PROXY protocol.
#[derive(Debug)]
pub(super) struct Introduction {
    input: Vec<u8>,
    /// How the balancer came.
    arrival: Arrival,
    /// When it did.
    pub(super) since: Duration,
}

impl Introduction {
    /// Of one who has said nothing yet.
    pub(super) fn new(arrival: Arrival, since: Duration) -> Self {
        Self {
            input: Vec::new(),
            arrival,
            since,
        }
    }

    /// Bytes that there is room for. What is no header by then is none.
    pub(super) fn room(&self) -> usize {
        PROXY_HEADER_BYTES_MAX - self.input.len()
    }

    /// Bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.input.capacity()
    }
}

impl<S: Stream> Connection<S> {
    /// Hears a balancer out, and then the client whom it names. Returns the bytes that came of it.
    pub(super) fn be_introduced(&mut self, input: &[u8], world: &mut World) -> usize {
        let Phase::Introduction(introduction) = &mut self.phase else {
            return 0;
        };
        introduction.input.extend_from_slice(input);
        match proxy_protocol::parse(&introduction.input) {
            Ok(None) => 0,
            Ok(Some((client, bytes))) => {
                let Introduction { arrival, since, .. } = **introduction;
                let input = mem::take(&mut introduction.input);
                let arrival = Arrival {
                    peer: client.or(arrival.peer),
                    ..arrival
                };
                self.phase = Phase::Http(Box::new(Exchange::new(arrival, since)));
                self.begin(arrival, &input[bytes..], world)
            }
            Err(BadHeader) => {
                let peer = introduction.arrival.peer;
                self.turn_away(&HttpError::proxy_header(), peer, Reason::ProxyHeader, world);
                0
            }
        }
    }

    /// Begins with a client who has been introduced, and said something already. One too many of its address is told so
    /// in the place that it has; over TLS that would take a handshake, which is what there are too many of.
    fn begin(&mut self, arrival: Arrival, rest: &[u8], world: &mut World) -> usize {
        if self.refusal.is_none() {
            match world.greet(arrival, world.now.monotonic) {
                Ok(visitor) => self.terms = Terms::of_visitor(visitor),
                Err(excess) if world.config.tls.is_some() => {
                    self.turn_away(&excess.into(), arrival.peer, Reason::Refused, world);
                    return 0;
                }
                Err(excess) => self.refusal = Some(Refusal::Excess(excess)),
            }
        }
        match self.stream.begin(rest) {
            Ok(rest) => self.receive(rest, world),
            Err(error) => {
                self.fail(&error, world);
                0
            }
        }
    }

    /// Ends it unanswered, for what an error says.
    fn turn_away(
        &mut self,
        error: &HttpError,
        peer: Option<IpAddr>,
        reason: Reason,
        world: &mut World,
    ) {
        world.metrics.count_handshake_failure(error.code);
        let refused = Refused {
            peer,
            ..Refused::default()
        };
        world.refusals.tell(error, refused, world.now.monotonic);
        self.end(reason);
    }
}
