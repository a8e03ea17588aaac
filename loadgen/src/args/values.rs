//! Values of flags that are more than a word or a number.

use std::{ops::RangeInclusive, time::Duration};

use clap::ValueEnum;
use hubbub::vocabulary::units::duration;

use crate::args::languages::ProtocolName;

/// What a round of compare measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Load {
    /// An open-loop schedule of --rate
    Fanout,
    /// A closed loop of --window
    Saturate,
}

/// Whose messages are to come to everyone in one order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OrderOf {
    /// Everyone's of a channel together
    #[default]
    All,
    /// Each publisher's alone: another order among those of several is told, and no fault
    Publisher,
}

impl OrderOf {
    /// What it is called, unless it is what is asked of everyone.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Publisher => Some("publisher"),
        }
    }
}

/// A server that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contender {
    /// What it is called.
    pub name: String,
    /// What it speaks, if not what the others do.
    pub protocol: Option<ProtocolName>,
    /// Where it is.
    pub url: String,
}

/// What messages are filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PayloadName {
    /// Words, the most frequent most often
    Chat,
    /// Objects with keys, numbers and such words; not within --template or --protocol chat
    Json,
    /// Random letters, which deflate by a quarter at most
    Random,
}

impl PayloadName {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Json => "json",
            Self::Random => "random",
        }
    }
}

/// Some of the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many of a hundred.
    Percent(u8),
    /// So many.
    Count(u32),
}

/// Clients that are cut off in every period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many.
    pub share: Share,
    /// In which time.
    pub period: Duration,
}

/// Reads how many are cut off how often.
///
/// # Errors
/// The user's, with the right form.
pub fn cut(text: &str) -> Result<Cut, String> {
    let wrong = || "write a share and a period that is not zero, like 10%/2s".to_owned();
    let (part, period) = text.split_once('/').ok_or_else(wrong)?;
    let period = duration(period).ok().filter(|period| !period.is_zero());
    Ok(Cut {
        share: share(part)?,
        period: period.ok_or_else(wrong)?,
    })
}

/// Reads between which durations something is.
///
/// # Errors
/// The user's, with the right form.
pub fn between(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let ends = text.split_once("..").and_then(|(least, most)| {
        let (least, most) = (duration(least).ok()?, duration(most).ok()?);
        (least <= most).then_some(least..=most)
    });
    ends.ok_or_else(|| "write the least and the most, like 200ms..2s".to_owned())
}

/// Reads the name of a server and its URL.
///
/// # Errors
/// The user's, with the right form.
pub fn target(text: &str) -> Result<Contender, String> {
    match text.split_once('=') {
        Some((name, url)) if !name.is_empty() && !name.contains('/') => {
            let (protocol, url) = ProtocolName::before(url);
            Ok(Contender {
                name: name.to_owned(),
                protocol,
                url: url.to_owned(),
            })
        }
        _ => Err("write it like mine=ws://127.0.0.1:8080/relay".to_owned()),
    }
}

/// Reads a part of the clients.
///
/// # Errors
/// The user's, with the right form.
pub fn share(text: &str) -> Result<Share, String> {
    let wrong = || "write a share like 1%, or a count like 7".to_owned();
    match text.strip_suffix('%') {
        Some(percent) => match percent.trim().parse() {
            Ok(percent @ 0..=100) => Ok(Share::Percent(percent)),
            _ => Err(wrong()),
        },
        None => text.parse().map(Share::Count).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_a_share_of_the_clients_in_a_period() {
        let period = Duration::from_secs(2);
        let share = Share::Percent(10);
        assert_eq!(cut("10%/2s"), Ok(Cut { share, period }));
        for text in ["10%", "10%/0s", "x/2s", "10%/soon"] {
            assert!(cut(text).is_err(), "{text}");
        }
        assert!(between("200ms..2s").is_ok());
        for text in ["2s..200ms", "2s", "a..b"] {
            assert!(between(text).unwrap_err().contains("200ms..2s"), "{text}");
        }
    }

    #[test]
    fn a_share_is_a_part_or_a_count() {
        assert_eq!(share("1%"), Ok(Share::Percent(1)));
        assert_eq!(share("7"), Ok(Share::Count(7)));
        assert!(share("101%").is_err());
        assert!(share("some").unwrap_err().contains("1%"));
    }
}
