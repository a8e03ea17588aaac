//! A server as one of several: its link to the journal, and what passes between that and the server.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tracing::{field::display, info, warn};

use super::{
    Server,
    health::Health,
    redis::{Eras, Link, LinkError, Side, Snapshot, Standing},
    stream::{Readiness, Stream},
};
use crate::{
    state::{
        engine::Pressure,
        journal::{Journal, JournalEngine},
        metrics::EngineGauges,
        snapshot::SnapshotError,
    },
    vocabulary::{
        config::{REDIS_LAG_PARTS, REDIS_LEAVE_TIMEOUT, REDIS_LEFT_TIMEOUT},
        redis::RedisSettings,
        time::Now,
    },
};

/// What makes a server one of several.
#[derive(Debug)]
pub struct Node<S> {
    link: Link<S>,
    journal: Rc<RefCell<Journal>>,
    /// Bytes that are ahead of this server where it is far behind.
    lag_high_bytes: usize,
    /// Since when there is nothing more to do for a server that ends, so that it leaves.
    leaves_since: Option<Duration>,
}

/// What became of that which a server knew.
#[derive(Debug)]
pub enum Change {
    /// It knew nothing, and learnt what another server has told it.
    Learnt(Snapshot),
    /// What another server has told was of no use; it still knows nothing.
    Refused(SnapshotError),
}

impl<S: Stream> Node<S> {
    /// Not connected to Redis yet.
    pub fn new(settings: &RedisSettings, seed: u64) -> Self {
        Self {
            link: Link::new(settings, seed),
            journal: Rc::new(RefCell::new(Journal::new(settings.bounds))),
            lag_high_bytes: settings.history_bytes / REDIS_LAG_PARTS,
            leaves_since: None,
        }
    }

    /// What sequences what is done at the server.
    pub fn engine(&self) -> JournalEngine {
        JournalEngine(Rc::clone(&self.journal))
    }

    /// A connection that is to be opened now. Of each it is said once.
    pub fn wants(&mut self, now: Duration) -> Option<Side> {
        self.link.wants(now)
    }

    /// It was opened, or could not be. It need not be connected yet, if it signals once it is.
    pub fn opened(&mut self, side: Side, stream: io::Result<S>, now: Now) {
        self.link.opened(side, stream, now);
    }

    /// Notes what an event says of a connection; it is acted on in the next turn.
    pub fn signal(&mut self, side: Side, readiness: Readiness) {
        self.link.signal(side, readiness);
    }

    /// Reads what is there, and writes what is to be said. To be called before and after every turn of the server, so that
    /// what the server says is written at once.
    ///
    /// # Errors
    /// This server cannot be one of the hub.
    pub fn turn<T: Stream>(
        &mut self,
        now: Now,
        server: &mut Server<T>,
    ) -> Result<Option<Change>, LinkError> {
        if self.leaves_since.is_none() && server.is_drained() && !self.has_to_tell(now, server) {
            self.leaves_since = Some(now.monotonic);
            self.link.leave();
        }
        let turned = self.link.turn(now, &mut self.journal.borrow_mut());
        let change = self.learn(now, server)?;
        let lag = Pressure::of(self.lag_bytes(), self.lag_high_bytes);
        self.journal.borrow_mut().note_lag(lag);
        server.note_engine(self.health(), self.gauges(now.monotonic));
        turned.map(|()| change)
    }

    /// Writes at once what the server says, so that Redis is at it while the server writes. To be called between the two
    /// parts of the server's turn.
    pub fn speak(&mut self, now: Now) {
        self.link
            .speak(now.monotonic, &mut self.journal.borrow_mut());
    }

    /// When to have another [`turn`](Self::turn), and to ask what it [wants](Self::wants), if no event comes before.
    pub fn due(&self) -> Option<Duration> {
        let due = [self.link.due(), self.leaves_by()];
        due.into_iter().flatten().min()
    }

    /// Whether the others know that this server is gone, or it was waited for long enough.
    pub fn is_gone(&self, now: Duration) -> bool {
        self.link.standing() == Standing::Gone || self.leaves_by().is_some_and(|by| by <= now)
    }

    /// Tells the operator, at the end, if what there was has ended with this server.
    pub fn tell_end(&self) {
        if self.journal.borrow().is_last() && !self.link.has_bequeathed() {
            let cause = self.link.outage().map(display);
            warn!(
                cause,
                "this was the last server of the hub, and could not leave in Redis what it knew: all channels begin anew with \
                 the next"
            );
        }
    }

    /// What it says to Redis, and hears.
    pub fn link(&self) -> &Link<S> {
        &self.link
    }

    /// When it is waited no longer until the others know that this server goes.
    fn leaves_by(&self) -> Option<Duration> {
        let patience = if self.link.is_bequeathing() {
            REDIS_LEFT_TIMEOUT
        } else {
            REDIS_LEAVE_TIMEOUT
        };
        self.leaves_since.map(|since| since + patience)
    }

    /// Whether it still waits for a program to be told what nobody else would tell it. That its last people have left is to be
    /// told, too, and not known before it comes back.
    fn has_to_tell<T: Stream>(&self, now: Now, server: &Server<T>) -> bool {
        let journal = self.journal.borrow();
        let is_in_time = server.ends_at().is_some_and(|end| now.monotonic < end);
        let may_know_more = server.events().is_some() && journal.has_under_way();
        is_in_time && journal.is_last() && (may_know_more || !server.are_events_told())
    }

    fn health(&self) -> Health {
        match self.link.standing() {
            Standing::Living(_) if self.link.is_up() => Health::Good,
            Standing::Living(_) | Standing::Leaving(_) | Standing::Gone => Health::Cut,
            Standing::Listening | Standing::Loading(_) => Health::Coming,
        }
    }

    /// Has the server learn what another one has told this one, once all of it is there, a share in each turn.
    fn learn<T: Stream>(
        &mut self,
        now: Now,
        server: &mut Server<T>,
    ) -> Result<Option<Change>, LinkError> {
        let Some(told) = self.link.snapshot() else {
            if server.is_learning() {
                // It is to be had no more, and another will be as of a later place.
                server.unlearn();
            }
            return Ok(None);
        };
        match server.learn(&told.bytes) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let bytes = told.bytes.len();
                info!(bytes, "goes on from what another server knew");
                let journal = &mut self.journal.borrow_mut();
                let told = self.link.accept_snapshot(now, journal);
                Ok(told.map(Change::Learnt))
            }
            Err(error @ SnapshotError::Rules { .. }) if !self.link.is_heir() => {
                Err(LinkError::Rules(error))
            }
            Err(error) => {
                warn!(%error, "what another server has told is of no use");
                server.unlearn();
                self.link.refuse_snapshot();
                Ok(Some(Change::Refused(error)))
            }
        }
    }

    /// Bytes that are in the journal and that the server has not gone through yet, as far as is known here.
    fn lag_bytes(&self) -> usize {
        self.link.lag_bytes() + self.journal.borrow().unread_bytes()
    }

    fn gauges(&self, now: Duration) -> EngineGauges {
        let journal = self.journal.borrow();
        let Eras { kept, lost } = self.link.eras();
        let node = match self.link.standing() {
            Standing::Living(node) | Standing::Leaving(node) => Some(node),
            Standing::Listening | Standing::Loading(_) | Standing::Gone => None,
        };
        EngineGauges {
            node,
            is_up: self.link.is_up(),
            queue_bytes: journal.queue_bytes(),
            oldest: journal
                .oldest()
                .map_or(Duration::ZERO, |since| now.saturating_sub(since)),
            lag_bytes: self.lag_bytes(),
            foreign: self.link.foreign() + journal.foreign(),
            nodes: self.link.nodes(),
            eras: [kept, lost],
        }
    }
}
