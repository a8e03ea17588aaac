//! Where a webhook's endpoint is.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use thiserror::Error;

use crate::vocabulary::authority::Authority;

/// `https://HOST[:PORT]/PATH`, or `http://` likewise. Its user and its query may be secrets, and are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Uri);

/// A text that says of no endpoint where it is. The operator's to mend; nothing of it is repeated.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WebhookUrlError {
    /// Another protocol.
    #[error("it must begin with https:// or http://; write it like https://example.com/hubbub")]
    Scheme,
    /// It makes no sense otherwise.
    #[error(
        "no host and port can be read from it; write it like https://example.com:8443/hubbub, and what is no letter or \
         digit of a password as %40 (an @)"
    )]
    Malformed,
}

impl WebhookUrl {
    /// The whole of it.
    pub fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether others in between can read what is told: it is neither encrypted nor for this machine.
    pub fn is_exposed(&self) -> bool {
        let host = self.0.host().unwrap_or_default();
        let authority = Authority { host, port: None };
        self.0.scheme_str() == Some("http") && !authority.is_loopback()
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        let (scheme, _) = text.split_once("://").ok_or(WebhookUrlError::Scheme)?;
        if !["https", "http"].contains(&&*scheme.to_ascii_lowercase()) {
            return Err(WebhookUrlError::Scheme);
        }
        let uri: Uri = text.parse().map_err(|_| WebhookUrlError::Malformed)?;
        let authority = uri.authority().ok_or(WebhookUrlError::Malformed)?;
        let (_, place) = authority
            .as_str()
            .rsplit_once('@')
            .unwrap_or(("", authority.as_str()));
        let has_port = place != authority.host();
        let is_port_good = !has_port || authority.port_u16().is_some_and(|port| port != 0);
        if authority.host().is_empty() || !is_port_good {
            return Err(WebhookUrlError::Malformed);
        }
        Ok(Self(uri))
    }
}

impl fmt::Display for WebhookUrl {
    /// All but the user and the query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host().unwrap_or_default();
        write!(f, "{}://{host}", self.0.scheme_str().unwrap_or_default())?;
        if let Some(port) = self.0.port_u16() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

impl fmt::Debug for WebhookUrl {
    /// The same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebhookUrl {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn its_user_and_its_query_are_never_shown() {
        for (text, shown) in [
            (
                "https://ada:secret@h:1/a?token=secret#secret",
                "https://h:1/a",
            ),
            ("HTTPS://secret@H", "https://H/"),
            ("http://[::1]:80/?secret", "http://[::1]:80/"),
        ] {
            assert_eq!(url(text).to_string(), shown);
            assert_eq!(format!("{:?}", url(text)), shown);
        }
    }

    #[test]
    fn what_names_no_endpoint_is_refused_and_not_repeated() {
        for text in [
            "",
            "secret",
            "ws://secret/",
            "https://",
            "https:///secret",
            "https://secret:0/",
            "https://secret:x/",
            "https://secret:/",
            "https://a b/secret",
        ] {
            let told = text.parse::<WebhookUrl>().unwrap_err().to_string();
            assert!(!told.contains("secret"), "{text}: {told}");
        }
    }

    #[test]
    fn only_what_leaves_the_machine_unencrypted_is_exposed() {
        for text in ["http://example.com/", "http://10.0.0.1", "http://[::2]:1"] {
            assert!(url(text).is_exposed(), "{text}");
        }
        for text in [
            "https://example.com/",
            "http://127.0.0.2:1/",
            "http://LocalHost",
            "http://[::1]:1",
        ] {
            assert!(!url(text).is_exposed(), "{text}");
        }
    }
}
