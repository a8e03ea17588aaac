//! A node: a whole server, its link, and a clock that nobody shares, driven as the reactor drives them.

use std::cell::RefCell;
use std::io;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use hubbub::server::{
    Server,
    node::{Change, Node as Member},
    redis::{Side, Standing},
};
use hubbub::state::{
    engine::{Action, Actor, Deed, Engine},
    hub::ClientId,
};
use hubbub::vocabulary::{
    arrival::{Arrival, Role},
    config::Config,
    id::Key,
    time::Now,
};

use crate::cable::{self, Cable, RedisSocket};
use crate::endpoint::Endpoint;
use crate::redis::FakeRedis;
use crate::settings::Settings;
use crate::socket::{self, FakeSocket};
use crate::telling::Telling;
use crate::watch::{Course, Sights, Watched};

/// A program that removes people, which has the number of nobody else who is there.
const PROGRAM: ClientId = ClientId::of_number(u32::MAX);

const SIDES: [Side; 2] = [Side::Append, Side::Read];

/// One of several.
pub struct Node {
    server: Server<FakeSocket>,
    member: Member<RedisSocket>,
    pub course: Rc<RefCell<Course>>,
    telling: Option<Telling>,
    /// To Redis, as they are or were last.
    cables: [Option<cable::Shared>; SIDES.len()],
    /// Its peers' sockets.
    pipes: Vec<(Key, socket::Shared)>,
    /// How far its clocks are ahead of everybody's.
    ahead: Duration,
    /// Until when it stands still.
    pub stands_until: Duration,
    turned_at: Duration,
    /// How often it began with nothing.
    pub foundings: usize,
}

impl Node {
    pub fn new(
        settings: &Settings,
        sights: Rc<RefCell<Sights>>,
        endpoint: Option<&Rc<RefCell<Endpoint>>>,
        seed: u64,
    ) -> Self {
        let member = Member::new(&settings.journal, seed);
        let (engine, course) = Watched::new(member.engine(), sights, seed.is_multiple_of(2));
        let config: Config = settings.config.clone();
        let telling = endpoint.zip(config.webhook.as_ref());
        let telling = telling
            .map(|(endpoint, webhook)| Telling::new(Rc::clone(endpoint), &webhook.pace, seed));
        let engine = Box::new(engine);
        Self {
            server: Server::with_engine(config, usize::MAX, || None, seed, engine),
            member,
            course,
            telling,
            cables: [None, None],
            pipes: Vec::new(),
            ahead: Duration::from_millis(fastrand::Rng::with_seed(seed).u64(0..1 << 32)),
            stands_until: Duration::ZERO,
            turned_at: Duration::ZERO,
            foundings: 0,
        }
    }

    /// Someone knocks, at the listener of this role.
    pub fn accept(&mut self, role: Role, pipe: socket::Shared, now: Duration) {
        let socket = FakeSocket(Rc::clone(&pipe));
        let now = self.now(now);
        let arrival = Arrival { peer: None, role };
        let key = self.server.accept(now, arrival, |_| Ok(socket));
        self.pipes
            .push((key.expect("it is registered").expect("there is room"), pipe));
    }

    /// A program has something done, and hears nothing of what comes of it.
    pub fn call(&mut self, deed: Deed<'_>, now: Duration) {
        let actor = Actor::Ours(PROGRAM);
        let now = self.now(now);
        self.member.engine().submit(Action { actor, deed }, now);
    }

    /// Carries what is on its way between it and Redis.
    pub fn carry(&mut self, redis: &mut FakeRedis, chance: &mut fastrand::Rng, is_calm: bool) {
        for cable in self.cables.iter().flatten() {
            let most = match chance.u8(0..4) {
                _ if is_calm => usize::MAX,
                0 => 0,
                1 => chance.usize(0..100),
                _ => chance.usize(0..100_000),
            };
            cable.borrow_mut().carry(redis, most);
        }
    }

    /// Cuts one of its cables to Redis, or both.
    pub fn cut(&mut self, redis: &mut FakeRedis, chance: &mut fastrand::Rng) {
        let which = chance.usize(0..=SIDES.len());
        for (index, cable) in self.cables.iter().enumerate() {
            if let Some(cable) = cable
                && (which == index || which == SIDES.len())
            {
                let after = match chance.u8(0..3) {
                    0 => usize::MAX,
                    _ => chance.usize(0..300),
                };
                cable.borrow_mut().cut(redis, after);
            }
        }
    }

    /// One turn, as the reactor has it.
    pub fn turn(&mut self, redis: &mut FakeRedis, sights: &Rc<RefCell<Sights>>, now: Duration) {
        let overslept = now > self.turned_at + Duration::from_secs(1);
        self.turned_at = now;
        let everybodys = now;
        let now = self.now(now);
        for (side, cable) in SIDES.into_iter().zip(&self.cables) {
            if let Some(cable) = cable {
                self.member.signal(side, cable.borrow_mut().take_edge());
            }
        }
        for (key, pipe) in &self.pipes {
            let edge = mem::take(&mut pipe.borrow_mut().edge);
            self.server.signal(*key, edge);
        }
        self.pipes.retain(|(_, pipe)| !pipe.borrow().is_dropped);
        self.turn_link(redis, sights, now);
        self.server.take_in(now, overslept);
        self.member.speak(now);
        self.server.write_out();
        if let Some(telling) = &mut self.telling {
            telling.turn(&mut self.server, now, everybodys);
        }
        self.turn_link(redis, sights, now);
        self.server.finish_turn(now.monotonic);
    }

    /// Lets its peers go, and says bye then.
    pub fn leave(&mut self, now: Duration) {
        let now = self.now(now);
        self.server.drain(now, 0);
        if let Some(telling) = &mut self.telling {
            telling.hurry(now);
        }
    }

    /// Whether an endpoint is told all that it knows of.
    pub fn has_told(&self) -> bool {
        self.server.are_events_told()
    }

    /// Since which beginning that is, and how much.
    pub fn recorded(&self) -> Option<(&str, u64)> {
        self.server.events()?.recorded()
    }

    /// Whether it has left, and all its peers have.
    pub fn is_gone(&self) -> bool {
        self.server.is_drained() && self.member.link().standing() == Standing::Gone
    }

    /// Whether it has said bye, and leaves behind what it knows.
    pub fn is_leaving(&self) -> bool {
        matches!(self.member.link().standing(), Standing::Leaving(_))
    }

    /// Whether its process would end now, by everybody's time.
    pub fn has_ended(&self, now: Duration) -> bool {
        self.server.is_drained() && self.member.is_gone(self.now(now).monotonic)
    }

    /// Whether people may come in.
    pub fn admits(&self) -> bool {
        matches!(self.member.link().standing(), Standing::Living(_)) && self.stays()
    }

    /// Whether it is not about to leave.
    pub fn stays(&self) -> bool {
        !self.server.is_draining()
    }

    /// Whether it lives among so many.
    pub fn knows(&self, living: usize) -> bool {
        self.member.link().is_up() && self.member.link().nodes() == living
    }

    /// How it stands, for whoever looks into what went wrong.
    pub fn describe(&self) -> String {
        format!(
            "{:?}, {:?}, {} nodes, eras {:?}, {} events",
            self.member.link().standing(),
            self.member.link().outage(),
            self.member.link().nodes(),
            self.member.link().eras(),
            self.course.borrow().events,
        )
    }

    /// Everybody's time as its clocks tell it.
    fn now(&self, now: Duration) -> Now {
        let monotonic = now + self.ahead;
        Now {
            monotonic,
            unix_ms: u64::try_from(monotonic.as_millis()).expect("no such age"),
        }
    }

    fn turn_link(&mut self, redis: &mut FakeRedis, sights: &Rc<RefCell<Sights>>, now: Now) {
        while let Some(side) = self.member.wants(now.monotonic) {
            let cable: io::Result<_> = Cable::plug(redis);
            self.cables[side as usize] = cable.as_ref().ok().map(Rc::clone);
            self.member.opened(side, cable.map(RedisSocket), now);
        }
        let turned = self.member.turn(now, &mut self.server);
        let change = turned.expect("all nodes are of one release");
        let mut course = self.course.borrow_mut();
        match change {
            Some(Change::Learnt(told)) => {
                course.begin(&told.bytes, &sights.borrow());
            }
            Some(Change::Refused(error)) => {
                panic!("nodes tell one another what makes sense: {error}")
            }
            None => {}
        }
        if matches!(self.member.link().standing(), Standing::Living(_))
            && !mem::replace(&mut course.is_begun, true)
        {
            self.foundings += 1;
        }
    }
}

impl Drop for Node {
    /// Its sockets end as those of a process that was killed.
    fn drop(&mut self) {
        for (_, pipe) in &self.pipes {
            pipe.borrow_mut().reset();
        }
    }
}
