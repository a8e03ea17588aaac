//! Programs: what they have done, and what they are told of it.

use std::mem;

use super::Commons;
use crate::{
    state::{
        batch::Form,
        channel::Departure,
        dialect::{
            chat::{self, Asked, Dismissal},
            relay,
        },
        engine::{Action, Actor, Deed, Event, Sequenced},
        hub::ClientId,
        outcome::Outcome,
    },
    vocabulary::coding::Coding,
};

impl Commons {
    /// One who asks on behalf of a program, by the connection in a slot.
    pub fn greet_caller(&mut self, slot: u32) -> ClientId {
        let caller = self.hub.enter(Some(slot), Form::Joined, Coding::Plain);
        self.callers.greet(caller);
        caller
    }

    /// Does something for it once it is sequenced, which may be at once: what came of it is told
    /// [with that of others](Self::take_outcomes). Returns the bytes that came of it by now.
    pub fn call(&mut self, caller: ClientId, deed: Deed<'_>) -> usize {
        let bytes = deed.bytes();
        let actor = Actor::Ours(caller);
        match self.engine.submit(Action { actor, deed }, self.hub.now()) {
            Some(Sequenced {
                event: Event::Refused { why, .. },
                ..
            }) => {
                self.callers.refuse(caller, why);
                0
            }
            Some(sequenced) => self.fold(sequenced, Asked::default()),
            None => {
                self.callers.wait(caller);
                self.hub.send_off(caller, bytes);
                0
            }
        }
    }

    /// What came of what programs asked for since this was last asked, in the order in which each did, by the slots of those
    /// that are still there. To be asked in every turn.
    pub fn take_outcomes(&mut self) -> Vec<(u32, Outcome)> {
        let outcomes = self.callers.take().into_iter();
        let outcomes = outcomes.filter_map(|(of, outcome)| Some((self.hub.slot(of)?, outcome)));
        outcomes.collect()
    }

    /// One asks no more. What it has under way goes on, and what comes of that is told to nobody.
    pub fn part_caller(&mut self, caller: ClientId) {
        self.callers.part(caller);
        self.hub.exit(caller, Departure::Vanishes);
    }

    /// Connections that programs have closed since this was last asked. To be asked in every turn.
    pub fn take_dismissed(&mut self) -> Vec<Dismissal> {
        mem::take(&mut self.dismissed)
    }

    /// Does what was sequenced; if a program of ours does it, it is told what came of it. Returns the bytes of that.
    pub(super) fn do_deed(&mut self, actor: Actor, deed: Deed<'_>, asked: Asked<'_>) -> usize {
        let Self { hub, registry, .. } = self;
        let (said, outcome) = match deed {
            Deed::Relay {
                channel,
                kind,
                body,
            } => {
                let said = relay::fold(hub, actor, &channel, kind, &body);
                (said, Outcome::Relayed)
            }
            Deed::Publish {
                channel,
                body,
                once,
            } => chat::publish(hub, registry, &channel, &body, once.as_deref()),
            Deed::Whisper { target, body, once } => {
                chat::whisper(hub, registry, &target, &body, once.as_deref())
            }
            Deed::Expel { target, channel } => chat::expel(hub, registry, &target, &channel),
            Deed::Dismiss {
                target,
                code,
                words,
            } => {
                let (here, outcome) = chat::dismiss(hub, registry, &target, code, &words);
                self.dismissed.extend(here);
                (0, outcome)
            }
            deed => return chat::fold(hub, registry, actor, deed, asked),
        };
        if let Actor::Ours(client) = actor {
            self.callers.answer(client, outcome);
        }
        said
    }
}
