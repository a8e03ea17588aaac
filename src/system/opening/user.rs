//! The user that a URL names before its host, and what the handshake says of it.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A user of a URL that cannot be told to a server. The user's to mend; nothing secret is in the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum UserError {
    /// The password would begin in the middle of the name.
    #[error(
        "the user before its @ has a colon (%3A) in the name, and no server could tell it from the password's"
    )]
    Colon,
    /// What no header carries.
    #[error("the user or the password before its @ has a control character")]
    Control,
}

/// A URL without the user before its host, and the user.
pub fn split(url: &str) -> (String, Option<&str>) {
    let start = authority(url);
    let rest = &url[start..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => {
            let without = [&url[..start], &rest[at + 1..]].concat();
            (without, Some(&rest[..at]))
        }
        None => (url.to_owned(), None),
    }
}

/// What `Authorization` says of a user (RFC 7617, section 2); nothing if there is none.
///
/// # Errors
/// There is no way to say it.
pub fn basic(user: &str) -> Result<Option<HeaderValue>, UserError> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    let (name, password) = (decoded(name), decoded(password));
    if name.is_empty() && password.is_empty() {
        return Ok(None);
    }
    if name.contains(&b':') {
        return Err(UserError::Colon);
    }
    if name.iter().chain(&password).any(u8::is_ascii_control) {
        return Err(UserError::Control);
    }
    let said = BASE64_STANDARD.encode([&name[..], b":", &password].concat());
    let mut header = HeaderValue::try_from(format!("Basic {said}")).expect("base64 fits a header");
    header.set_sensitive(true);
    Ok(Some(header))
}

/// Where the authority of a URL begins, which may have no scheme, or a slash too few or too many behind it. A `:/`
/// further on belongs to the path or the query.
pub(super) fn authority(url: &str) -> usize {
    match url.split_once(":/") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) && !is_unix(scheme) => {
            url.len() - rest.trim_start_matches('/').len()
        }
        _ => 0,
    }
}

/// Whether what follows is a path, though a colon stands before it.
pub(super) fn is_unix(scheme: &str) -> bool {
    scheme.ends_with("unix")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_stands_before_the_last_at_of_the_authority() {
        for (url, without, user) in [
            ("ws://ada:x@h:1/ws", "ws://h:1/ws", Some("ada:x")),
            ("ada@h", "h", Some("ada")),
            ("wss://a:b@c@h", "wss://h", Some("a:b@c")),
            ("ws://h/@x?email=a@b", "ws://h/@x?email=a@b", None),
            ("h?next=ws://a:b@c", "h?next=ws://a:b@c", None),
        ] {
            assert_eq!(split(url), (without.to_owned(), user));
        }
    }

    #[test]
    fn a_user_is_decoded_before_it_is_said() {
        let said = |user| basic(user).unwrap();
        assert_eq!(
            said("Aladdin:open%20sesame").unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(said("ada").unwrap(), "Basic YWRhOg==");
        assert_eq!(said("a:b:%3A").unwrap(), "Basic YTpiOjo=");
        assert!(said("ada:x").unwrap().is_sensitive());
        assert_eq!((said(""), said(":")), (None, None));
        assert_eq!(basic("a%3Ab:c"), Err(UserError::Colon));
        assert_eq!(basic("a:%0D%0A"), Err(UserError::Control));
    }
}
