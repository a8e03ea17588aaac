//! The promise of plain HTTP: each request is answered, once and in order, until one that ends the connection.

use hubbub::vocabulary::reason::Reason;

use crate::peer::{
    Part, Peer,
    http::{Http, TIMEOUT},
};
use crate::simulation::Simulation;

pub fn check(simulation: &Simulation) -> Result<(), String> {
    for peer in &simulation.peers {
        if let Part::Http(http) = &peer.part {
            let judged = check_answers(simulation, peer, http);
            judged.map_err(|error| format!("peer {}: {error}", peer.id))?;
        }
    }
    Ok(())
}

fn check_answers(simulation: &Simulation, peer: &Peer, http: &Http) -> Result<(), String> {
    let config = &simulation.settings.config;
    let refusal = simulation.admissions.of(peer.id).refusal;
    let may_be_late = peer.silence >= config.handshake_timeout / 2;
    let most = config.max_requests as usize;
    for (number, answer) in http.answers.iter().enumerate() {
        if answer.status == TIMEOUT && may_be_late && !answer.goes_on {
            return Ok(());
        }
        let expected = http.expected(number, most, refusal);
        if Some(*answer) != expected {
            return Err(format!("got {answer:?} instead of {expected:?}"));
        }
    }
    let asked = http.asked();
    let answered = http.answers.len();
    let is_ended = http.answers.last().is_some_and(|answer| !answer.goes_on);
    let is_dropped = peer.pipe.borrow().is_dropped;
    // One whose answers do not all fit at once may be given up for it, with nobody to tell.
    let disconnects = simulation.server.metrics().disconnects;
    let slow = [Reason::SlowTotal, Reason::SlowStalled];
    let may_be_slow = peer.pipe.borrow().is_narrow()
        && slow.iter().any(|&reason| disconnects[reason as usize] > 0);
    let is_owed = peer.is_whole() || is_dropped && peer.is_left_alone() && !may_be_slow;
    if is_owed && answered < asked && !is_ended && !may_be_late {
        return Err(format!("got {answered} of {asked} answers"));
    }
    Ok(())
}
