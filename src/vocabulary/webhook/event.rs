//! What a webhook tells of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::vocabulary::chat::Mention;

/// A kind of event that an operator may want to be told of. That all began is told in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A channel of the chat has its first member.
    Occupied,
    /// One has lost its last, and got no other for a while.
    Vacated,
    /// Someone became a member of one.
    Joined,
    /// Someone is a member of one no more.
    Left,
    /// Something was said in one.
    Published,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Occupied,
        Self::Vacated,
        Self::Joined,
        Self::Left,
        Self::Published,
    ];

    /// The name, as the event has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Occupied => "occupied",
            Self::Vacated => "vacated",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Published => "published",
        }
    }
}

/// A text that names no kind of event. The operator's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no such event; name some of occupied, vacated, joined, left and published")]
pub struct TopicError;

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let topic = Self::ALL.into_iter().find(|topic| topic.name() == text);
        topic.ok_or(TopicError)
    }
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Topics([bool; Topic::ALL.len()]);

impl Topics {
    /// Whether a kind is one of them.
    pub fn have(self, topic: Topic) -> bool {
        self.0[topic as usize]
    }
}

impl fmt::Display for Topics {
    /// Their names, as the operator writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics = Topic::ALL.into_iter().filter(|topic| self.have(*topic));
        let names: Vec<_> = topics.map(Topic::name).collect();
        f.write_str(&names.join(","))
    }
}

impl FromIterator<Topic> for Topics {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        let mut all = Self::default();
        for topic in topics {
            all.0[topic as usize] = true;
        }
        all
    }
}

/// What has happened.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Happening<'a> {
    /// All began: there is no member in any channel.
    Started,
    /// See [`Topic::Occupied`].
    Occupied {
        /// The channel's name.
        channel: &'a str,
    },
    /// See [`Topic::Vacated`].
    Vacated {
        /// The channel's name.
        channel: &'a str,
    },
    /// See [`Topic::Joined`].
    Joined {
        /// The channel's name.
        channel: &'a str,
        /// Who.
        member: Mention<'a>,
        /// How many members there are now.
        count: usize,
    },
    /// See [`Topic::Left`].
    Left {
        /// The channel's name.
        channel: &'a str,
        /// Who.
        member: Mention<'a>,
        /// How many members there are now.
        count: usize,
    },
    /// See [`Topic::Published`].
    Published {
        /// The channel's name.
        channel: &'a str,
        /// Which of the channel's lives.
        epoch: u64,
        /// The message as members of the channel have it.
        message: &'a RawValue,
    },
}

impl Happening<'_> {
    /// Of what kind it is, if it is not the beginning.
    pub fn topic(&self) -> Option<Topic> {
        match self {
            Self::Started => None,
            Self::Occupied { .. } => Some(Topic::Occupied),
            Self::Vacated { .. } => Some(Topic::Vacated),
            Self::Joined { .. } => Some(Topic::Joined),
            Self::Left { .. } => Some(Topic::Left),
            Self::Published { .. } => Some(Topic::Published),
        }
    }
}

#[derive(Serialize)]
struct Event<'a> {
    n: u64,
    #[serde(flatten)]
    happening: Happening<'a>,
    time: u64,
}

/// Writes what has happened as one object, with its number and its time in milliseconds since the Unix epoch.
pub fn encode(n: u64, happening: Happening<'_>, time: u64) -> String {
    let event = Event { n, happening, time };
    serde_json::to_string(&event).expect("texts and numbers are always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_an_object_with_its_number_first_and_its_time_last() {
        let member = Mention {
            id: "1",
            name: "A\"da",
        };
        let message = serde_json::from_str(r#"{"message":"hot","seq":3}"#).unwrap();
        for (happening, object) in [
            (Happening::Started, r#"{"n":7,"event":"started","time":9}"#),
            (
                Happening::Occupied { channel: "tea" },
                r#"{"n":7,"event":"occupied","channel":"tea","time":9}"#,
            ),
            (
                Happening::Left {
                    channel: "tea",
                    member,
                    count: 2,
                },
                r#"{"n":7,"event":"left","channel":"tea","member":{"id":"1","name":"A\"da"},"count":2,"time":9}"#,
            ),
            (
                Happening::Published {
                    channel: "tea",
                    epoch: 4,
                    message,
                },
                r#"{"n":7,"event":"published","channel":"tea","epoch":4,"message":{"message":"hot","seq":3},"time":9}"#,
            ),
        ] {
            assert_eq!(encode(7, happening, 9), object);
        }
    }

    #[test]
    fn topics_are_named_as_events_are() {
        for topic in Topic::ALL {
            assert_eq!(topic.name().parse(), Ok(topic));
        }
        assert_eq!("started".parse::<Topic>(), Err(TopicError));
        let topics: Topics = [Topic::Left].into_iter().collect();
        assert!(topics.have(Topic::Left) && !topics.have(Topic::Joined));
        let topics: Topics = [Topic::Left, Topic::Occupied].into_iter().collect();
        assert_eq!(topics.to_string(), "occupied,left");
    }
}
