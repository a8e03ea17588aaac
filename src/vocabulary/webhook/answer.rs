//! What an endpoint answers, and what that means.

use std::fmt;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP status.
    Status(u16),
    /// Nothing, in all the time that an attempt may take.
    Silence,
    /// There was nobody to ask, or what they said made no sense: why.
    Failure(String),
}

/// What an answer means, by its name in the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The events are told: 2xx.
    Delivered,
    /// The endpoint wants to be told nothing any more: 410.
    Gone,
    /// The endpoint says that it is elsewhere: 3xx. Nobody goes there.
    Redirected,
    /// Any other status.
    Refused,
    /// No answer in time.
    TimedOut,
    /// No answer at all.
    Failed,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Delivered,
        Self::Gone,
        Self::Redirected,
        Self::Refused,
        Self::TimedOut,
        Self::Failed,
    ];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Redirected => "redirected",
            Self::Refused => "refused",
            Self::TimedOut => "timeout",
            Self::Failed => "failed",
        }
    }
}

impl Answer {
    /// What it means.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Status(200..=299) => Verdict::Delivered,
            Self::Status(410) => Verdict::Gone,
            Self::Status(300..=399) => Verdict::Redirected,
            Self::Status(_) => Verdict::Refused,
            Self::Silence => Verdict::TimedOut,
            Self::Failure(_) => Verdict::Failed,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status @ 300..=399) => {
                write!(
                    f,
                    "{status}, which is not followed: name the URL that it leads to"
                )
            }
            Self::Status(status) => write!(f, "{status}"),
            Self::Silence => f.write_str("nothing in time"),
            Self::Failure(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_delivers_and_only_410_ends_it() {
        for (status, verdict) in [
            (200, Verdict::Delivered),
            (299, Verdict::Delivered),
            (301, Verdict::Redirected),
            (308, Verdict::Redirected),
            (400, Verdict::Refused),
            (404, Verdict::Refused),
            (410, Verdict::Gone),
            (429, Verdict::Refused),
            (500, Verdict::Refused),
            (101, Verdict::Refused),
        ] {
            assert_eq!(Answer::Status(status).verdict(), verdict, "{status}");
        }
        assert_eq!(Answer::Silence.verdict(), Verdict::TimedOut);
        let failure = Answer::Failure("nobody listens".to_owned());
        assert_eq!(failure.verdict(), Verdict::Failed);
    }
}
