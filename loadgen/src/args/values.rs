//! Values of flags that are more than a word or a number.

use clap::ValueEnum;

/// What a round of compare measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Load {
    /// An open-loop schedule of --rate
    Fanout,
    /// A closed loop of --window
    Saturate,
}

/// What the server under test speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProtocolName {
    /// Whatever a client sends goes to everyone
    Relay,
    /// Channels that are joined with JSON actions
    Chat,
    /// Other people's: --hello on entry, --template around each payload
    Raw,
}

/// Some of the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many of a hundred.
    Percent(u8),
    /// So many.
    Count(u32),
}

/// Reads the name of a server and its URL.
///
/// # Errors
/// The user's, with the right form.
pub fn target(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, url)) if !name.is_empty() && !name.contains('/') => {
            Ok((name.to_owned(), url.to_owned()))
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
    fn a_share_is_a_part_or_a_count() {
        assert_eq!(share("1%"), Ok(Share::Percent(1)));
        assert_eq!(share("7"), Ok(Share::Count(7)));
        assert!(share("101%").is_err());
        assert!(share("some").unwrap_err().contains("1%"));
    }
}
