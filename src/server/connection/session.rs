//! The session of a WebSocket: how it begins, and what its peer says in it.

use std::mem;

use super::{Connection, Phase, Terms, meter::Sent};
use crate::{
    server::{
        endpoint::SessionKind,
        gate::Admission,
        stream::Stream,
        websocket::{Accepted, Received, WebSocket},
        world::World,
    },
    state::dialect::{Dialect, chat::Chat, relay::Relay},
    vocabulary::{config::RECEIVE_BYTES_MAX, frame, reason::Reason},
};

/// A WebSocket, and what is spoken on it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) websocket: WebSocket,
    pub(super) dialect: Dialect,
}

impl<S: Stream> Connection<S> {
    /// Begins the session, and hears what the client sent along with its request. Returns the bytes that came of it.
    pub(super) fn open(
        &mut self,
        kind: SessionKind,
        admission: Admission,
        accepted: Accepted,
        world: &mut World,
    ) -> usize {
        let Admission { pass, expires_at } = admission;
        let Accepted {
            response,
            coding,
            agent,
        } = accepted;
        let dialect = match kind {
            SessionKind::Relay {
                channel,
                form,
                last,
            } => Dialect::Relay(Relay::join(
                &mut world.commons.hub,
                self.slot,
                &channel,
                form,
                coding,
                last,
                pass.rights.may_publish(&channel),
            )),
            SessionKind::Echo => Dialect::Echo,
            SessionKind::Chat { name, email } => {
                let email = email.as_deref();
                let (commons, now) = (&mut world.commons, world.now);
                let chat = Chat::enter(commons, self.slot, coding, &name, email, pass, now);
                Dialect::Chat(Box::new(chat))
            }
        };
        let bytes = response.len();
        self.outbox.stage(response.into());
        let session = Session {
            websocket: world.protocol.begin(coding, &agent),
            dialect,
        };
        Terms::begin_session(&mut self.terms, expires_at, world);
        self.is_rearmed = true;
        match mem::replace(&mut self.phase, Phase::Open(session)) {
            Phase::Http(exchange) => bytes + self.hear(&exchange.input, world),
            Phase::Introduction(_) | Phase::Open(_) | Phase::Closing(_) => bytes,
        }
    }

    /// Hears WebSocket bytes, and returns how many bytes came of them, in channels and answers.
    pub(super) fn hear(&mut self, input: &[u8], world: &mut World) -> usize {
        let Phase::Open(session) = &mut self.phase else {
            return 0;
        };
        let Session { websocket, dialect } = session;
        let World {
            protocol,
            replies,
            commons,
            refusals,
            now,
            ..
        } = world;
        let mut heard = 0;
        let mut fault = None;
        let mut bytes = 0;
        let received = websocket.receive(protocol, input, replies, |message, coding| {
            heard += 1;
            match dialect.hear(message, coding, commons, &mut self.outbox, *now) {
                Ok(said) => bytes += said,
                Err(reason) => fault = Some(reason),
            }
        });
        let toll = protocol.toll();
        self.is_held = dialect.client().is_some_and(|client| commons.holds(client));
        world.metrics.messages_received[dialect.name() as usize] += heard;
        let pings = frame::count_controls(replies);
        if !replies.is_empty() {
            self.outbox.stage(frame::replies(replies));
            replies.clear();
        }
        match received {
            Ok(Received::Open) => {}
            Ok(Received::Closed(answer)) => {
                self.close(Reason::ClosedByPeer, world);
                self.outbox.close(answer.into());
            }
            Err(reason) => {
                if reason == Reason::ContextKept {
                    refusals.tell_context_kept(protocol.agent(websocket), now.monotonic);
                }
                self.close(reason, world);
            }
        }
        if let Some(reason) = fault {
            self.close(reason, world);
        }
        let sent = Sent {
            messages: heard,
            bytes: toll.inflated as u64,
            pings,
        };
        self.measure(sent, world);
        if toll.waits {
            // It has had its share of the turn, or would ask again and again.
            return RECEIVE_BYTES_MAX;
        }
        bytes.max(input.len() + toll.inflated)
    }
}
