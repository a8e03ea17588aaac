//! What the server that tells brings about in the record of events, and how it is written down for others.

use std::fmt;
use std::str::FromStr;

use crate::vocabulary::chat::Span;

/// What became of a batch, named by the numbers of its events; or that nobody comes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It was told.
    Told(Span),
    /// It could not be told for too long: with the next one it is told that this is missing.
    GivenUp(Span),
    /// It was to be told, and nobody wants to be told anything any more.
    Gone(Span),
    /// The last server ends: nothing more happens, and no channel is waited for.
    Ended,
}

/// A text that says nothing of all this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSettlement;

const TOLD: &str = "told";
const GIVEN_UP: &str = "given-up";
const GONE: &str = "gone";
const ENDED: &str = "ended";

impl fmt::Display for Settlement {
    /// `told 3 7`, from the first number to the last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, Span { from, to }) = match self {
            Self::Told(span) => (TOLD, span),
            Self::GivenUp(span) => (GIVEN_UP, span),
            Self::Gone(span) => (GONE, span),
            Self::Ended => return f.write_str(ENDED),
        };
        write!(f, "{word} {from} {to}")
    }
}

impl FromStr for Settlement {
    type Err = NoSettlement;

    fn from_str(text: &str) -> Result<Self, NoSettlement> {
        if text == ENDED {
            return Ok(Self::Ended);
        }
        let words: Vec<_> = text.split(' ').collect();
        let [word, from, to] = words[..] else {
            return Err(NoSettlement);
        };
        let number = |text: &str| text.parse().map_err(|_| NoSettlement);
        let span = Span {
            from: number(from)?,
            to: number(to)?,
        };
        match word {
            TOLD => Ok(Self::Told(span)),
            GIVEN_UP => Ok(Self::GivenUp(span)),
            GONE => Ok(Self::Gone(span)),
            _ => Err(NoSettlement),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_and_nothing_else_is() {
        let span = Span { from: 3, to: 7 };
        for (settlement, text) in [
            (Settlement::Told(span), "told 3 7"),
            (Settlement::GivenUp(span), "given-up 3 7"),
            (Settlement::Gone(span), "gone 3 7"),
            (Settlement::Ended, "ended"),
        ] {
            assert_eq!(settlement.to_string(), text);
            assert_eq!(text.parse(), Ok(settlement));
        }
        for text in ["", "told", "told 3", "told 3 7 9", "told 3 -7", "lost 3 7"] {
            assert_eq!(text.parse::<Settlement>(), Err(NoSettlement), "{text}");
        }
    }
}
