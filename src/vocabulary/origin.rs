//! Where a web page comes from, as browsers say with each WebSocket that it opens (RFC 6454; RFC 6455, section 10.2).

use std::{fmt, str::FromStr};

use super::authority::{Authority, AuthorityError};

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
    /// Those of the origins of a kind.
    Like(OriginPattern),
}

/// Origins of one scheme, perhaps those below a host, perhaps with any port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    /// The origin; or the one above, in name, those that are meant.
    origin: Origin,
    is_above: bool,
    has_any_port: bool,
}

/// A text that is no origin. Its author's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}; write https://example.com, https://*.example.com (all that is below it), http://localhost:* (any port), or * (any page)",
    .0.text()
)]
pub struct OriginError(OriginFault);

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OriginFault {
    Scheme,
    Host,
    NotAscii,
    Port,
    Path,
    Wildcard,
}

impl Origin {
    /// Whether a request that names this `Host` went to where the page came from.
    ///
    /// A page that came without TLS is not from a server that speaks it. The other way round nobody knows: a proxy may
    /// speak TLS for the server.
    pub fn is_at(&self, host: &str, is_tls: bool) -> bool {
        if is_tls && self.scheme == "http" {
            return false;
        }
        Authority::read(host).is_ok_and(|authority| {
            let port = authority.port.or_else(|| default_port(&self.scheme));
            authority.host.eq_ignore_ascii_case(&self.host) && port == self.port
        })
    }
}

impl AllowedOrigin {
    /// Whether pages of this origin are meant.
    pub fn covers(&self, origin: &Origin) -> bool {
        match self {
            Self::Any => true,
            Self::Like(pattern) => pattern.covers(origin),
        }
    }
}

impl OriginPattern {
    fn covers(&self, origin: &Origin) -> bool {
        let Self {
            origin: pattern,
            is_above,
            has_any_port,
        } = self;
        let is_host = if *is_above {
            is_below(&origin.host, &pattern.host)
        } else {
            origin.host == pattern.host
        };
        let is_port = *has_any_port || origin.port == pattern.port;
        is_host && is_port && origin.scheme == pattern.scheme
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or(OriginError(OriginFault::Scheme))?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char));
        let fault = match Authority::read(rest) {
            _ if !is_scheme => OriginFault::Scheme,
            _ if rest.contains(['/', '?', '#']) => OriginFault::Path,
            _ if !rest.is_ascii() => OriginFault::NotAscii,
            Err(AuthorityError::Host) => OriginFault::Host,
            Err(AuthorityError::Port) => OriginFault::Port,
            Ok(_) if rest.ends_with(':') => OriginFault::Port,
            Ok(Authority { host, port }) => {
                let scheme = scheme.to_ascii_lowercase();
                return Ok(Self {
                    port: port.or_else(|| default_port(&scheme)),
                    host: host.to_ascii_lowercase(),
                    scheme,
                });
            }
        };
        Err(OriginError(fault))
    }
}

impl FromStr for AllowedOrigin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        // The rest must be an origin, with whatever stands for a wildcard.
        let (port_less, has_any_port) = match text.strip_suffix(":*") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let is_above = port_less.contains("://*.");
        let mut origin = port_less.replacen("://*.", "://", 1);
        if has_any_port {
            origin.push_str(":0");
        }
        let fault = match origin.parse::<Origin>() {
            _ if origin.contains('*') => OriginFault::Wildcard,
            Err(OriginError(fault)) => fault,
            // An address has no labels.
            Ok(origin) if is_above && origin.host.starts_with('[') => OriginFault::Wildcard,
            Ok(origin) => {
                return Ok(Self::Like(OriginPattern {
                    origin,
                    is_above,
                    has_any_port,
                }));
            }
        };
        Err(OriginError(fault))
    }
}

impl OriginFault {
    fn text(self) -> &'static str {
        match self {
            Self::Scheme => "not an origin, which begins with a scheme, as in https://",
            Self::Host => "not an origin, which has a host, and nothing behind it but a port",
            Self::NotAscii => "a host is written as browsers send it, in ASCII (xn--…)",
            Self::Port => "its port is no number up to 65535",
            Self::Path => "an origin has no path, not even a /",
            Self::Wildcard => {
                "a * stands in front of a host, as *., or for its port, and for nothing else"
            }
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

/// Whether a host is another one with one or more labels before it.
fn is_below(host: &str, above: &str) -> bool {
    let labels = host
        .strip_suffix(above)
        .and_then(|rest| rest.strip_suffix('.'));
    labels.is_some_and(|labels| labels.split('.').all(|label| !label.is_empty()))
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
            ("http://example.com", "example.com:65616"),
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
        for (text, fault) in [
            ("", OriginFault::Scheme),
            ("null", OriginFault::Scheme),
            ("example.com", OriginFault::Scheme),
            ("1s://a", OriginFault::Scheme),
            ("://a", OriginFault::Scheme),
            ("https://", OriginFault::Host),
            ("https://:80", OriginFault::Host),
            ("https://a b", OriginFault::Host),
            ("https://u@a", OriginFault::Host),
            ("https://[::1", OriginFault::Host),
            ("https://a/b", OriginFault::Path),
            ("https://a/", OriginFault::Path),
            ("https://a?b", OriginFault::Path),
            ("https://b\u{fc}cher.example", OriginFault::NotAscii),
            ("https://a:", OriginFault::Port),
            ("https://a:b", OriginFault::Port),
            ("https://a:65536", OriginFault::Port),
            ("https://a:80:81", OriginFault::Port),
        ] {
            let error = OriginError(fault);
            assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
            assert_eq!(text.parse::<AllowedOrigin>(), Err(error), "{text}");
            assert!(error.to_string().contains("https://*.example.com"));
        }
    }

    #[test]
    fn an_allowed_origin_covers_those_that_it_is_written_for() {
        for (allowed, page, is_covered) in [
            ("*", "app://x", true),
            ("https://Example.com:443", "https://example.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com", "https://www.example.com", false),
            // Whole labels, one or more and never none.
            ("https://*.example.com", "https://www.example.com", true),
            ("https://*.example.com", "https://a.b.Example.com", true),
            ("https://*.Example.com", "https://xn--a.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "https://a..example.com", false),
            ("https://*.example.com", "https://myexample.com", false),
            ("https://*.example.com", "https://a.example.com.test", false),
            ("https://*.example.com", "http://www.example.com", false),
            ("https://*.example.com", "https://a.example.com:81", false),
            ("https://*.example.com:81", "https://a.example.com:81", true),
            // Any port, the one that is not written included.
            ("http://localhost:*", "http://localhost:3000", true),
            ("http://localhost:*", "http://localhost", true),
            ("http://localhost:*", "https://localhost:3000", false),
            ("http://localhost:*", "http://localhost.test:3000", false),
            ("http://[::1]:*", "http://[::1]:3000", true),
            ("app://a:*", "app://a", true),
            ("http://*.localhost:*", "http://a.localhost:3000", true),
            ("http://*.localhost:*", "http://localhost:3000", false),
        ] {
            let pattern: AllowedOrigin = allowed.parse().unwrap();
            let covers = pattern.covers(&origin(page));
            assert_eq!(covers, is_covered, "{allowed}: {page}");
        }
    }

    #[test]
    fn a_wildcard_elsewhere_is_refused() {
        for (text, fault) in [
            ("**", OriginFault::Wildcard),
            ("*.example.com", OriginFault::Wildcard),
            ("*://example.com", OriginFault::Wildcard),
            ("http*://example.com", OriginFault::Wildcard),
            ("https://*", OriginFault::Wildcard),
            ("https://*:*", OriginFault::Wildcard),
            ("https://*example.com", OriginFault::Wildcard),
            ("https://www.*.com", OriginFault::Wildcard),
            ("https://*.*.example.com", OriginFault::Wildcard),
            ("https://example.*", OriginFault::Wildcard),
            ("https://*.[::1]", OriginFault::Wildcard),
            ("https://example.com:80*", OriginFault::Wildcard),
            ("https://example.com:*:*", OriginFault::Wildcard),
            ("https://*.", OriginFault::Host),
            ("https://:*", OriginFault::Host),
            ("https://example.com:80:*", OriginFault::Port),
            ("https://*.example.com/", OriginFault::Path),
        ] {
            let parsed = text.parse::<AllowedOrigin>();
            assert_eq!(parsed, Err(OriginError(fault)), "{text}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        let text = origin("HTTPS://Example.com:443").to_string();
        assert_eq!(text, "https://example.com");
        assert_eq!(origin("http://a:81").to_string(), "http://a:81");
    }
}
