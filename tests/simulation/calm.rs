//! How a run ends: everything calms down and arrives, and then the server goes away and leaves nothing behind.

use std::time::Duration;

use crate::knock::Knock;
use crate::oracle::bounds;
use crate::peer::{Kind, Peer, Role};
use crate::simulation::{Simulation, Weather};
use crate::socket::Manners;

/// How late a channel may be forgotten, by a clock that goes unevenly too.
const FORGETTING: Duration = Duration::from_millis(150);
/// Steps without news after which a calm server has nothing left to do.
const QUIET_STEPS: usize = 10;
/// Steps in which everything that is under way arrives, whatever is paused.
const CALM_STEPS_MAX: usize = 20_000;

impl Simulation {
    /// Faults stop, and everything that is under way arrives.
    pub fn calm_down(&mut self) -> Result<(), String> {
        for peer in &mut self.peers {
            peer.stall(0);
        }
        let mut quiet = 0;
        for _ in 0..CALM_STEPS_MAX {
            let before = self.bytes_moved();
            self.step(Weather::Calm)?;
            let is_quiet = self.bytes_moved() == before && !self.has_unread() && self.is_idle();
            quiet = if is_quiet { quiet + 1 } else { 0 };
            if quiet == QUIET_STEPS {
                return Ok(());
            }
        }
        Err("it never calmed down".to_owned())
    }

    /// Whether all that was done has come back.
    fn is_idle(&self) -> bool {
        let sequence = self.sequence.as_ref();
        sequence.is_none_or(|sequence| sequence.borrow().is_idle())
    }

    /// Bytes that arrived on either side.
    fn bytes_moved(&self) -> u64 {
        let taken: u64 = self.peers.iter().map(|peer| peer.taken).sum();
        self.server.metrics().bytes_received + taken
    }

    /// Whether something has not been read, or an end not seen: by the server, as while it is paused, or by a peer.
    fn has_unread(&self) -> bool {
        let mut pipes = self.peers.iter().map(|peer| peer.pipe.borrow());
        pipes.any(|pipe| {
            let is_heard = pipe.is_dropped || pipe.to_server.is_empty() && !pipe.is_ended;
            !is_heard || !pipe.to_peer.is_empty()
        })
    }

    /// The server goes away; everyone is told or has been, and nothing is left of anyone.
    pub fn drain(&mut self, weather: Weather) -> Result<(), String> {
        self.server.drain(self.now, self.chance.u64(..));
        let late = self.connect(Knock::witness(Kind::Echo, 0), Manners::plain());
        while !self.server.is_drained() {
            self.pass(Duration::from_millis(20));
            self.step(weather)?;
        }
        if let Some(sequence) = &self.sequence {
            sequence.borrow_mut().end();
        }
        while !self.is_idle() {
            self.step(Weather::Calm)?;
        }
        // What was said as the last ones left is handed out to nobody.
        self.step(Weather::Calm)?;
        let (config, most) = (&self.settings.config, self.most_connections);
        bounds::check_deserted(&self.server, config, most)?;
        self.pass(self.settings.config.history.age + FORGETTING);
        self.step(Weather::Calm)?;
        bounds::check_empty(&self.server, self.most_connections)?;
        let timeout = self.settings.config.drain_timeout;
        let is_told = |peer: &Peer| {
            let is_excused = peer.role == Role::Member || peer.pipe.borrow().is_failed;
            let is_told = if peer.id == late {
                peer.status == Some(503)
            } else {
                peer.close_code == Some(1001)
            };
            is_excused || is_told
        };
        // Who has no time to be told is cut.
        let has_time = timeout > Duration::from_secs(1);
        match self.peers.iter().find(|peer| !is_told(peer)) {
            Some(peer) if has_time => Err(format!(
                "peer {} was not told of the drain: {:?}",
                peer.id, peer.close_code
            )),
            _ => Ok(()),
        }
    }
}
