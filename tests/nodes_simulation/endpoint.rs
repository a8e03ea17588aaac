//! The endpoint of a webhook, which is away or slow now and then, and whether what it is told is what it was promised: of one
//! beginning every number, in order, unless it is told that some are missing; and the same under the same id, whoever tells it.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::ops::{AddAssign, RangeInclusive};
use std::time::Duration;

use hubbub::server::webhooks::Attempt;
use hubbub::vocabulary::webhook::Answer;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::record::Record;
use crate::sabotage::Sabotage;

/// How long an answer takes at most that is waited for.
const PATIENCE_MS: u64 = 400;
/// How long a request may be on its way at most.
const LATEST_MS: u64 = 3000;

/// It, and what is on its way to it.
#[derive(Debug)]
pub struct Endpoint {
    chance: fastrand::Rng,
    sabotage: Sabotage,
    /// Whether it may want to be told nothing more.
    may_go: bool,
    /// Nothing goes wrong any more.
    pub is_calm: bool,
    coming: Vec<(Duration, Attempt)>,
    /// What it was told under each id, and by which node.
    told: HashMap<String, (Value, Value)>,
    beginnings: BTreeMap<String, Beginning>,
    summary: Told,
}

/// How often it was told something, the same again, by another node, and that something is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    all: usize,
    again: usize,
    by_another: usize,
    missing: usize,
}

impl Told {
    /// Whether all of that was.
    pub fn has_all(self) -> bool {
        self.all > 0 && self.again > 0 && self.by_another > 0 && self.missing > 0
    }
}

impl AddAssign for Told {
    fn add_assign(&mut self, other: Self) {
        self.all += other.all;
        self.again += other.again;
        self.by_another += other.by_another;
        self.missing += other.missing;
    }
}

/// What it was told of one beginning.
#[derive(Debug, Default)]
struct Beginning {
    /// The last number that was told, or is missing.
    heard: u64,
    missing: Vec<RangeInclusive<u64>>,
    /// It has said that it wants to be told nothing more.
    is_gone: bool,
}

#[derive(Deserialize)]
struct Body {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    start: String,
    dropped: Option<Dropped>,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Dropped {
    from: u64,
    to: u64,
}

#[derive(Deserialize)]
struct Event {
    n: u64,
    epoch: Option<u64>,
    message: Option<Box<RawValue>>,
}

impl Endpoint {
    pub fn new(seed: u64, sabotage: Sabotage) -> Self {
        Self {
            chance: fastrand::Rng::with_seed(seed),
            sabotage,
            may_go: seed % 4 == 3,
            is_calm: false,
            coming: Vec::new(),
            told: HashMap::new(),
            beginnings: BTreeMap::new(),
            summary: Told::default(),
        }
    }

    /// Someone begins to tell it something. Returns what they will hear of that, and when.
    pub fn take(&mut self, attempt: Attempt, now: Duration) -> (Duration, Answer) {
        let chance = &mut self.chance;
        let slow_ms = if chance.u8(0..8) == 0 {
            PATIENCE_MS
        } else {
            30
        };
        let soon = now + Duration::from_millis(chance.u64(0..slow_ms));
        let good = Answer::Status(204);
        let (arrives, answer) = match chance.u8(0..24) {
            _ if self.is_calm => (Some(soon), (soon, good)),
            0..2 => (None, (soon, Answer::Failure("reset".to_owned()))),
            2..4 => (Some(soon), (soon, Answer::Failure("reset".to_owned()))),
            4 => (None, (soon, Answer::Status(503))),
            5 => (None, (soon, Answer::Status(302))),
            6..8 => {
                let arrives = now + Duration::from_millis(chance.u64(0..LATEST_MS));
                let silent = now + Duration::from_millis(PATIENCE_MS);
                (Some(arrives), (silent, Answer::Silence))
            }
            8 if self.may_go && chance.u8(0..4) == 0 => {
                let start = attempt.id.split('_').next().unwrap_or_default();
                let beginning = self.beginnings.entry(start.to_owned());
                beginning.or_default().is_gone = true;
                (None, (soon, Answer::Status(410)))
            }
            9..12 if self.sabotage == Sabotage::Untold => (None, (soon, good)),
            _ => (Some(soon), (soon, good)),
        };
        self.coming
            .extend(arrives.map(|arrives| (arrives, attempt)));
        answer
    }

    /// Hears what has arrived by now, also of those who are dead.
    ///
    /// # Errors
    /// It is not what was promised.
    pub fn step(&mut self, now: Duration, record: &mut Record) -> Result<(), String> {
        let (arrived, coming) = mem::take(&mut self.coming)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.coming = coming;
        let mut arrived: Vec<(Duration, Attempt)> = arrived;
        arrived.sort_by_key(|(at, _)| *at);
        for (_, attempt) in arrived {
            self.hear(&attempt, record)
                .map_err(|what| format!("the endpoint was told {}: {what}", attempt.id))?;
        }
        Ok(())
    }

    fn hear(&mut self, attempt: &Attempt, record: &mut Record) -> Result<(), String> {
        let mut whole: Value = read(&attempt.body)?;
        let node = whole["data"]["node"].take();
        if let Some((known, teller)) = self.told.get(&attempt.id) {
            self.summary.again += 1;
            self.summary.by_another += usize::from(node != *teller);
            return same(known, &whole);
        }
        self.told.insert(attempt.id.clone(), (whole, node));
        self.summary.all += 1;
        let Body { data } = read(&attempt.body)?;
        let numbers: Vec<_> = data.events.iter().map(|event| event.n).collect();
        let (Some(&from), Some(&to)) = (numbers.first(), numbers.last()) else {
            return Err("nothing".to_owned());
        };
        if !numbers.iter().copied().eq(from..=to)
            || attempt.id != format!("{}_{from}-{to}", data.start)
        {
            return Err(format!("it has {numbers:?} of {}", data.start));
        }
        for event in &data.events {
            if let (Some(epoch), Some(message)) = (event.epoch, &event.message) {
                let object = message.get();
                record.hear(epoch, &read(object.as_bytes())?, object)?;
            }
        }
        let beginning = self.beginnings.entry(data.start).or_default();
        if to <= beginning.heard {
            // It was given up, and arrives all the same.
            let mut missing = beginning.missing.iter();
            let was_missing = missing.any(|missing| missing.contains(&from));
            return was_missing.then_some(()).ok_or("it is late".to_owned());
        }
        if let Some(Dropped { from: first, to }) = data.dropped {
            self.summary.missing += 1;
            if first > beginning.heard + 1 || to < first {
                return Err(format!("behind {}, {first} to {to}", beginning.heard));
            }
            beginning.missing.push(first..=to);
            beginning.heard = beginning.heard.max(to);
        }
        if from != beginning.heard + 1 {
            return Err(format!("it comes behind {}", beginning.heard));
        }
        beginning.heard = to;
        Ok(())
    }

    /// Nothing is missing of what was recorded up to a number since a beginning. Another one follows only where something was lost.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self, start: &str, last: u64, has_lost: bool) -> Result<(), String> {
        let was_gone = self.beginnings.values().any(|it| it.is_gone);
        if self.beginnings.len() > 1 && !has_lost && !was_gone {
            return Err(format!("nothing was lost of {:?}", self.beginnings));
        }
        match self.beginnings.get(start) {
            Some(beginning) if beginning.heard == last || beginning.is_gone => Ok(()),
            beginning => Err(format!("of {last} since {start} was told {beginning:?}")),
        }
    }

    /// How much it was told.
    pub fn summary(&self) -> Told {
        self.summary
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

fn same(one: &Value, other: &Value) -> Result<(), String> {
    if one == other {
        Ok(())
    } else {
        Err(format!("before it was {one}, and now {other}"))
    }
}
