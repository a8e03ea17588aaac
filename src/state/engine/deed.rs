//! What is done, by people and by programs.

use std::borrow::Cow;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::vocabulary::{chat::Identity, frame::Kind};

/// By what something is known that is done once however often it is asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Once {
    /// A digest of who asked, and of the name that they gave it.
    pub key: [u8; 16],
    /// A digest of what was asked for.
    pub body: [u8; 16],
    /// Of the first of several that have one name for them all, a digest of that: nothing else goes by it from then on, whatever
    /// comes of the first.
    pub all: Option<[u8; 16]>,
}

/// What is done. A client of the chat enters before, and exits after all else. A program, which is nobody there, only publishes,
/// whispers, expels, dismisses and relays.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed<'a> {
    /// To enter the chat.
    Enter(Rc<Identity>),
    /// To be in the chat and in channels again, of which the server has lost track while its people stayed.
    Return {
        /// Who it is.
        identity: Rc<Identity>,
        /// The channels' names.
        channels: Vec<Cow<'a, str>>,
        /// Whether the others who are there are told, as they were told that it left.
        is_told: bool,
    },
    /// To be gone from the chat, and from all its channels.
    Exit,
    /// To become a member of a channel.
    Join(Cow<'a, str>),
    /// To be a member of a channel no more.
    Leave(Cow<'a, str>),
    /// To say something in a channel of the chat.
    Say {
        /// The channel's name.
        channel: Cow<'a, str>,
        /// The message's JSON, up to its number and time, which it has not got yet.
        body: Cow<'a, [u8]>,
    },
    /// To say something to one person.
    Private {
        /// The person's id or name.
        target: Cow<'a, str>,
        /// The message's JSON, up to its receiver and time, which are not known yet.
        body: Cow<'a, [u8]>,
    },
    /// To say something in a channel of the relay.
    Relay {
        /// The channel's name.
        channel: Cow<'a, str>,
        /// Text or binary.
        kind: Kind,
        /// What is said, text on one line.
        body: Cow<'a, [u8]>,
    },
    /// To say something in a channel of the chat without being there. It is made if nobody is.
    Publish {
        /// The channel's name.
        channel: Cow<'a, str>,
        /// As of what is said there.
        body: Cow<'a, [u8]>,
        /// If it is not to be said again.
        once: Option<Box<Once>>,
    },
    /// To say something to one person without being there.
    Whisper {
        /// The person's id.
        target: Cow<'a, str>,
        /// As of what is said to one person.
        body: Cow<'a, [u8]>,
        /// If it is not to be said again.
        once: Option<Box<Once>>,
    },
    /// To have a person leave a channel of the chat, wherever they are connected.
    Expel {
        /// The person's id.
        target: Cow<'a, str>,
        /// The channel's name.
        channel: Cow<'a, str>,
    },
    /// To have all connections of a person closed, wherever they are.
    Dismiss {
        /// The person's id.
        target: Cow<'a, str>,
        /// The code of the close frame.
        code: u16,
        /// What it says.
        words: Cow<'a, str>,
    },
}

impl Deed<'_> {
    /// Bytes that it takes while it is under way.
    pub fn bytes(&self) -> usize {
        let texts = match self {
            Self::Enter(_) | Self::Exit => 0,
            Self::Return { channels, .. } => channels.iter().map(|channel| channel.len()).sum(),
            Self::Join(channel) | Self::Leave(channel) => channel.len(),
            Self::Say {
                channel: place,
                body,
            }
            | Self::Relay {
                channel: place,
                body,
                ..
            }
            | Self::Publish {
                channel: place,
                body,
                ..
            }
            | Self::Private {
                target: place,
                body,
            }
            | Self::Whisper {
                target: place,
                body,
                ..
            } => place.len() + body.len(),
            Self::Expel { target, channel } => target.len() + channel.len(),
            Self::Dismiss { target, words, .. } => target.len() + words.len(),
        };
        size_of::<Self>() + texts
    }

    /// Whether one of the chat does it, and waits for an answer.
    pub fn is_answered(&self) -> bool {
        match self {
            Self::Return { .. }
            | Self::Join(_)
            | Self::Leave(_)
            | Self::Say { .. }
            | Self::Private { .. } => true,
            Self::Enter(_)
            | Self::Exit
            | Self::Relay { .. }
            | Self::Publish { .. }
            | Self::Whisper { .. }
            | Self::Expel { .. }
            | Self::Dismiss { .. } => false,
        }
    }

    /// Whether something is said.
    pub fn is_said(&self) -> bool {
        match self {
            Self::Say { .. }
            | Self::Private { .. }
            | Self::Relay { .. }
            | Self::Publish { .. }
            | Self::Whisper { .. } => true,
            Self::Enter(_)
            | Self::Return { .. }
            | Self::Exit
            | Self::Join(_)
            | Self::Leave(_)
            | Self::Expel { .. }
            | Self::Dismiss { .. } => false,
        }
    }

    /// The same, with texts of its own.
    pub fn into_owned(self) -> Deed<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let own_bytes = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
        match self {
            Self::Enter(identity) => Deed::Enter(identity),
            Self::Return {
                identity,
                channels,
                is_told,
            } => Deed::Return {
                identity,
                channels: channels.into_iter().map(own).collect(),
                is_told,
            },
            Self::Exit => Deed::Exit,
            Self::Join(channel) => Deed::Join(own(channel)),
            Self::Leave(channel) => Deed::Leave(own(channel)),
            Self::Say { channel, body } => Deed::Say {
                channel: own(channel),
                body: own_bytes(body),
            },
            Self::Private { target, body } => Deed::Private {
                target: own(target),
                body: own_bytes(body),
            },
            Self::Relay {
                channel,
                kind,
                body,
            } => Deed::Relay {
                channel: own(channel),
                kind,
                body: own_bytes(body),
            },
            Self::Publish {
                channel,
                body,
                once,
            } => Deed::Publish {
                channel: own(channel),
                body: own_bytes(body),
                once,
            },
            Self::Whisper { target, body, once } => Deed::Whisper {
                target: own(target),
                body: own_bytes(body),
                once,
            },
            Self::Expel { target, channel } => Deed::Expel {
                target: own(target),
                channel: own(channel),
            },
            Self::Dismiss {
                target,
                code,
                words,
            } => Deed::Dismiss {
                target: own(target),
                code,
                words: own(words),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_takes_little_beside_its_texts() {
        assert_eq!(size_of::<Deed<'_>>(), 64);
    }
}
