//! What was heard of all that was said, on whatever node: a message has one place and one form for everyone.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::fields::{number, text};

/// A message by the channel's name, its epoch and its number.
type Place = (String, u64, u64);

/// All that was heard.
#[derive(Debug, Default)]
pub struct Record {
    said: HashMap<Place, String>,
    /// Where it was said, by the `ref` of its request.
    places: HashMap<String, Place>,
    /// Where orders were told.
    orders: HashMap<u64, Place>,
    /// What was not done, by the `ref` of its request.
    undone: HashSet<String>,
    /// What comes behind a message of the relay.
    followers: HashMap<String, String>,
    /// Messages of the WebSocket that came deflated.
    pub inflated: u64,
    /// How often programs were told that an order was told before.
    pub told_again: usize,
    /// Connections that programs had closed.
    pub dismissed: usize,
    /// Whether Redis has ever lost what was said.
    pub has_lost: bool,
    /// Whether logs may have dropped anything, or a node has ever fallen off the journal.
    pub may_miss: bool,
}

impl Record {
    /// Nothing was heard yet. Logs may drop something, or not.
    pub fn new(may_miss: bool) -> Self {
        Self {
            may_miss,
            ..Self::default()
        }
    }

    /// Someone heard a message of a channel.
    ///
    /// # Errors
    /// Someone else heard something else there, or the same elsewhere.
    pub fn hear(&mut self, epoch: u64, body: &Value, object: &str) -> Result<(), String> {
        let seq = number(body, "seq");
        let place = (text(body, "target").to_owned(), epoch, seq);
        if let Some(reference) = body["ref"].as_str() {
            let known = self.places.entry(reference.to_owned());
            let known = known.or_insert_with(|| place.clone());
            if *known != place {
                return Err(format!(
                    "was said at {known:?} and again at {place:?}: {object}"
                ));
            }
            if self.undone.contains(reference) {
                return Err(format!("was not to be done: {object}"));
            }
        }
        if let Some(order) = body["data"]["order"].as_u64() {
            self.tell(order, &place)?;
        }
        let time = number(body, "time");
        if !object.ends_with(&format!(",\"seq\":{seq},\"time\":{time}}}")) {
            return Err(format!("has no number and time at its end: {object}"));
        }
        let known = self.said.entry(place);
        let known = known.or_insert_with(|| object.to_owned());
        if known == object {
            Ok(())
        } else {
            Err(format!("{known} is for others {object}"))
        }
    }

    /// A program's order was told.
    ///
    /// # Errors
    /// It was told elsewhere before, and that is not lost.
    pub fn tell(&mut self, order: u64, place: &Place) -> Result<(), String> {
        let known = self.orders.entry(order);
        let known = &*known.or_insert_with(|| place.clone());
        if known == place || self.has_lost {
            Ok(())
        } else {
            Err(format!(
                "order {order} was told at {known:?} and again at {place:?}"
            ))
        }
    }

    /// Someone was told that something is not done.
    ///
    /// # Errors
    /// It was.
    pub fn refuse(&mut self, reference: &str) -> Result<(), String> {
        self.undone.insert(reference.to_owned());
        match self.places.get(reference) {
            Some(place) => Err(format!("{reference} was refused, and said at {place:?}")),
            None => Ok(()),
        }
    }

    /// Someone heard one message of the relay behind another.
    ///
    /// # Errors
    /// For someone else another one came there.
    pub fn follow(&mut self, one: &str, next: &str) -> Result<(), String> {
        let known = self.followers.entry(one.to_owned());
        let known = known.or_insert_with(|| next.to_owned());
        if known == next || self.has_lost || self.may_miss {
            Ok(())
        } else {
            Err(format!("behind {one} comes {next}, and for others {known}"))
        }
    }

    /// In a channel time never goes back.
    ///
    /// # Errors
    /// Where it did.
    pub fn check(&self) -> Result<(), String> {
        let mut said: Vec<_> = self.said.iter().collect();
        said.sort_unstable();
        let times = said.iter().map(|((channel, epoch, _), object)| {
            let body: Value = serde_json::from_str(object).expect("it was read before");
            (channel, epoch, number(&body, "time"))
        });
        let times: Vec<_> = times.collect();
        let back = times.windows(2).position(|pair| {
            let [one, next] = pair else { unreachable!() };
            (one.0, one.1) == (next.0, next.1) && one.2 > next.2
        });
        match back {
            Some(at) => Err(format!(
                "time went back: {} then {}",
                said[at].1,
                said[at + 1].1
            )),
            None => Ok(()),
        }
    }

    /// How many orders were told.
    pub fn orders(&self) -> usize {
        self.orders.len()
    }

    /// How much was said.
    pub fn messages(&self) -> usize {
        self.said.len()
    }
}
