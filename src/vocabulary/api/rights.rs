//! What a program may do.

use crate::vocabulary::pass::Patterns;

/// How a token says in which channels its bearer may publish.
const PUBLISH: &str = "publish:";

/// What a program may do: everything with a key, and with a token what that says, which is nothing where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiRights {
    publish: Option<Patterns>,
    may_read: bool,
    may_close: bool,
    may_drain: bool,
}

/// One thing that may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To publish in some channels.
    Publish,
    /// To look at everything.
    Read,
    /// To close clients and to remove them from channels.
    Close,
    /// To end the server.
    Drain,
}

impl Right {
    /// How a token says it.
    pub fn claim(self) -> &'static str {
        match self {
            Self::Publish => "publish:PATTERN",
            Self::Read => "read",
            Self::Close => "close",
            Self::Drain => "drain",
        }
    }
}

impl ApiRights {
    /// To do everything.
    pub fn all() -> Self {
        Self {
            publish: Some(Patterns::default()),
            may_read: true,
            may_close: true,
            may_drain: true,
        }
    }

    /// Whether a claim is one that allows something.
    pub fn know(claim: &str) -> bool {
        let others = [Right::Read, Right::Close, Right::Drain];
        let pattern = claim.strip_prefix(PUBLISH);
        pattern.is_some_and(|pattern| !pattern.is_empty())
            || others.iter().any(|right| right.claim() == claim)
    }

    /// Those that a token claims. What is none of ours allows nothing.
    pub fn of<'a>(claims: impl IntoIterator<Item = &'a str>) -> Self {
        let claims: Vec<_> = claims.into_iter().collect();
        let patterns = claims
            .iter()
            .filter_map(|claim| claim.strip_prefix(PUBLISH));
        let patterns: Vec<_> = patterns.collect();
        let publish = if patterns.contains(&"*") {
            Some(Patterns::default())
        } else {
            (!patterns.is_empty()).then(|| Patterns::only(patterns))
        };
        let has = |right: Right| claims.contains(&right.claim());
        Self {
            publish,
            may_read: has(Right::Read),
            may_close: has(Right::Close),
            may_drain: has(Right::Drain),
        }
    }

    /// Whether they are allowed this, somewhere.
    pub fn include(&self, right: Right) -> bool {
        match right {
            Right::Publish => self.publish.is_some(),
            Right::Read => self.may_read,
            Right::Close => self.may_close,
            Right::Drain => self.may_drain,
        }
    }

    /// Whether they may publish in a channel.
    pub fn may_publish(&self, channel: &str) -> bool {
        let patterns = self.publish.as_ref();
        patterns.is_some_and(|patterns| patterns.cover(channel))
    }

    /// Whether they may say something to anyone in private: only those may who may publish everywhere, since people are in no
    /// channel then.
    pub fn may_whisper(&self) -> bool {
        self.publish.as_ref().is_some_and(Patterns::are_all)
    }
}
