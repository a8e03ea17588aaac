//! The promise of a relay: every member of a channel gets every message of that channel exactly once, in channel order,
//! from its join to its leave, or it is disconnected with a reason. The witness of a channel heard what was said there.

use std::collections::HashMap;

use hubbub::vocabulary::config::HistoryBounds;

use crate::peer::{Part, Peer, Role, relay::Relay};
use crate::settings::Settings;
use crate::simulation::Simulation;

/// No run says more than this.
const TIGHT_BYTES: usize = 8 << 20;

/// Judges all members of relays after everything has calmed down.
///
/// # Errors
/// Who was promised what, and what they got.
pub fn check(simulation: &Simulation) -> Result<(), String> {
    let peers = &simulation.peers;
    let skipped: u64 = simulation.server.metrics().skipped_messages.iter().sum();
    let witnesses = members(peers).filter(|(peer, _)| {
        let is_failed = peer.pipe.borrow().is_failed;
        peer.role == Role::Witness && !is_failed
    });
    let mut missing = 0;
    for (_, witness) in witnesses {
        let said = Said {
            may_skip: skipped > 0,
            ..Said::new(witness, simulation)?
        };
        for (peer, relay) in members(peers).filter(|(_, relay)| relay.channel == witness.channel) {
            said.check_sent(peer, relay)?;
            let judged = said.check_heard(peer, relay);
            missing += judged.map_err(|error| format!("peer {}: {error}", peer.id))?;
        }
    }
    // Two who heard the same may be witnesses of it, so that it is counted twice.
    if missing as u64 > 2 * skipped {
        return Err(format!("{missing} are missing, {skipped} were skipped"));
    }
    Ok(())
}

fn members(peers: &[Peer]) -> impl Iterator<Item = (&Peer, &Relay)> {
    peers.iter().filter_map(|peer| match &peer.part {
        Part::Relay(relay) => Some((peer, relay)),
        _ => None,
    })
}

/// What was said in a channel, in its order, and what of it may be left out.
struct Said<'a> {
    messages: &'a [String],
    history: &'a HistoryBounds,
    may_skip: bool,
    /// Whether some of it may be too old by now.
    is_old: bool,
    /// Whether what is said takes effect only later.
    is_late: bool,
    /// Where each message stands, by its label.
    places: HashMap<&'a str, usize>,
}

impl<'a> Said<'a> {
    fn new(witness: &'a Relay, simulation: &'a Simulation) -> Result<Self, String> {
        let messages = &witness.heard;
        let mut places = HashMap::new();
        for (place, message) in messages.iter().enumerate() {
            if places.insert(label(message), place).is_some() {
                return Err(format!("{} was said twice", short(message)));
            }
        }
        let Settings {
            config, is_late, ..
        } = &simulation.settings;
        Ok(Self {
            messages,
            history: &config.history,
            may_skip: false,
            is_old: simulation.now.monotonic >= config.history.age,
            is_late: *is_late,
            places,
        })
    }

    fn place(&self, message: &str) -> Option<usize> {
        let place = self.places.get(label(message)).copied();
        place.filter(|&place| self.messages[place] == message)
    }

    /// What a peer sent was said once, in the order in which it was sent, and all of it unless the peer was cut off.
    fn check_sent(&self, peer: &Peer, relay: &Relay) -> Result<(), String> {
        let prefix = format!("{}.", peer.id);
        let mut numbers: Vec<u32> = Vec::new();
        for message in self
            .messages
            .iter()
            .filter(|message| message.starts_with(&prefix))
        {
            let number = message[prefix.len()..]
                .split('.')
                .next()
                .and_then(|number| number.parse().ok());
            numbers.push(number.ok_or_else(|| format!("{} was never sent", short(message)))?);
        }
        let expected: Vec<u32> = (0..).take(numbers.len()).collect();
        if numbers != expected {
            return Err(format!("peer {} was relayed as {numbers:?}", peer.id));
        }
        if peer.is_whole() && numbers.len() != relay.sent as usize {
            return Err(format!(
                "peer {} sent {}, {} were relayed",
                peer.id,
                relay.sent,
                numbers.len()
            ));
        }
        Ok(())
    }

    /// What a peer heard was said without a gap from its join on, or from as many messages before as it asked for and are
    /// kept; and to the end unless it left. Returns how many are missing in between, if any may be.
    fn check_heard(&self, peer: &Peer, relay: &Relay) -> Result<usize, String> {
        // What others said elsewhere before the witness came, one may have asked for.
        let early = relay.heard.iter().take(relay.last);
        let early = early.take_while(|message| self.place(message).is_none());
        let early = early.filter(|message| message.starts_with('f')).count();
        let places = relay.heard[early..].iter().map(|message| {
            let place = self.place(message);
            place.ok_or_else(|| format!("heard {}, which nobody said", short(message)))
        });
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let (Some(&start), Some(&last)) = (places.first(), places.last()) else {
            if peer.is_open() && !self.may_skip {
                return Err("heard nothing".to_owned());
            }
            return Ok(0);
        };
        if early > 0 && start > 0 && !self.may_skip {
            return Err(format!("heard {early} from before, and then {start}"));
        }
        let mut pairs = places.iter().zip(&places[1..]);
        if let Some((before, after)) = pairs.find(|(before, after)| before >= after) {
            return Err(format!("heard message {after} after {before}"));
        }
        let missing = last + 1 - start - places.len();
        if missing > 0 && !self.may_skip {
            return Err(format!("did not hear {missing} from {start} to {last}"));
        }
        if start + relay.last < relay.witnessed_before {
            return Err(format!("heard message {start}, said before it joined"));
        }
        if !self.may_skip {
            self.check_ends(peer, relay, start, last + 1)?;
        }
        Ok(missing)
    }

    /// One who goes without nothing hears the messages from `start` on, and all before `end`.
    fn check_ends(
        &self,
        peer: &Peer,
        relay: &Relay,
        start: usize,
        end: usize,
    ) -> Result<(), String> {
        let hello = format!("{}.0.", peer.id);
        let hello = self
            .messages
            .iter()
            .position(|message| message.starts_with(&hello));
        if let Some(hello) = hello {
            if hello < start {
                return Err("did not hear its own first message".to_owned());
            }
            if start + relay.last > hello && start > 0 && !self.is_dropped(start - 1, hello) {
                return Err(format!(
                    "heard {start} and not the {} before {hello}",
                    relay.last
                ));
            }
        }
        if peer.is_open() && end != self.messages.len() {
            return Err(format!("heard up to {end} of {}", self.messages.len()));
        }
        let own = format!("{}.", peer.id);
        let last = self
            .messages
            .iter()
            .rposition(|message| message.starts_with(&own));
        let is_told_all = peer.is_open() || peer.is_whole() && !self.is_late && relay.last == 0;
        if is_told_all && last.is_some_and(|last| last >= end) {
            return Err("left before it heard its own last message".to_owned());
        }
        Ok(())
    }

    /// Whether a message may be kept no longer when all up to another was said.
    fn is_dropped(&self, place: usize, newest: usize) -> bool {
        let since = &self.messages[place..=newest];
        let bytes: usize = since.iter().map(String::len).sum();
        let largest = since.iter().map(String::len).max();
        self.is_old
            || since.len() > self.history.messages
            || bytes > self.history.bytes
            || largest.unwrap_or_default() > self.history.total_bytes / 4
            || self.history.total_bytes < TIGHT_BYTES
    }
}

/// Who said it, and which of its messages it is.
fn label(message: &str) -> &str {
    message.rsplit_once('.').map_or(message, |(label, _)| label)
}

fn short(message: &str) -> &str {
    &message[..message.len().min(24)]
}
