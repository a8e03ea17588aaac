//! Whoever is turned away or disconnected was given cause for it, and whoever gave cause was.

use std::time::Duration;

use hubbub::vocabulary::reason::Reason;

use crate::peer::{Ending, Peer, Role, http::TIMEOUT};
use crate::simulation::Simulation;

/// How late a token may be seen to have expired: deadlines are coarse, and a step is long.
const LATE: Duration = Duration::from_secs(1);

pub fn check(simulation: &Simulation) -> Result<(), String> {
    for peer in &simulation.peers {
        let judged = check_status(simulation, peer).and_then(|()| check_close(simulation, peer));
        judged.map_err(|error| format!("peer {}: {error}", peer.id))?;
    }
    let sessions = simulation
        .peers
        .iter()
        .filter(|peer| peer.status == Some(101));
    let silent = sessions.filter(|peer| {
        let is_dropped = peer.pipe.borrow().is_dropped;
        is_dropped && peer.is_left_alone() && peer.close_code.is_none()
    });
    let (silent, given_up) = (silent.count(), given_up(simulation));
    if silent as u64 > given_up {
        return Err(format!(
            "{silent} were dropped without a word, {given_up} given up"
        ));
    }
    Ok(())
}

/// How many connections the server ended for a reason of its own, of which the peer perhaps took no word in time.
fn given_up(simulation: &Simulation) -> u64 {
    let reasons = [
        Reason::TokenExpired,
        Reason::Flood,
        Reason::SlowUnsent,
        Reason::SlowLag,
        Reason::SlowTotal,
        Reason::SlowStalled,
        Reason::NoPong,
    ];
    let disconnects = simulation.server.metrics().disconnects;
    reasons
        .map(|reason| disconnects[reason as usize])
        .iter()
        .sum()
}

/// The answer to a request for a session.
fn check_status(simulation: &Simulation, peer: &Peer) -> Result<(), String> {
    let (config, now) = (&simulation.settings.config, simulation.now.monotonic);
    let admission = simulation.admissions.of(peer.id);
    let demands_tokens = simulation.settings.demands_tokens;
    let is_expired = demands_tokens && now >= admission.expires_at;
    let is_justified = match peer.status {
        None => !peer.kind().has_session() || !peer.is_open(),
        Some(101) => admission.refusal.is_none() && !(demands_tokens && admission.has_old_token()),
        Some(401) => admission.refusal.is_none() && is_expired,
        Some(TIMEOUT) => peer.silence >= config.handshake_timeout / 2,
        status => admission.refusal == status,
    };
    if is_justified {
        Ok(())
    } else {
        Err(format!("was answered {:?}: {admission:?}", peer.status))
    }
}

fn check_close(simulation: &Simulation, peer: &Peer) -> Result<(), String> {
    let (settings, now) = (&simulation.settings, simulation.now.monotonic);
    let expires_at = simulation.admissions.of(peer.id).expires_at;
    let is_session = peer.status == Some(101);
    if settings.demands_tokens && is_session && peer.is_open() && now > expires_at + LATE {
        return Err("outlived its token".to_owned());
    }
    let is_member = peer.role == Role::Member;
    let is_justified = match peer.close_code {
        None => is_member || peer.is_open() || peer.pipe.borrow().is_failed,
        Some(1000) => peer.ending == Ending::Closed,
        Some(code @ (1002 | 1007 | 1009)) => peer.ending == Ending::Broken(code),
        Some(1008) => {
            is_member && (settings.has_rates() || settings.demands_tokens && now >= expires_at)
        }
        Some(4001 | 4002) => is_member,
        Some(_) => false,
    };
    if is_justified {
        Ok(())
    } else {
        Err(format!(
            "was closed with {:?} after {:?}",
            peer.close_code, peer.ending
        ))
    }
}
