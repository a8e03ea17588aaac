//! What all sessions act on, and the one way to act on it: through the engine.

use std::mem;
use std::time::Duration;

use super::{
    dialect::{
        chat::{self, Asked, Registry},
        relay,
    },
    engine::{Action, Actor, Deed, Engine, Local, Sequenced},
    hub::{ClientId, Hub},
};
use crate::vocabulary::{config::Config, time::Now};

/// The channels, the people of the chat, and the engine that says in which order things happen to them.
#[derive(Debug)]
pub struct Commons {
    /// Who is in which channel.
    pub hub: Hub,
    /// Who is who in the chat.
    pub registry: Registry,
    engine: Box<dyn Engine>,
    /// Slots of clients that may be read again.
    relieved: Vec<u32>,
}

impl Commons {
    /// Nobody yet. The seed decides ids and epochs.
    pub fn new(config: &Config, seed: u64) -> Self {
        Self::with_engine(config, seed, Box::new(Local))
    }

    /// The same, with another engine.
    pub fn with_engine(config: &Config, seed: u64, engine: Box<dyn Engine>) -> Self {
        let (registry, origin) = Registry::new(config, seed);
        Self {
            hub: Hub::new(config.history, origin),
            registry,
            engine,
            relieved: Vec::new(),
        }
    }

    /// Does something once it is sequenced, which may be at once. Returns the bytes that came of it by now.
    pub(super) fn act(&mut self, client: ClientId, deed: Deed<'_>, asked: Asked<'_>) -> usize {
        let bytes = deed.bytes();
        let is_answered = deed.is_answered();
        let actor = Actor::Ours(client);
        let action = Action { actor, deed };
        if let Some(sequenced) = self.engine.submit(action, self.hub.now()) {
            return self.fold(sequenced, asked);
        }
        if is_answered {
            self.registry.wait(client, asked);
        }
        self.hub.send_off(client, bytes);
        0
    }

    /// Does what was sequenced since. Returns the bytes that came of it.
    pub fn advance(&mut self, now: Now) -> usize {
        self.hub.begin_turn(now);
        let mut said = 0;
        while let Some(sequenced) = self.engine.next(now) {
            let Actor::Ours(client) = sequenced.action.actor else {
                said += self.fold(sequenced, Asked::default());
                continue;
            };
            let deed = &sequenced.action.deed;
            let (bytes, is_answered) = (deed.bytes(), deed.is_answered());
            let waited = is_answered.then(|| self.registry.waited(client));
            let asked = waited.as_ref().map(Asked::of).unwrap_or_default();
            said += self.fold(sequenced, asked);
            if is_answered {
                said += chat::look_on(self, client);
            }
            self.relieve(client, bytes);
        }
        said
    }

    /// Notes that so many bytes of a client wait no more.
    pub(super) fn relieve(&mut self, client: ClientId, bytes: usize) {
        self.relieved.extend(self.hub.take_back(client, bytes));
    }

    /// Slots of clients that may be read again.
    pub fn take_relieved(&mut self) -> Vec<u32> {
        mem::take(&mut self.relieved)
    }

    /// Says and forgets what is due.
    pub fn expire(&mut self, now: Now) {
        self.hub.begin_turn(now);
        self.registry.expire(&mut self.hub);
        self.hub.expire();
    }

    /// When there is something to do that nobody's message brings about.
    pub fn due(&self) -> Option<Duration> {
        let due = [self.registry.next(), self.hub.due(), self.engine.due()];
        due.into_iter().flatten().min()
    }

    fn fold(&mut self, sequenced: Sequenced<'_>, asked: Asked<'_>) -> usize {
        let Sequenced { action, unix_ms } = sequenced;
        match action.deed {
            Deed::Relay {
                channel,
                kind,
                body,
            } => relay::fold(&mut self.hub, action.actor, &channel, kind, &body, unix_ms),
            deed => chat::fold(
                &mut self.hub,
                &mut self.registry,
                action.actor,
                deed,
                asked,
                unix_ms,
            ),
        }
    }
}
