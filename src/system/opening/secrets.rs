//! What is nobody else's business, kept out of what is told.

use http::HeaderValue;
use percent_encoding::percent_decode_str;

use super::user::{authority, is_unix};

/// What stands in the place of a secret.
pub const SECRET: &str = "***";
/// Parameters of a query whose values are secrets have one of these in their names.
const SECRET_NAMES: [&str; 3] = ["token", "password", "secret"];

/// What ends a value, in a query or in a sentence.
const ENDS: [char; 5] = ['?', '&', '#', ';', ' '];

/// A URL, or what should have been one, without its password and the likes of `token=`.
pub fn hidden(url: &str) -> String {
    let (start, rest) = (authority(url), &url[authority(url)..]);
    let Some(at) = end_of_user(rest) else {
        return without_tokens(url);
    };
    // One who gives nothing but a name may mean a token by it.
    let name = rest[..at].split_once(':').map_or("", |(name, _)| name);
    let name = if name.is_empty() {
        SECRET.to_owned()
    } else {
        format!("{name}:{SECRET}")
    };
    format!("{}{name}{}", &url[..start], without_tokens(&rest[at..]))
}

/// A sentence that may have URLs in it, without what is secret in them.
pub fn hidden_in(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        if word.contains("://") {
            hidden(word)
        } else {
            without_tokens(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A text by one who was told these headers, without what they say.
pub(super) fn unechoed(text: &str, headers: &[HeaderValue]) -> String {
    let values = headers
        .iter()
        .filter_map(|header| std::str::from_utf8(header.as_bytes()).ok());
    // The scheme before it is no secret (RFC 9110, section 11.4), and may be left out.
    let secrets = values.flat_map(|value| [Some(value), value.split_once(' ').map(|(_, it)| it)]);
    secrets
        .flatten()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, SECRET))
}

/// Where the user ends. One with a password that should have been encoded ends further on than the standard has it.
fn end_of_user(rest: &str) -> Option<usize> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let is_host = |authority: &str| match authority.rsplit_once(':') {
        Some((scheme, "")) => is_unix(scheme),
        Some((_, port)) => port.bytes().all(|byte| byte.is_ascii_digit()) || port.ends_with(']'),
        None => true,
    };
    rest[..end]
        .rfind('@')
        .or_else(|| rest.rfind('@').filter(|_| !is_host(&rest[..end])))
}

/// The text with the values of secret parameters hidden, wherever they stand.
fn without_tokens(text: &str) -> String {
    let parts = text.split_inclusive(ENDS);
    let parts = parts.map(|part| match part.split_once('=') {
        Some((name, value)) if is_secret(name) => {
            let end = value
                .strip_suffix(ENDS)
                .map_or("", |secret| &value[secret.len()..]);
            format!("{name}={SECRET}{end}")
        }
        _ => part.to_owned(),
    });
    parts.collect()
}

/// Whether something with this name is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = percent_decode_str(name)
        .decode_utf8_lossy()
        .to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_even_where_it_breaks_the_url() {
        for (url, told) in [
            ("ws://ada:x@h:1/ws?a=b", "ws://ada:***@h:1/ws?a=b"),
            ("wss://x@h/", "wss://***@h/"),
            ("wss://:x@h/", "wss://***@h/"),
            ("ada:x@h", "ada:***@h"),
            ("ws://ada:x@y@h", "ws://ada:***@h"),
            ("ws://ada:x/y@h/ws", "ws://ada:***@h/ws"),
            ("ws://ada:x?y#@h", "ws://ada:***@h"),
            ("mine=ws://ada:x@h", "mine=ws://ada:***@h"),
            ("ws:/ada:x@h/", "ws:/ada:***@h/"),
            ("ws:///ada:x@h/", "ws:///ada:***@h/"),
            ("ws://ada:/x@h", "ws://ada:***@h"),
            ("ada:/x@h", "ada:/***@h"),
        ] {
            assert_eq!(hidden(url), told);
        }
    }

    #[test]
    fn a_sentence_keeps_all_that_is_no_secret() {
        let told = "ask a@b, or see http://a:b@c?token=d and token=e";
        let kept = "ask a@b, or see http://a:***@c?token=*** and token=***";
        assert_eq!(hidden_in(told), kept);
    }

    #[test]
    fn tokens_are_hidden_and_nothing_else_is() {
        assert_eq!(hidden("/ws?token=a.b&name=c"), "/ws?token=***&name=c");
        assert_eq!(
            hidden("h/?n=c&access_%74oken=a=b#x"),
            "h/?n=c&access_%74oken=***#x"
        );
        assert_eq!(hidden("h/#token=a"), "h/#token=***");
        for url in [
            "ws://[::1]:9/@a?email=a@b",
            "ws://h/a@b",
            "unix:/run/a@b",
            "mine=unix:/run/a@b",
            "nonsense",
            "",
        ] {
            assert_eq!(hidden(url), url);
        }
    }
}
