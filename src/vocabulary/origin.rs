//! Where a web page comes from, as browsers say with each WebSocket that it opens (RFC 6454; RFC 6455, section 10.2).

use std::{fmt, str::FromStr};

use http::uri::Authority;

/// The scheme, host and port of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// Whose pages may connect, beside the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Anyone's.
    Any,
    /// Those of one origin.
    One(Origin),
}

/// A text that is no origin. Its author's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin; write one like https://example.com or http://localhost:3000")]
pub struct OriginError;

impl Origin {
    /// Whether a request that names this `Host` went to where the page came from.
    ///
    /// A page that came without TLS is not from a server that speaks it. The other way round nobody knows: a proxy may
    /// speak TLS for the server.
    pub fn is_at(&self, host: &str, is_tls: bool) -> bool {
        if is_tls && self.scheme == "http" {
            return false;
        }
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let port = authority.port_u16().or_else(|| default_port(&self.scheme));
        !host.contains('@')
            && authority.host().eq_ignore_ascii_case(&self.host)
            && port == self.port
    }
}

impl AllowedOrigin {
    /// Whether pages of this origin are meant.
    pub fn covers(&self, origin: &Origin) -> bool {
        match self {
            Self::Any => true,
            Self::One(allowed) => allowed == origin,
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = text.split_once("://").ok_or(OriginError)?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char));
        let authority: Authority = rest.parse().map_err(|_| OriginError)?;
        if !is_scheme || rest.contains('@') || rest.ends_with(':') || authority.host().is_empty() {
            return Err(OriginError);
        }
        let scheme = scheme.to_ascii_lowercase();
        Ok(Self {
            port: authority.port_u16().or_else(|| default_port(&scheme)),
            host: authority.host().to_ascii_lowercase(),
            scheme,
        })
    }
}

impl FromStr for AllowedOrigin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match text {
            "*" => Ok(Self::Any),
            origin => origin.parse().map(Self::One),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) if default_port(&self.scheme) != Some(port) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn a_page_is_at_the_host_that_it_came_from_whatever_the_scheme() {
        for (page, host) in [
            ("http://example.com", "example.com"),
            ("https://example.com", "EXAMPLE.com"),
            ("https://example.com", "example.com:443"),
            ("http://localhost:8080", "localhost:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert!(origin(page).is_at(host, false), "{page} at {host}");
        }
        for (page, host) in [
            ("http://example.com", "example.org"),
            ("http://example.com", "www.example.com"),
            ("http://example.com:8080", "example.com"),
            ("http://example.com", "example.com:8080"),
            ("http://example.com", "user@example.com"),
            ("http://example.com", ""),
            ("http://example.com", "example.com/"),
        ] {
            assert!(!origin(page).is_at(host, false), "{page} at {host}");
        }
        assert!(origin("https://example.com").is_at("example.com", true));
        assert!(!origin("http://example.com").is_at("example.com", true));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "null",
            "example.com",
            "https://",
            "https://a/b",
            "https://a b",
            "https://u@a",
            "https://a:",
            "1s://a",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text}");
        }
    }

    #[test]
    fn an_allowed_origin_is_one_to_the_port_or_any() {
        let allowed: AllowedOrigin = "https://Example.com:443".parse().unwrap();
        assert!(allowed.covers(&origin("https://example.com")));
        assert!(!allowed.covers(&origin("http://example.com")));
        assert!(!allowed.covers(&origin("https://example.com:8443")));
        assert!(AllowedOrigin::Any.covers(&origin("app://x")));
        assert_eq!(
            origin("HTTPS://Example.com:443").to_string(),
            "https://example.com"
        );
        assert_eq!(origin("http://a:81").to_string(), "http://a:81");
    }
}
