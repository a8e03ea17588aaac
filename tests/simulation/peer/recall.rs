//! What someone in the chat has of each channel over all their connections: every message once and in order, or word of
//! which are missing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{number, span, text};

/// What one who joins says of what was said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Nothing.
    None,
    /// All up to this number of this life is known.
    Since { epoch: u64, seq: u64 },
    /// So many of the latest messages are wanted.
    Last(usize),
}

/// How far one has followed each channel, on this connection and on those before it.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    is_welcome: bool,
    places: BTreeMap<String, Place>,
}

/// How far one has followed a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub epoch: u64,
    /// The number of the last message that one has, or knows to be missing.
    pub last: u64,
    /// Whether one is in it, as far as one knows.
    pub is_member: bool,
}

impl Recall {
    /// What is left of it when the connection is gone.
    pub fn later(&self) -> Self {
        let mut later = self.clone();
        later.is_welcome = false;
        for place in later.places.values_mut() {
            place.is_member = false;
        }
        later
    }

    /// How far one has followed a channel that one is not in, as far as one knows.
    pub fn away(&self, channel: &str) -> Option<Place> {
        self.place(channel).filter(|place| !place.is_member)
    }

    /// How far one has followed a channel.
    pub fn place(&self, channel: &str) -> Option<Place> {
        self.places.get(channel).copied()
    }

    /// Hears something. For an answer to a join it says what had been asked. Returns the life of the channel of a
    /// message.
    ///
    /// # Errors
    /// It is a double, or something is missing of which nobody said so, or it is not what was asked for.
    pub fn hear(&mut self, body: &Value, past: Option<Past>) -> Result<Option<u64>, String> {
        let action = text(body, "action");
        if self.is_welcome == (action == "welcome") {
            return Err(format!("heard before or after the welcome: {body}"));
        }
        match action {
            "welcome" => self.is_welcome = true,
            "joined" => self.join(body, past.unwrap_or(Past::None))?,
            "left" => self.inside(text(body, "channel"), body)?.is_member = false,
            "send-message" => {
                let place = self.inside(text(body, "target"), body)?;
                place.last += 1;
                if place.last != number(body, "seq") {
                    return Err(format!("heard instead of {}: {body}", place.last));
                }
                return Ok(Some(place.epoch));
            }
            "gap" => {
                let place = self.inside(text(body, "channel"), body)?;
                let (from, to) = span(body);
                if number(body, "epoch") != place.epoch || from != place.last + 1 || to < from {
                    return Err(format!("a gap after {}: {body}", place.last));
                }
                place.last = to;
            }
            "epoch" => {
                let place = self.inside(text(body, "channel"), body)?;
                let epoch = number(body, "epoch");
                if epoch <= place.epoch {
                    return Err(format!("after {place:?}: {body}"));
                }
                (place.epoch, place.last) = (epoch, 0);
            }
            _ => {}
        }
        Ok(None)
    }

    fn inside(&mut self, channel: &str, body: &Value) -> Result<&mut Place, String> {
        let place = self.places.get_mut(channel);
        let place = place.filter(|place| place.is_member);
        place.ok_or_else(|| format!("is not in the channel: {body}"))
    }

    fn join(&mut self, body: &Value, past: Past) -> Result<(), String> {
        let channel = text(body, "channel");
        let (epoch, seq) = (number(body, "epoch"), number(body, "seq"));
        if let Some(place) = self.places.get(channel)
            && place.is_member
        {
            let is_told_of_past = ["replay", "recovered", "gap", "reason"]
                .iter()
                .any(|field| !body[field].is_null());
            if is_told_of_past || (epoch, seq) != (place.epoch, place.last) {
                return Err(format!("was a member already, after {place:?}: {body}"));
            }
            return Ok(());
        }
        let last = before(body, past).ok_or_else(|| format!("joined with {past:?}: {body}"))?;
        let place = Place {
            epoch,
            last,
            is_member: true,
        };
        self.places.insert(channel.to_owned(), place);
        Ok(())
    }
}

/// The number before the first that one who was told this is to hear; nothing if it is no answer to what it asked.
fn before(body: &Value, past: Past) -> Option<u64> {
    let (epoch, seq, oldest) = (
        number(body, "epoch"),
        number(body, "seq"),
        number(body, "oldest"),
    );
    let (from, to) = span(&body["replay"]);
    let is_replay = to == seq && (oldest..=seq + 1).contains(&from);
    let gap = (!body["gap"].is_null()).then(|| span(&body["gap"]));
    let (recovered, reason) = (body["recovered"].as_bool(), body["reason"].as_str());
    let is_right = match (past, recovered, gap, reason) {
        (Past::None, None, None, None) => return body["replay"].is_null().then_some(seq),
        (Past::Last(wanted), None, None, None) => wanted > 0 || from == seq + 1,
        (
            Past::Since {
                epoch: of,
                seq: known,
            },
            Some(true),
            None,
            None,
        ) => of == epoch && from == known + 1,
        (
            Past::Since {
                epoch: of,
                seq: known,
            },
            Some(false),
            Some((first, last)),
            None,
        ) => {
            of == epoch
                && first == known + 1
                && (first..=seq).contains(&last)
                && from == last + 1
                && from == oldest
        }
        (Past::Since { epoch: of, .. }, Some(false), None, Some("epoch")) => {
            of != epoch && from == oldest
        }
        (
            Past::Since {
                epoch: of,
                seq: known,
            },
            Some(false),
            None,
            Some("future"),
        ) => of == epoch && known > seq && from == seq + 1,
        _ => false,
    };
    (is_right && is_replay).then(|| from - 1)
}
