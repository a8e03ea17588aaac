//! Who is to be served, and who is to be told that they are not.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use hubbub::state::bucket::Bucket;

use crate::peer::{Kind, Peer};
use crate::settings::Settings;

const FULL: u16 = 503;
const TOO_MANY: u16 = 429;

/// One who knocked.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    pub address: IpAddr,
    /// The status that it is to be refused with.
    pub refusal: Option<u16>,
    pub knocked_at: Duration,
    /// When its token expires.
    pub expires_at: Duration,
}

impl Admission {
    /// Whether its token had expired before it knocked.
    pub fn has_old_token(&self) -> bool {
        self.expires_at <= self.knocked_at
    }
}

/// All who knocked, in order, as long as the peers.
#[derive(Debug, Default)]
pub struct Admissions {
    all: Vec<Admission>,
    handshakes: HashMap<IpAddr, Bucket>,
}

impl Admissions {
    /// Someone knocks. Says whether it is to be refused, and how.
    pub fn judge(
        &mut self,
        address: IpAddr,
        now: Duration,
        peers: &[Peer],
        settings: &Settings,
    ) -> Option<u16> {
        let open = || {
            let both = self.all.iter().zip(peers);
            both.filter(|(admission, peer)| {
                let is_seated = admission.refusal.is_none() && peer.kind() != Kind::Program;
                is_seated && !peer.pipe.borrow().is_dropped
            })
        };
        if open().count() >= settings.max_connections {
            return Some(FULL);
        }
        let bounds = settings.config.address_bounds;
        let from_there = open().filter(|(admission, _)| admission.address == address);
        let is_crowd = bounds
            .connections
            .is_some_and(|most| from_there.count() >= most as usize);
        let handshakes = self.handshakes.entry(address).or_default();
        let is_rush = bounds
            .handshakes
            .is_some_and(|most| !handshakes.take(most.into(), now));
        (is_crowd || is_rush).then_some(TOO_MANY)
    }

    /// Notes one who was judged.
    pub fn note(&mut self, admission: Admission) {
        self.all.push(admission);
    }

    /// How one who knocked is to be treated.
    pub fn of(&self, id: usize) -> Admission {
        self.all[id]
    }
}
