//! The promise to programs: each request is answered once and in order, what an answer numbers is what everyone hears under that
//! number, and what is asked for again, by whomever, is said once.

use std::collections::{BTreeMap, BTreeSet};

use hubbub::vocabulary::config::RECEIPTS_KEPT;

use super::record::{Record, Room};
use crate::peer::{
    Part, Peer,
    chat::{channel_name, witnessed},
    fields::{number, text},
    http::TIMEOUT,
    program::{Answered, Program, SENDER},
};
use crate::simulation::Simulation;

/// # Errors
/// Which program was promised what, and what it got, or what others heard of it.
pub fn check(simulation: &Simulation, record: &Record) -> Result<(), String> {
    for peer in &simulation.peers {
        if let Part::Program(program) = &peer.part {
            let judged = check_answers(simulation, peer, program)
                .and_then(|()| check_numbers(program, record));
            judged.map_err(|error| format!("peer {}: {error}", peer.id))?;
        }
    }
    let breadth = simulation.settings.breadth;
    // What was asked for is known for a while, and no longer.
    let is_known = simulation.now.monotonic < RECEIPTS_KEPT;
    witnessed(breadth)
        .filter(|_| is_known)
        .try_for_each(|channel| check_once(&channel_name(channel), record))
}

fn check_answers(simulation: &Simulation, peer: &Peer, program: &Program) -> Result<(), String> {
    let config = &simulation.settings.config;
    let may_be_late = peer.silence >= config.handshake_timeout / 2;
    let most = config.max_requests as usize;
    let Program { asked, answers, .. } = program;
    for (number, answer) in answers.iter().enumerate() {
        if answer.status == TIMEOUT && may_be_late && !answer.goes_on {
            return Ok(());
        }
        let request = asked.get(number).ok_or("was answered unasked")?;
        let is_right = answer.status == 200
            && answer.goes_on == (number + 1 < most)
            && answer.items.len() == request.channels.len();
        if !is_right {
            return Err(format!("got {answer:?} to {request:?}"));
        }
    }
    let is_ended = answers.last().is_some_and(|answer| !answer.goes_on);
    let is_dropped = peer.pipe.borrow().is_dropped && peer.is_left_alone();
    let is_owed = peer.is_whole() || is_dropped && !peer.pipe.borrow().is_narrow();
    if is_owed && answers.len() < asked.len() && !is_ended && !may_be_late {
        return Err(format!("got {} of {} answers", answers.len(), asked.len()));
    }
    Ok(())
}

/// What is answered is where it is said to be.
fn check_numbers(program: &Program, record: &Record) -> Result<(), String> {
    let pairs = program.asked.iter().zip(&program.answers);
    for (request, Answered { items, .. }) in pairs {
        for (place, (item, &channel)) in items.iter().zip(&request.channels).enumerate() {
            let (epoch, seq) = (number(item, "epoch"), number(item, "seq"));
            let channel = channel_name(channel);
            let room = record.room(&channel, epoch);
            let Some(room) = room.filter(|room| seq > 0 && room.is_witnessed_since(seq - 1)) else {
                continue;
            };
            let words = request.words(place);
            let is_there = room.at(seq).is_some_and(|said| {
                said["sender"]["name"] == SENDER && text(said, "message").starts_with(&words)
            });
            if !is_there {
                let said = room.at(seq);
                return Err(format!(
                    "{item} in {channel} for {words:?}, where {said:?} is"
                ));
            }
        }
    }
    Ok(())
}

/// Nothing is said twice, and the items of a request in their order.
fn check_once(channel: &str, record: &Record) -> Result<(), String> {
    let mut said = BTreeSet::new();
    let mut last = BTreeMap::new();
    for body in record.witnessed(channel).flat_map(Room::witnessed) {
        if body["sender"]["name"] != SENDER {
            continue;
        }
        let words = text(body, "message").split(' ').next().unwrap_or_default();
        if !said.insert(words) {
            return Err(format!("in {channel} twice: {words}"));
        }
        let (request, place) = words.rsplit_once('.').ok_or("said by nobody")?;
        if last
            .insert(request, place)
            .is_some_and(|before| before > place)
        {
            return Err(format!("in {channel} out of order: {words}"));
        }
    }
    Ok(())
}
