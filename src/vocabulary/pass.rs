//! What one who connects may do, as a token says.

use wildmatch::WildMatch;

use super::api::ApiRights;

/// Who someone is and what they may do. Without tokens everyone may do everything that clients do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pass {
    /// Their id for others; a new one is made up where it is missing.
    pub id: Option<Box<str>>,
    /// Their name, whatever they call themselves.
    pub name: Option<Box<str>>,
    /// What they may do.
    pub rights: Rights,
    /// What they may do at the door for programs.
    pub api: ApiRights,
}

/// What someone may do in which channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rights {
    join: Patterns,
    publish: Patterns,
}

/// Names, written with `*` for any characters and `?` for any one; by default all names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patterns(Option<Box<[WildMatch]>>);

impl Rights {
    /// To join the channels of the one kind, and to publish in those that are of the other kind too.
    pub fn new(join: Patterns, publish: Patterns) -> Self {
        Self { join, publish }
    }

    /// Whether they may join a channel.
    pub fn may_join(&self, channel: &str) -> bool {
        self.join.cover(channel)
    }

    /// Whether there is a channel that they may not join.
    pub fn are_bounded(&self) -> bool {
        !self.join.are_all()
    }

    /// Whether they may say anything anywhere, in private too.
    pub fn may_speak(&self) -> bool {
        self.publish
            .0
            .as_ref()
            .is_none_or(|patterns| !patterns.is_empty())
    }

    /// Whether they may say something in a channel.
    pub fn may_publish(&self, channel: &str) -> bool {
        self.may_join(channel) && self.publish.cover(channel)
    }
}

impl Patterns {
    /// Whether they are all names.
    pub fn are_all(&self) -> bool {
        self.0.is_none()
    }

    /// Only names that one of these covers.
    pub fn only<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Some(patterns.into_iter().map(WildMatch::new).collect()))
    }

    /// Whether one of them is this.
    pub fn cover(&self, name: &str) -> bool {
        let Self(patterns) = self;
        patterns
            .as_ref()
            .is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_token_everyone_may_do_everything() {
        let rights = Rights::default();
        assert!(rights.may_join("tea") && rights.may_publish("tea"));
    }

    #[test]
    fn channels_are_named_by_patterns() {
        let rights = Rights::new(
            Patterns::only(["tea", "room-*"]),
            Patterns::only(["room-?", "cake"]),
        );
        assert!(rights.may_join("tea") && !rights.may_publish("tea"));
        assert!(rights.may_join("room-10") && !rights.may_publish("room-10"));
        assert!(rights.may_publish("room-1"));
        assert!(!rights.may_join("cake") && !rights.may_publish("cake"));
        assert!(!rights.may_join("team"));
    }

    #[test]
    fn no_patterns_cover_nothing() {
        let rights = Rights::new(Patterns::only([]), Patterns::default());
        assert!(!rights.may_join("tea") && !rights.may_publish("tea"));
        assert!(rights.may_speak() && rights.are_bounded());
        let listening = Rights::new(Patterns::default(), Patterns::only([]));
        assert!(!listening.may_speak() && !listening.are_bounded());
    }
}
