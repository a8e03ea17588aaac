//! A request that has something done, from its head to its answer: who asks, what they send, and what came of it.

use std::time::Duration;

use bytes::Bytes;
use http::{
    Request, StatusCode, Uri, Version,
    header::{EXPECT, HeaderValue},
};

use super::{Connection, Phase, exchange::Manner};
use crate::{
    server::{
        api::{Asked, Call, Errand, Knock, Pending},
        http::{Body, Framing, HttpError, Response, Share},
        stream::Stream,
        world::World,
    },
    state::{hub::ClientId, metrics::Metrics, outcome::Outcome},
    vocabulary::{config::TOKEN_TOLL_BYTES, reason::Reason},
};

/// What one is told who asks whether to send the body (RFC 9110, section 15.2.1).
const CONTINUE: Bytes = Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n");

/// A call on its way. Nothing of the next request is looked at before it is answered.
#[derive(Debug)]
pub(super) struct Calling {
    /// Who makes it, in the hub.
    client: ClientId,
    /// What they asked for.
    uri: Uri,
    manner: Manner,
    /// Its body, as long as that is not all there.
    arriving: Option<Arriving>,
    /// What of it is under way.
    pending: Option<Pending>,
}

/// A call whose body comes.
#[derive(Debug)]
struct Arriving {
    asked: Asked,
    body: Body,
    share: Share,
    /// Until when it is waited for.
    due: Duration,
    /// Whether its sender is to be told to send it.
    is_held_back: bool,
}

impl Calling {
    /// Until when its body is waited for, as long as that is not all there.
    pub(super) fn due(&self) -> Option<Duration> {
        Some(self.arriving.as_ref()?.due)
    }

    /// The path that was asked for.
    pub(super) fn path(&self) -> &str {
        self.uri.path()
    }

    /// Bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let arriving = self.arriving.as_ref();
        let pending = self.pending.as_ref();
        size_of::<Self>()
            + arriving.map_or(0, |arriving| arriving.body.heap_bytes())
            + pending.map_or(0, Pending::heap_bytes)
    }

    /// Takes what is there of its body off the input, and makes the call once that is all. Returns how many bytes that was, or
    /// how many were said where they are more.
    fn hear(&mut self, input: &mut Vec<u8>, world: &mut World) -> Result<usize, HttpError> {
        let Some(arriving) = &mut self.arriving else {
            return Ok(0);
        };
        let taken = arriving.body.take(input)?;
        input.drain(..taken);
        arriving.share.grow_to(arriving.body.bytes().len())?;
        let Some(Arriving { asked, body, .. }) =
            self.arriving.take_if(|arriving| arriving.body.is_whole())
        else {
            return Ok(taken);
        };
        let (pending, said) = asked.make(body.into_bytes(), self.client, world)?;
        self.pending = Some(pending);
        Ok(taken.max(said))
    }

    /// Whether there is more to ask for by now.
    pub(super) fn has_more(&self) -> bool {
        self.pending.as_ref().is_some_and(Pending::has_more)
    }

    /// Asks for it. Returns the bytes that were said.
    fn go_on(&mut self, world: &mut World) -> Result<usize, HttpError> {
        let pending = self.pending.as_mut();
        pending.map_or(Ok(0), |pending| pending.go_on(self.client, world))
    }

    /// What it is answered, if that is known, and how many outcomes are to come that nobody waits for.
    fn answer(&mut self, metrics: &mut Metrics) -> Option<(Response, usize)> {
        self.pending.as_mut()?.answer(metrics)
    }
}

impl<S: Stream> Connection<S> {
    /// Begins a call if its sender may make it. Returns the bytes that came of it.
    pub(super) fn call(
        &mut self,
        call: Call,
        request: &Request<()>,
        framing: Framing,
        manner: Manner,
        world: &mut World,
    ) -> usize {
        let mut tried = 0;
        let admitted = self.admit_call(call, request, framing, &mut tried, world);
        let bytes = match admitted {
            Ok(arriving) => {
                self.begin_call(arriving, request.uri(), manner, world);
                self.go_on_calling(world)
            }
            Err(error) => {
                let is_over = error.status == StatusCode::TOO_MANY_REQUESTS;
                let goes_on = manner.goes_on && framing == Framing::None && !is_over;
                self.respond_error(&error, Some(request), goes_on, world)
            }
        };
        bytes + tried * TOKEN_TOLL_BYTES
    }

    /// Looks at a call before any of its body is: only from one who may make it that is wanted.
    fn admit_call(
        &self,
        call: Call,
        request: &Request<()>,
        framing: Framing,
        tried: &mut usize,
        world: &mut World,
    ) -> Result<Arriving, HttpError> {
        let Phase::Http(exchange) = &self.phase else {
            unreachable!("what is asked is asked in an exchange");
        };
        let knock = Knock {
            request,
            peer: exchange.arrival.peer,
            now: world.now,
        };
        let caller = world.door.admit(knock, world.gate.keyring(), tried)?;
        if !caller.rights().include(call.right()) {
            return Err(HttpError::not_allowed(call.right()));
        }
        if !call.takes_body() && framing != Framing::None {
            return Err(HttpError::body_not_accepted());
        }
        if call.is_sequenced() {
            world.health.admit()?;
        }
        let body = Body::new(framing)?;
        let asked = call.asked(caller, request.headers())?;
        // Who sends it all the same need not be asked to (RFC 9110, section 10.1.1).
        let is_due = !body.is_whole() && exchange.input.is_empty();
        Ok(Arriving {
            asked,
            body,
            share: world.bodies.share(),
            due: exchange.since + world.config.request_timeout,
            is_held_back: waits_for_word(request)? && is_due,
        })
    }

    fn begin_call(&mut self, arriving: Arriving, uri: &Uri, manner: Manner, world: &mut World) {
        if arriving.is_held_back {
            self.outbox.stage(CONTINUE);
        }
        let slot = self.slot;
        if let Phase::Http(exchange) = &mut self.phase {
            let greet = || world.commons.greet_caller(slot);
            exchange.calling = Some(Box::new(Calling {
                client: *exchange.caller.get_or_insert_with(greet),
                uri: uri.clone(),
                manner,
                arriving: Some(arriving),
                pending: None,
            }));
        }
    }

    /// Goes on with a call whose body is there, or takes what has arrived of that. Returns the bytes that came of it.
    pub(super) fn go_on_calling(&mut self, world: &mut World) -> usize {
        let Phase::Http(exchange) = &mut self.phase else {
            return 0;
        };
        let Some(calling) = &mut exchange.calling else {
            return 0;
        };
        let heard = if calling.has_more() {
            calling.go_on(world)
        } else {
            calling.hear(&mut exchange.input, world)
        };
        // What is left of a body that is not all there waits for more of it.
        exchange.has_more = calling.arriving.is_none() && !exchange.input.is_empty();
        self.is_rearmed = true;
        self.answer_call(heard, world)
    }

    /// Takes what came of the next that the call under way asked for. Returns the bytes of its answer, if that was all.
    pub fn hear_outcome(&mut self, outcome: Outcome, world: &mut World) -> usize {
        let Phase::Http(exchange) = &mut self.phase else {
            return 0;
        };
        if exchange.untold > 0 {
            exchange.untold -= 1;
            return 0;
        }
        let Some(calling) = &mut exchange.calling else {
            return 0;
        };
        let pending = calling.pending.as_mut();
        let heard = pending.map_or(Ok(()), |pending| pending.hear(outcome));
        self.answer_call(heard.map(|()| 0), world)
    }

    /// The errand that its call waits for, if it does.
    pub fn errand(&self) -> Option<&Errand> {
        match &self.phase {
            Phase::Http(exchange) => exchange.calling.as_ref()?.pending.as_ref()?.errand(),
            Phase::Introduction(_) | Phase::Open(_) | Phase::Closing(_) => None,
        }
    }

    /// Takes what came of the errand that the call under way waits for. Returns the bytes of its answer.
    pub fn hear_errand(&mut self, done: Result<Response, HttpError>, world: &mut World) -> usize {
        let Phase::Http(exchange) = &mut self.phase else {
            return 0;
        };
        let Some(pending) = exchange
            .calling
            .as_mut()
            .and_then(|calling| calling.pending.as_mut())
        else {
            return 0;
        };
        let heard = done.map(|response| pending.hear_errand(response));
        self.answer_call(heard.map(|()| 0), world)
    }

    /// Forgets the call that is under way.
    fn end_call(&mut self) {
        if let Phase::Http(exchange) = &mut self.phase {
            exchange.calling = None;
        }
    }

    /// Answers a call if that can be done by now. Returns the bytes that were said, and those of the answer.
    fn answer_call(&mut self, heard: Result<usize, HttpError>, world: &mut World) -> usize {
        let Phase::Http(exchange) = &mut self.phase else {
            return 0;
        };
        let Some(calling) = &mut exchange.calling else {
            return 0;
        };
        let client = calling.client;
        let Manner { is_head, goes_on } = calling.manner;
        let goes_on = goes_on && world.drain.is_none();
        match heard {
            Ok(said) => {
                let Some((answer, untold)) = calling.answer(&mut world.metrics) else {
                    return said;
                };
                exchange.calling = None;
                exchange.untold += untold;
                self.is_held = world.commons.holds(client);
                said + self.respond(&answer, is_head, goes_on, Reason::HttpDone, world)
            }
            Err(error) => {
                // What follows a body that makes no sense makes none either.
                let goes_on = goes_on && calling.arriving.is_none();
                self.note_error(&error, None, world);
                self.end_call();
                self.answer_error(&error, Manner { is_head, goes_on }, world)
            }
        }
    }
}

/// Whether a request waits to be told to send its body. In HTTP/1.0 there is no such word.
fn waits_for_word(request: &Request<()>) -> Result<bool, HttpError> {
    let expectations = request.headers().get_all(EXPECT);
    let is_known = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if !expectations.iter().all(is_known) {
        return Err(HttpError::expectation());
    }
    Ok(request.headers().contains_key(EXPECT) && request.version() >= Version::HTTP_11)
}
