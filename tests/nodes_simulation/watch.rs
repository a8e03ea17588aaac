//! What nodes make of the journal, seen between any two things that happen: all that have come to one place are to know the
//! same. A node is asked what it knows as by one that comes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use hubbub::state::agreement::Voucher;
use hubbub::state::engine::{
    Action, Actor, Deed, Engine, Event, Pressure, Saying, Sequenced, Speaker,
};
use hubbub::state::events::Settlement;
use hubbub::state::journal::JournalEngine;
use hubbub::state::snapshot::records;
use hubbub::vocabulary::{
    id::NodeId,
    time::{Moment, Now},
};

use crate::sabotage::Misreading;

/// Who asks: none of the nodes. What the first is told is all written once the second asks.
const WATCHERS: [NodeId; 2] = [NodeId(u32::MAX - 1), NodeId(u32::MAX)];

/// A place in the sequence, told from others by all that has happened before it.
type Place = u64;

/// All records of a snapshot.
type Knowledge = Vec<Vec<u8>>;

/// What nodes knew, by the first of them that came to a place.
#[derive(Debug, Default)]
pub struct Sights {
    known: HashMap<Place, Knowledge>,
    /// The last place at which a node knew this.
    places: HashMap<Knowledge, Place>,
    /// How often two were at one place.
    pub compared: u64,
    /// In which way two were not alike.
    pub difference: Option<String>,
    /// Whether a node ever missed what others were told.
    pub has_missed: bool,
}

/// The engine of a node, watched.
#[derive(Debug)]
pub struct Watched {
    engine: JournalEngine,
    sights: Rc<RefCell<Sights>>,
    course: Rc<RefCell<Course>>,
    /// Whether it does what others say together, where other nodes do one thing after the other.
    overhears: bool,
}

/// How far a node has come.
#[derive(Debug, Default)]
pub struct Course {
    place: Place,
    /// Whether the node knows what there is.
    pub is_begun: bool,
    /// When it happened that is not looked at yet, and how many of the watchers have asked.
    unseen: Option<(Moment, usize)>,
    /// Whether a node that comes is being told what there is.
    is_telling: bool,
    /// Where it was when they asked.
    asked: HashMap<NodeId, Place>,
    /// What it makes of the next thing that someone elsewhere does.
    pub misreading: Option<Misreading>,
    pub events: u64,
}

impl Watched {
    pub fn new(
        engine: JournalEngine,
        sights: Rc<RefCell<Sights>>,
        overhears: bool,
    ) -> (Self, Rc<RefCell<Course>>) {
        let course = Rc::new(RefCell::new(Course::default()));
        let watched = Self {
            engine,
            sights,
            course: Rc::clone(&course),
            overhears,
        };
        (watched, course)
    }

    /// Makes something else of it, if it is to.
    fn misread(&self, sequenced: Sequenced<'static>) -> Sequenced<'static> {
        let Sequenced { event, mut moment } = sequenced;
        let mut course = self.course.borrow_mut();
        let is_deed = matches!(
            &event,
            Event::Action(Action {
                actor: Actor::Theirs { .. },
                ..
            })
        );
        let misreading = course.misreading.take_if(|_| is_deed);
        match misreading {
            None => event.at(moment),
            Some(Misreading::Skips) => Event::Nothing.at(moment),
            Some(Misreading::Late) => {
                moment.at += Duration::from_micros(1);
                event.at(moment)
            }
        }
    }

    fn note(&mut self, sequenced: &Sequenced<'_>) {
        let ours = self.engine.0.borrow().node();
        let what = match &sequenced.event {
            Event::Refused { .. } => return,
            Event::Burial => {
                *self.course.borrow_mut() = Course::default();
                self.sights.borrow_mut().has_missed = true;
                return;
            }
            Event::Action(Action { actor, deed }) => {
                let who = match actor {
                    Actor::Ours(client) => (ours.unwrap_or_default(), client.number()),
                    Actor::Theirs { node, client } => (*node, *client),
                };
                format!("{who:?} {deed:?}")
            }
            Event::Nothing | Event::Alive { .. } | Event::Asked { .. } => String::new(),
            Event::Settled(settlement) => settlement.to_string(),
            Event::Death(node) | Event::Desertion(node) => format!("{node:?} is gone"),
            Event::Lost => "all is lost".to_owned(),
        };
        let mut course = self.course.borrow_mut();
        if sequenced.event == Event::Lost {
            *course = Course {
                is_begun: true,
                ..Course::default()
            };
        }
        let mut hasher = DefaultHasher::new();
        (course.place, what, sequenced.moment.at).hash(&mut hasher);
        course.place = hasher.finish();
        course.events += 1;
        course.unseen = Some((sequenced.moment, 0));
        if let Event::Asked { newcomer, .. } = sequenced.event {
            course.is_telling = true;
            let place = course.place;
            course.asked.insert(newcomer, place);
        }
    }
}

impl Course {
    /// Begins with what was known elsewhere.
    pub fn begin(&mut self, snapshot: &[u8], sights: &Sights) {
        let place = sights.places.get(&records(snapshot));
        *self = Self {
            place: place.copied().unwrap_or_default(),
            is_begun: true,
            ..Self::default()
        };
    }

    /// Whether it matters what is made of each single thing that happens next.
    fn is_to_be_watched(&self) -> bool {
        let is_unseen = |(_, asked): (Moment, usize)| asked < WATCHERS.len();
        self.misreading.is_some() || self.unseen.is_some_and(is_unseen)
    }

    /// Has the next watcher ask.
    fn ask(&mut self, ours: NodeId) -> Option<Sequenced<'static>> {
        let (moment, asked) = self.unseen.as_mut().filter(|_| !self.is_telling)?;
        let newcomer = *WATCHERS.get(*asked)?;
        *asked += 1;
        Some(Event::Asked { newcomer, ours }.at(*moment))
    }
}

impl Sights {
    fn see(&mut self, place: Place, knows: Knowledge) {
        if let Some(known) = self.known.get(&place) {
            self.compared += 1;
            if *known != knows && self.difference.is_none() {
                self.difference = Some(difference(known, &knows));
            }
            return;
        }
        self.places.insert(knows.clone(), place);
        self.known.insert(place, knows);
    }
}

/// The same as someone's deed.
fn deed(saying: Saying<'_>) -> Event<'static> {
    let Saying {
        node,
        client,
        speaker,
        channel,
        body,
    } = saying;
    let (channel, body) = (channel.into(), body.into());
    let says = match speaker {
        Speaker::Member => Deed::Say { channel, body },
        Speaker::Program(once) => Deed::Publish {
            channel,
            body,
            once: once.map(Box::new),
        },
    };
    Event::Action(Action {
        actor: Actor::Theirs { node, client },
        deed: says.into_owned(),
    })
}

/// What one knows that the other does not.
fn difference(one: &Knowledge, other: &Knowledge) -> String {
    let only = |one: &Knowledge, other: &Knowledge| {
        let only = one.iter().filter(|record| !other.contains(record));
        let shown = only.map(|record| record.escape_ascii().to_string());
        shown.collect::<Vec<_>>().join("\n")
    };
    let (one, other) = (only(one, other), only(other, one));
    format!("at one place of the journal one node knows\n{one}\nand another one\n{other}")
}

impl Engine for Watched {
    fn is_shared(&self) -> bool {
        true
    }

    fn submit<'a>(&mut self, action: Action<'a>, now: Now) -> Option<Sequenced<'a>> {
        self.engine.submit(action, now)
    }

    fn next(&mut self, now: Now, due: Option<Duration>) -> Option<Sequenced<'static>> {
        let ours = self.engine.0.borrow().node();
        if let Some(asked) = ours.and_then(|ours| self.course.borrow_mut().ask(ours)) {
            return Some(asked);
        }
        let sequenced = self.engine.next(now, due)?;
        self.note(&sequenced);
        Some(self.misread(sequenced))
    }

    fn overhear(&mut self, hear: &mut dyn FnMut(Moment, &[Saying<'_>]) -> usize) -> Option<usize> {
        if !self.overhears || self.course.borrow().is_to_be_watched() {
            return None;
        }
        let mut heard = Vec::new();
        let said = self.engine.overhear(&mut |moment, sayings| {
            let deeds = sayings.iter().map(|&saying| deed(saying).at(moment));
            heard.extend(deeds);
            hear(moment, sayings)
        });
        for sequenced in heard {
            self.note(&sequenced);
        }
        said
    }

    fn give(&mut self, newcomer: NodeId, snapshot: Vec<u8>) {
        let [first, second] = WATCHERS;
        if newcomer == first {
            let place = self.course.borrow().place;
            self.sights.borrow_mut().see(place, records(&snapshot));
        } else if newcomer != second {
            let mut course = self.course.borrow_mut();
            course.is_telling = false;
            // Who leaves it behind may not be asked any more.
            if let Some(place) = course.asked.remove(&newcomer) {
                self.sights.borrow_mut().see(place, records(&snapshot));
            }
            drop(course);
            self.engine.give(newcomer, snapshot);
        }
    }

    fn teller(&self) -> Option<NodeId> {
        self.engine.teller()
    }

    fn is_last(&self) -> bool {
        self.engine.is_last()
    }

    fn settle(&mut self, settlement: Settlement, now: Now) -> Option<Sequenced<'static>> {
        self.engine.settle(settlement, now)
    }

    fn is_ready(&self) -> bool {
        self.engine.is_ready()
    }

    fn forget(&mut self) {
        self.engine.forget();
    }

    fn due(&self, due: Option<Duration>) -> Option<Duration> {
        self.engine.due(due)
    }

    fn vouch(&mut self, voucher: Voucher) {
        self.engine.vouch(voucher);
    }

    fn stray(&mut self, from: NodeId) {
        let mut sights = self.sights.borrow_mut();
        let found = || format!("a node finds that it has made something else of it than {from:?}");
        sights.difference.get_or_insert_with(found);
        drop(sights);
        self.engine.stray(from);
    }

    fn take_returned(&mut self) -> Vec<(Duration, u64)> {
        self.engine.take_returned()
    }

    fn pressure(&self) -> Pressure {
        self.engine.pressure()
    }
}
