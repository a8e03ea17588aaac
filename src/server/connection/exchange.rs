//! The HTTP part of a connection: requests in, responses out, and perhaps an upgrade.

use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, header::ORIGIN};

use super::{Connection, Phase, Refusal, calling::Calling};
use crate::server::{
    endpoint::{Endpoint, SessionKind},
    gate::Admission,
    http::{self as wire, Framing, Head, HttpError, Response},
    query::Query,
    refusals::Refused,
    stream::Stream,
    websocket::{self, Accepted},
    world::World,
};
use crate::state::hub::ClientId;
use crate::vocabulary::{
    arrival::{Arrival, Role},
    config::{Config, TOKEN_TOLL_BYTES},
    forwarded::{Unreadable, client_of},
    reason::Reason,
};

/// For whom a proxy asks. No standard says so, and all proxies do.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Requests and responses, one at a time: the next is looked at when the answer to the one before has left.
#[derive(Debug)]
pub(super) struct Exchange {
    /// How its sender came.
    pub(super) arrival: Arrival,
    pub(super) input: Vec<u8>,
    /// When its sender came.
    came: Duration,
    /// When the wait for the next request began, or for the rest of it.
    pub(super) since: Duration,
    /// Requests that were answered.
    pub(super) answered: u32,
    /// Bytes behind the last request have not been looked at.
    pub(super) has_more: bool,
    /// The metrics were asked for, and are told once the turn has read and expired.
    pub(super) scrape: Option<Manner>,
    /// What is being done for its sender.
    pub(super) calling: Option<Box<Calling>>,
    /// Who does that, in the hub, once anything was asked for.
    pub(super) caller: Option<ClientId>,
    /// Outcomes that are to come of what was asked for by one who did not want to be told.
    pub(super) untold: usize,
}

/// How one is to be answered who waits for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) is_head: bool,
    pub(super) goes_on: bool,
}

impl From<Refusal> for HttpError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full => Self::full(),
            Refusal::Excess(excess) => excess.into(),
        }
    }
}

impl Exchange {
    /// The wait for a first request.
    pub(super) fn new(arrival: Arrival, came: Duration) -> Self {
        Self {
            arrival,
            input: Vec::new(),
            came,
            since: came,
            answered: 0,
            has_more: false,
            scrape: None,
            calling: None,
            caller: None,
            untold: 0,
        }
    }

    /// Whether the next request, or the rest of one, may be looked at.
    pub(super) fn is_open(&self) -> bool {
        let calling = self.calling.as_ref();
        self.scrape.is_none() && calling.is_none_or(|calling| calling.due().is_some())
    }

    /// Whether the call that is under way has more to ask for by now.
    pub(super) fn calls_on(&self) -> bool {
        let calling = self.calling.as_ref();
        calling.is_some_and(|calling| calling.has_more())
    }

    /// Whether nothing is under way that its sender is to be told of.
    pub(super) fn is_at_rest(&self) -> bool {
        self.input.is_empty() && self.calling.is_none()
    }

    /// Bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let calling = self.calling.as_ref();
        size_of::<Self>()
            + self.input.capacity()
            + calling.map_or(0, |calling| calling.heap_bytes())
    }

    /// Until when to wait for the next request, or for the head of one. The first has no more time than its sender has to
    /// come in.
    fn head_due(&self, config: &Config) -> Duration {
        if self.answered == 0 {
            self.came + config.handshake_timeout
        } else if self.input.is_empty() {
            self.since + config.keep_alive_timeout
        } else {
            self.since + config.handshake_timeout
        }
    }

    /// Takes in what arrived. With the first byte of a request the wait for the rest of it begins.
    pub(super) fn hear(&mut self, input: &[u8], now: Duration) {
        if self.input.is_empty() && !input.is_empty() {
            self.since = now;
        }
        self.input.extend_from_slice(input);
    }
}

/// The handshake that a request asks about: browsers keep from pages why theirs failed, so that a page may ask for the same
/// address without one, and name its origin as a parameter. It is answered with what it would have been refused with.
fn handshake_asked_about(request: &Request<()>) -> Option<Request<()>> {
    let origin = Query::of(request.uri()).get("origin")?;
    // What cannot be a header is of no origin that is let in.
    let origin = HeaderValue::try_from(origin).unwrap_or(HeaderValue::from_static("null"));
    let mut handshake = request.clone();
    handshake.headers_mut().insert(ORIGIN, origin);
    Some(handshake)
}

/// For whom a peer asks, if it is a trusted proxy. What it asks on its own account is its own business.
fn client_behind(
    request: &Request<()>,
    peer: Option<IpAddr>,
    world: &World,
) -> Result<Option<IpAddr>, Unreadable> {
    let lines = request.headers().get_all(&X_FORWARDED_FOR).into_iter();
    let entries: Vec<_> = lines
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .collect();
    let proxies = &world.config.trusted_proxies;
    let client = client_of(peer, entries.into_iter(), proxies)?;
    Ok(client.filter(|_| client != peer))
}

impl<S: Stream> Connection<S> {
    /// Answers the request that has arrived, if one has, and returns the bytes that came of it.
    pub(super) fn serve(&mut self, world: &mut World) -> Option<usize> {
        let Phase::Http(exchange) = &mut self.phase else {
            return None;
        };
        match wire::parse(&exchange.input, world.config.max_request_head_bytes) {
            Ok(None) => {
                exchange.has_more = false;
                None
            }
            Ok(Some(head)) => {
                exchange.input.drain(..head.bytes);
                exchange.has_more = !exchange.input.is_empty();
                exchange.answered = exchange.answered.saturating_add(1);
                Some(self.answer(&head, world))
            }
            Err(error) => Some(self.respond_error(&error, None, false, world)),
        }
    }

    fn answer(&mut self, head: &Head, world: &mut World) -> usize {
        let Head {
            request, framing, ..
        } = head;
        let is_head = request.method() == Method::HEAD;
        let Phase::Http(exchange) = &self.phase else {
            return 0;
        };
        let role = exchange.arrival.role;
        let is_last = exchange.answered >= world.config.max_requests;
        let goes_on = wire::keeps_alive(request)
            && !is_last
            && self.refusal.is_none()
            && world.drain.is_none();
        let endpoint = if let Some(refusal) = self.refusal {
            Err(refusal.into())
        } else if world.drain.is_some() && role != Role::Admin {
            Err(HttpError::draining())
        } else {
            Endpoint::of(request, role)
        };
        let has_body = *framing != Framing::None;
        // What follows a body that is not read makes no sense.
        let goes_on = goes_on && (!has_body || matches!(endpoint, Ok(Endpoint::Call(_))));
        let endpoint = match endpoint {
            Ok(Endpoint::Call(call)) => {
                return self.call(call, request, *framing, Manner { is_head, goes_on }, world);
            }
            // Programs are told what else is wrong.
            Err(error) if role == Role::Admin => Err(error),
            _ if has_body => Err(HttpError::body_not_accepted()),
            endpoint => endpoint,
        };
        let mut toll = 0;
        let opened = match endpoint {
            Ok(Endpoint::Response(response)) => {
                return self.respond(&response, is_head, goes_on, Reason::HttpDone, world);
            }
            Ok(Endpoint::Health) if world.drain.is_some() => Err(HttpError::draining()),
            Ok(Endpoint::Health) => match world.health.check() {
                Ok(()) => {
                    let well = Response::ok("text/plain; charset=utf-8", &b"ok"[..]);
                    return self.respond(&well, is_head, goes_on, Reason::HttpDone, world);
                }
                Err(error) => Err(error),
            },
            Ok(Endpoint::Metrics) => {
                if let Phase::Http(exchange) = &mut self.phase {
                    exchange.scrape = Some(Manner { is_head, goes_on });
                    world.scrapers.push(self.slot);
                }
                return 0;
            }
            Ok(Endpoint::Session(kind)) => {
                let mut tried = 0;
                let admitted = world.health.admit();
                let opened = admitted.and_then(|()| self.enter(request, kind, &mut tried, world));
                toll = tried * TOKEN_TOLL_BYTES;
                opened
            }
            Ok(Endpoint::Call(_)) => unreachable!("calls were made above"),
            Err(error) => Err(error),
        };
        let bytes = match opened {
            Ok((kind, admission, accepted)) => self.open(kind, admission, accepted, world),
            Err(error) => self.respond_error(&error, Some(request), goes_on, world),
        };
        bytes + toll
    }

    /// Lets one in who wants a session, with the answer to its handshake; counts the tokens that were tried.
    fn enter(
        &mut self,
        request: &Request<()>,
        kind: SessionKind,
        tried: &mut usize,
        world: &mut World,
    ) -> Result<(SessionKind, Admission, Accepted), HttpError> {
        let accepted = websocket::accept(request, &world.config.compression);
        if accepted.is_err()
            && let Some(handshake) = handshake_asked_about(request)
        {
            self.admit(&handshake, &kind, tried, world)?;
            self.uncharge(world);
        }
        let accepted = accepted?;
        let admission = self.admit(request, &kind, tried, world)?;
        Ok((kind, admission, accepted))
    }

    fn admit(
        &mut self,
        request: &Request<()>,
        kind: &SessionKind,
        tried: &mut usize,
        world: &mut World,
    ) -> Result<Admission, HttpError> {
        self.charge(request, world)?;
        let admission = world.gate.admit(request, kind, world.now.unix_ms, tried);
        admission.inspect_err(|_| self.uncharge(world))
    }

    /// Counts no session any more against the bounds of the client that a proxy asks for.
    fn uncharge(&mut self, world: &mut World) {
        if let Some(visitor) = self.visitor().filter(|visitor| visitor.is_proxy) {
            visitor.leave(&mut world.addresses, world.now.monotonic);
        }
    }

    /// Counts a session against the bounds of the client that a proxy asks for.
    fn charge(&mut self, request: &Request<()>, world: &mut World) -> Result<(), HttpError> {
        self.uncharge(world);
        let Some(visitor) = self.visitor().filter(|visitor| visitor.is_proxy) else {
            return Ok(());
        };
        let client = client_behind(request, visitor.peer, world)
            .map_err(|Unreadable| HttpError::bad_forwarded_for())?;
        if let Some(client) = client {
            visitor.site = Some(world.addresses.enter(client, world.now.monotonic)?);
        }
        Ok(())
    }

    /// Tells the metrics to one who asked for them.
    pub fn report(&mut self, page: &str, world: &mut World) {
        let Phase::Http(exchange) = &mut self.phase else {
            return;
        };
        if let Some(Manner { is_head, goes_on }) = exchange.scrape.take() {
            let page = page.as_bytes().to_vec();
            let response = Response::ok("text/plain; version=0.0.4; charset=utf-8", page);
            self.respond(&response, is_head, goes_on, Reason::HttpDone, world);
        }
    }

    pub(super) fn respond(
        &mut self,
        response: &Response,
        is_head: bool,
        goes_on: bool,
        reason: Reason,
        world: &mut World,
    ) -> usize {
        let bytes = response.encode(world.now.unix_ms, is_head, goes_on);
        let len = bytes.len();
        self.outbox.stage(bytes.into());
        if !goes_on {
            self.close(reason, world);
        }
        len
    }

    pub(super) fn respond_error(
        &mut self,
        error: &HttpError,
        request: Option<&Request<()>>,
        goes_on: bool,
        world: &mut World,
    ) -> usize {
        let is_head = request.is_some_and(|request| request.method() == Method::HEAD);
        self.note_error(error, request, world);
        self.answer_error(error, Manner { is_head, goes_on }, world)
    }

    /// Counts an error, and tells the log of it.
    pub(super) fn note_error(
        &mut self,
        error: &HttpError,
        request: Option<&Request<()>>,
        world: &mut World,
    ) {
        world.metrics.count_handshake_failure(error.code);
        if let Phase::Http(exchange) = &self.phase {
            let peer = exchange.arrival.peer;
            let client = request.and_then(|request| client_behind(request, peer, world).ok()?);
            let path = match (request, &exchange.calling) {
                (Some(request), _) => Some(request.uri().path()),
                (None, Some(calling)) => Some(calling.path()),
                (None, None) => None,
            };
            let refused = Refused {
                peer,
                client,
                path,
                headers: request.map(Request::headers),
            };
            world.refusals.tell(error, refused, world.now.monotonic);
        }
    }

    /// Answers with an error.
    pub(super) fn answer_error(
        &mut self,
        error: &HttpError,
        Manner { is_head, goes_on }: Manner,
        world: &mut World,
    ) -> usize {
        let reason = if self.refusal.is_some() {
            Reason::Refused
        } else {
            Reason::HttpError
        };
        self.respond(&error.into(), is_head, goes_on, reason, world)
    }

    /// When to stop waiting for a request. While an answer is on its way out, that is what is waited for.
    pub(super) fn request_due_at(&self, world: &World) -> Option<Duration> {
        match &self.phase {
            Phase::Http(exchange) if exchange.calling.is_some() => exchange.calling.as_ref()?.due(),
            Phase::Http(exchange)
                if self.outbox.is_empty()
                    && exchange.scrape.is_none()
                    && (exchange.answered == 0 || self.stream.held_bytes() == 0) =>
            {
                Some(exchange.head_due(&world.config))
            }
            _ => None,
        }
    }

    pub(super) fn expire_exchange(&mut self, world: &mut World) {
        let Phase::Http(exchange) = &self.phase else {
            return;
        };
        if !exchange.is_at_rest() {
            self.respond_error(&HttpError::timeout(), None, false, world);
        } else if exchange.answered > 0 {
            self.end(Reason::HttpDone);
        } else {
            self.fail_handshake(Reason::HandshakeTimeout, world);
        }
    }
}
