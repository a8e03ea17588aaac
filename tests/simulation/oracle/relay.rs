//! The promise of a relay: every member of a channel gets every message of that channel exactly once, in channel order,
//! from its join to its leave, or it is disconnected with a reason. The witness of a channel heard what was said there.

use std::collections::{HashMap, HashSet};

use crate::peer::{Part, Peer, Role, relay::Relay};

/// Judges all members of relays after everything has calmed down.
///
/// # Errors
/// Who was promised what, and what they got.
pub fn check(peers: &[Peer]) -> Result<(), String> {
    let witnesses = members(peers).filter(|(peer, _)| {
        let is_failed = peer.pipe.borrow().is_failed;
        peer.role == Role::Witness && !is_failed
    });
    for (_, witness) in witnesses {
        let said = Said::new(witness)?;
        for (peer, relay) in members(peers).filter(|(_, relay)| relay.channel == witness.channel) {
            said.check_sent(peer, relay)?;
            said.check_heard(peer, relay)?;
        }
    }
    Ok(())
}

fn members(peers: &[Peer]) -> impl Iterator<Item = (&Peer, &Relay)> {
    peers.iter().filter_map(|peer| match &peer.part {
        Part::Relay(relay) => Some((peer, relay)),
        _ => None,
    })
}

/// What was said in a channel, in its order.
struct Said<'a> {
    messages: &'a [String],
    /// Where each message stands.
    places: HashMap<&'a str, usize>,
}

impl<'a> Said<'a> {
    fn new(witness: &'a Relay) -> Result<Self, String> {
        let messages = &witness.heard;
        let mut places = HashMap::new();
        for (place, message) in messages.iter().enumerate() {
            if places.insert(message.as_str(), place).is_some() {
                return Err(format!("{} was said twice", short(message)));
            }
        }
        Ok(Self { messages, places })
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

    /// What a peer heard was said without a gap from its join on, and to the end unless it left.
    fn check_heard(&self, peer: &Peer, relay: &Relay) -> Result<(), String> {
        let id = peer.id;
        let Some(first) = relay.heard.first() else {
            return if peer.is_open() {
                Err(format!("peer {id} heard nothing"))
            } else {
                Ok(())
            };
        };
        let Some(&start) = self.places.get(first.as_str()) else {
            return Err(format!(
                "peer {id} heard {}, which nobody said",
                short(first)
            ));
        };
        let end = start + relay.heard.len();
        if self.messages.get(start..end) != Some(&relay.heard[..]) {
            let at = relay
                .heard
                .iter()
                .zip(&self.messages[start..])
                .take_while(|(a, b)| a == b)
                .count();
            let heard: HashSet<_> = relay.heard.iter().collect();
            return Err(format!(
                "peer {id} did not hear what was said: message {at} of {} (distinct: {})",
                relay.heard.len(),
                heard.len()
            ));
        }
        if start < relay.witnessed_before {
            return Err(format!(
                "peer {id} heard {}, said before it joined",
                short(first)
            ));
        }
        let hello = self
            .messages
            .iter()
            .position(|message| message.starts_with(&format!("{id}.0.")));
        if hello.is_some_and(|hello| hello < start) {
            return Err(format!("peer {id} did not hear its own first message"));
        }
        if peer.is_open() && end != self.messages.len() {
            return Err(format!(
                "peer {id} heard up to {end} of {}",
                self.messages.len()
            ));
        }
        let last = self
            .messages
            .iter()
            .rposition(|message| message.starts_with(&format!("{id}.")));
        if peer.is_whole() && last.is_some_and(|last| last >= end) {
            return Err(format!(
                "peer {id} left before it heard its own last message"
            ));
        }
        Ok(())
    }
}

fn short(message: &str) -> &str {
    &message[..message.len().min(24)]
}
