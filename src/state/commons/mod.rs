//! What all sessions act on, and the one way to act on it: through the engine.

mod callers;
mod calling;
mod telling;

use std::mem;
use std::time::Duration;

use self::callers::Callers;
use super::{
    agreement::{Agreement, Voucher},
    dialect::chat::{self, Asked, Dismissal, Registry, Returning},
    engine::{Action, Actor, Deed, Engine, Event, Local, Pressure, Refusal, Sequenced},
    hub::{ClientId, Hub},
    outcome::Outcome,
    press::Press,
    snapshot::{Reading, SnapshotError, Writing},
};
use crate::vocabulary::{
    config::{Config, TURN_LEARNT_BYTES_MAX, TURN_RETURNING_MAX, TURN_SNAPSHOT_BYTES_MAX},
    id::NodeId,
    time::{Moment, Now},
};

/// The channels, the people of the chat, and the engine that says in which order things happen to them.
#[derive(Debug)]
pub struct Commons {
    /// Who is in which channel.
    pub hub: Hub,
    /// Who is who in the chat.
    pub registry: Registry,
    engine: Box<dyn Engine>,
    /// Why all that is known here is of no use any more, if it is not.
    loss: Option<Loss>,
    /// Whether other servers make the same of the sequence.
    agreement: Agreement,
    /// Those who are here and not back in the chat since that was so.
    returning: Returning,
    /// What a server that comes is to be told, while it is written.
    writing: Option<(NodeId, Writing)>,
    /// How far it has come with what it is told itself.
    reading: Reading,
    /// Whether clients are held because too much of all is under way.
    is_pressed: bool,
    /// Slots of clients that may be read again.
    relieved: Vec<u32>,
    /// Slots of clients of the relay who said what was not passed on.
    turned_out: Vec<u32>,
    /// Programs that have something done.
    callers: Callers,
    /// Connections that a program has closed.
    dismissed: Vec<Dismissal>,
}

/// What a server has lost that knows the chat no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// Its place among the others, who go on: for them its people have left.
    Touch,
    /// What all of them shared.
    Everything,
}

impl Commons {
    /// Nobody yet. The seed decides ids and epochs.
    pub fn new(config: &Config, seed: u64) -> Self {
        Self::with_engine(config, seed, Box::new(Local))
    }

    /// The same, with another engine.
    pub fn with_engine(config: &Config, seed: u64, engine: Box<dyn Engine>) -> Self {
        let (registry, origin) = Registry::new(config, seed, engine.is_shared());
        // What others share is counted as they count it.
        let origin = if engine.is_shared() { 0 } else { origin };
        let press = Press::new(config.compression.min_bytes);
        Self {
            hub: Hub::new(config.history, origin).with_press(press),
            registry,
            engine,
            loss: None,
            agreement: Agreement::default(),
            returning: Returning::default(),
            writing: None,
            reading: Reading::default(),
            is_pressed: false,
            relieved: Vec::new(),
            turned_out: Vec::new(),
            callers: Callers::default(),
            dismissed: Vec::new(),
        }
    }

    /// Does something once it is sequenced, which may be at once. Returns the bytes that came of it by now.
    pub(super) fn act(&mut self, client: ClientId, deed: Deed<'_>, asked: Asked<'_>) -> usize {
        if !self.returning.is_empty() {
            if deed == Deed::Exit && self.registry.dismiss(&mut self.hub, client) {
                return 0;
            }
            self.return_one(client);
        }
        let bytes = deed.bytes();
        let is_answered = deed.is_answered();
        let actor = Actor::Ours(client);
        let action = Action { actor, deed };
        if let Some(sequenced) = self.engine.submit(action, self.hub.now()) {
            if let Event::Refused { why, .. } = sequenced.event
                && let Some(bytes) = self.registry.wait_for_refusal(client, why, asked.reference)
            {
                self.hub.send_off(client, bytes);
                return 0;
            }
            return self.fold(sequenced, asked);
        }
        if is_answered {
            self.registry.wait(client, asked);
        }
        self.hub.send_off(client, bytes);
        0
    }

    /// Notes the time. By that of a sequence that nobody shares, says and forgets what is due.
    pub fn begin_turn(&mut self, now: Now) {
        self.hub.begin_turn(now);
        self.hub.expire();
        if !self.engine.is_shared() {
            reach(&mut self.hub, &mut self.registry, now.into());
        }
    }

    /// Does what was sequenced since. Returns the bytes that came of it.
    pub fn advance(&mut self, now: Now) -> usize {
        self.hub.begin_turn(now);
        self.write_on(TURN_SNAPSHOT_BYTES_MAX);
        self.return_some();
        // Whoever is gone with its server is so before anything that is later.
        let mut said = chat::vanish(&mut self.hub, &mut self.registry);
        while self.loss.is_none()
            && !self.registry.is_vanishing()
            && let Some(more) = self.overhear().or_else(|| self.take_next(now))
        {
            said += more;
        }
        said
    }

    /// Does what others say next in the sequence, if that is next. Returns the bytes that were said.
    fn overhear(&mut self) -> Option<usize> {
        let Self {
            engine,
            hub,
            registry,
            ..
        } = self;
        engine.overhear(&mut |moment, sayings| {
            go_on(hub, registry, moment);
            chat::overhear(hub, registry, sayings)
        })
    }

    /// Does what is next in the sequence, if anything is. Returns the bytes that came of it.
    fn take_next(&mut self, now: Now) -> Option<usize> {
        let sequenced = self.engine.next(now, self.registry.next())?;
        Some(self.take(sequenced))
    }

    /// Writes on what a server that comes is to be told, about so many bytes, and hands it over once that is all.
    fn write_on(&mut self, bytes: usize) {
        let Some((newcomer, mut writing)) = self.writing.take() else {
            return;
        };
        if writing.go_on(&mut self.hub, &mut self.registry, bytes) {
            self.engine.give(newcomer, writing.into_bytes());
        } else {
            self.writing = Some((newcomer, writing));
        }
    }

    /// Has those who are here and not back in the chat do so, a share of them in each turn.
    fn return_some(&mut self) {
        let mut share = TURN_RETURNING_MAX;
        while share > 0
            && self.may_return()
            && let Some(client) = self.returning.next()
        {
            share = share.saturating_sub(1 + self.return_one(client));
        }
    }

    /// Whether those who are to come back may.
    fn may_return(&self) -> bool {
        !self.returning.is_empty()
            && self.engine.is_ready()
            && self.engine.pressure() < Pressure::High
    }

    /// Has one do so, if it is one of them, and returns to how many channels it comes back.
    fn return_one(&mut self, client: ClientId) -> usize {
        let Some(deed) = self.returning.deed_of(client, &mut self.registry) else {
            return 0;
        };
        let bytes = deed.bytes();
        let Deed::Return { channels, .. } = &deed else {
            return 0;
        };
        let channels = channels.len();
        let actor = Actor::Ours(client);
        let given = self.engine.submit(Action { actor, deed }, self.hub.now());
        debug_assert!(given.is_none(), "who lost track of something is late");
        self.hub.send_off(client, bytes);
        channels
    }

    /// Begins anew where all that was known here is of no use any more; all that was said is to be handed out before.
    pub fn begin_anew(&mut self) {
        if let Some(loss) = self.loss.take() {
            if loss == Loss::Everything {
                self.registry.lose_events();
            }
            self.forget(loss == Loss::Touch);
        }
    }

    /// Forgets what was learnt by halves.
    pub fn unlearn(&mut self) {
        self.forget(self.returning.is_told());
    }

    /// Forgets everything that is known here of the chat, and what is under way. Those who are here come back as soon as the
    /// engine takes what they do; `is_told` says whether others, who went on meanwhile, are told in their channels. On a relay
    /// nobody can be told what became of their words, or what others said meanwhile: they go. Programs are told that nobody knows.
    fn forget(&mut self, is_told: bool) {
        self.engine.forget();
        self.writing = None;
        self.reading = Reading::default();
        self.agreement = Agreement::default();
        self.callers.give_up();
        let clients = self.hub.give_up();
        self.returning = chat::uproot(&mut self.hub, &mut self.registry, is_told);
        for (client, is_unheard) in clients {
            if self.registry.is_here(client) || self.callers.knows(client) {
                self.relieved.extend(self.hub.slot(client));
            } else if is_unheard || is_told {
                self.turned_out.extend(self.hub.slot(client));
            }
        }
    }

    /// Makes a share of what another server knows known to this one, which knew nothing of the chat before. Returns whether
    /// that was all; else the same is to be learnt on in the next turn, or to be [unlearnt](Self::unlearn).
    ///
    /// # Errors
    /// It is not what a server knows; this one is of no use then.
    pub fn learn(&mut self, snapshot: &[u8]) -> Result<bool, SnapshotError> {
        let Self { hub, registry, .. } = self;
        self.reading
            .go_on(hub, registry, snapshot, TURN_LEARNT_BYTES_MAX)
    }

    /// Whether it is to learn on.
    pub fn is_learning(&self) -> bool {
        self.reading.is_begun()
    }

    /// Whether others have the same sequence, so that what is done here comes back to it later.
    pub fn is_shared(&self) -> bool {
        self.engine.is_shared()
    }

    /// When messages were said here that came back since this was last asked, and how many then.
    pub fn take_returned(&mut self) -> Vec<(Duration, u64)> {
        self.engine.take_returned()
    }

    /// Whether this server was taken for gone, or all is lost that it shared. What comes later in the sequence waits until
    /// it has [begun anew](Self::begin_anew).
    pub fn is_over(&self) -> bool {
        self.loss.is_some()
    }

    /// Does what was not given back at once. Returns the bytes that came of it.
    fn take(&mut self, sequenced: Sequenced<'_>) -> usize {
        let (client, deed) = match &sequenced.event {
            Event::Action(Action {
                actor: Actor::Ours(client),
                deed,
            })
            | Event::Refused { client, deed, .. } => (client, deed),
            Event::Action(_)
            | Event::Nothing
            | Event::Alive { .. }
            | Event::Settled(_)
            | Event::Death(_)
            | Event::Desertion(_)
            | Event::Burial
            | Event::Lost
            | Event::Asked { .. } => {
                return self.fold(sequenced, Asked::default());
            }
        };
        let (client, bytes, is_answered) = (*client, deed.bytes(), deed.is_answered());
        let waited = is_answered.then(|| self.registry.waited(client));
        let asked = waited.as_ref().map(Asked::of).unwrap_or_default();
        let mut said = self.fold(sequenced, asked);
        if is_answered {
            said += chat::look_on(self, client);
        }
        self.relieve(client, bytes);
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

    /// Whether a client is not to be read for now: too much of its own is under way, or anything while too much of all is.
    pub fn holds(&mut self, client: ClientId) -> bool {
        let is_pressed = self.hub.has_under_way(client) && self.engine.pressure() == Pressure::High;
        self.is_pressed |= is_pressed;
        is_pressed || self.hub.is_held(client)
    }

    /// Whether clients are held because too much of all was under way, and that is so no more. Said once.
    pub fn take_eased(&mut self) -> bool {
        self.is_pressed
            && self.engine.pressure() == Pressure::Low
            && mem::take(&mut self.is_pressed)
    }

    /// Slots of clients of the relay who said what was not passed on, and have no other way to be told.
    pub fn take_turned_out(&mut self) -> Vec<u32> {
        mem::take(&mut self.turned_out)
    }

    /// When there is something to do that nobody's message brings about.
    pub fn due(&self) -> Option<Duration> {
        let has_more = self.writing.is_some() || self.is_learning();
        if has_more || self.may_return() || self.registry.is_vanishing() {
            return Some(Duration::ZERO);
        }
        // In the time of a sequence that others share too, something is forgotten whenever that goes on.
        let lapses_at = self.hub.lapses_at().filter(|_| !self.engine.is_shared());
        let says_at = self.engine.due(self.registry.next());
        let due = [lapses_at, says_at, self.hub.due()];
        due.into_iter().flatten().min()
    }

    fn fold(&mut self, sequenced: Sequenced<'_>, asked: Asked<'_>) -> usize {
        let Sequenced { event, moment } = sequenced;
        match event {
            Event::Refused { .. } => {}
            // What is lost goes on no more: others may have known more of it than is known here.
            Event::Lost => self.hub.begin_at(moment),
            _ => go_on(&mut self.hub, &mut self.registry, moment),
        }
        match event {
            Event::Action(Action { actor, deed }) => self.do_deed(actor, deed, asked),
            Event::Nothing => 0,
            Event::Alive {
                node,
                number,
                said,
                ours,
            } => {
                // The first to begin a sequence says that it lives before anything is done, and all others read that, too.
                self.registry.begin_events(self.hub.moment());
                let sum = self.hub.sum();
                let own = Voucher { number, sum };
                let differs = self.agreement.compare(node, said, own);
                if node == ours {
                    self.engine.vouch(own);
                } else if differs && node < ours {
                    // Of two that differ, the one that came later takes the other's word.
                    self.engine.stray(node);
                }
                0
            }
            Event::Settled(settlement) => {
                self.registry.settle(settlement, self.hub.moment());
                0
            }
            Event::Death(node) => self.bury(node),
            Event::Desertion(node) => {
                self.registry.tell_again();
                self.bury(node)
            }
            Event::Burial => {
                self.loss = Some(Loss::Touch);
                0
            }
            Event::Lost => {
                self.loss = Some(Loss::Everything);
                0
            }
            Event::Asked { newcomer, ours } => {
                self.write_on(usize::MAX);
                if newcomer == ours {
                    self.registry.tell_again();
                }
                let writing = Writing::begin(&mut self.hub, &mut self.registry, ours);
                self.writing = Some((newcomer, writing));
                0
            }
            Event::Refused { client, deed, why } => {
                self.refuse(client, &deed, why, asked.reference)
            }
        }
    }

    /// Another server is gone. Returns the bytes that were said.
    fn bury(&mut self, node: NodeId) -> usize {
        self.agreement.forget(node);
        chat::bury(&mut self.registry, node);
        chat::vanish(&mut self.hub, &mut self.registry)
    }

    /// Tells a client that what it asked for is not done; one of the relay, which is answered nothing, is to go.
    fn refuse(
        &mut self,
        client: ClientId,
        deed: &Deed<'_>,
        why: Refusal,
        reference: Option<&str>,
    ) -> usize {
        if deed.is_answered() {
            return chat::refuse(&mut self.hub, client, &why.error(), reference);
        }
        if self.callers.knows(client) {
            self.callers.answer(client, Outcome::Refused(why.error()));
        } else {
            self.turned_out.extend(self.hub.slot(client));
        }
        0
    }
}

/// Goes on to a moment of the sequence, unless it is the same.
fn go_on(hub: &mut Hub, registry: &mut Registry, moment: Moment) {
    if moment != hub.moment() {
        reach(hub, registry, moment);
    }
}

/// Says and forgets what is due by a moment of the sequence.
fn reach(hub: &mut Hub, registry: &mut Registry, moment: Moment) {
    hub.reach(moment);
    registry.expire(hub);
}
