//! Where to connect, and what to ask for there.

use std::{fmt, path::PathBuf, str::FromStr};

use http::{
    HeaderValue, Uri,
    uri::{Authority, PathAndQuery},
};
use thiserror::Error;

use crate::{
    system::opening::user::{self, UserError},
    vocabulary::address::{SocketPathError, socket_path},
};

/// Where chat and the plain hub are; `/` has no session.
const DEFAULT_PATH: &str = "/ws";
const DEFAULT_PORT: u16 = 80;
const DEFAULT_TLS_PORT: u16 = 443;
const DEFAULT_SCHEME: &str = "ws";

/// A server and an endpoint of it, as a person writes them: `ws://[USER:PASSWORD@]HOST[:PORT]/PATH?QUERY`, `wss://` for
/// TLS, or `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    place: Place,
    is_tls: bool,
    uri: Uri,
    authorization: Option<HeaderValue>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A TCP port.
    Tcp {
        /// A name, or an address without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A unix stream socket.
    Unix(PathBuf),
}

/// A URL that cannot be connected to. The user's to mend.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TargetError {
    /// Another protocol.
    #[error(
        "{scheme}:// is not spoken here; use ws://HOST:PORT/PATH, wss:// for TLS, or unix:PATH"
    )]
    Scheme {
        /// What the URL begins with.
        scheme: String,
    },
    /// No port is like this.
    #[error("its port is not a number from 1 to 65535; write it like 127.0.0.1:8080")]
    Port,
    /// It makes no sense otherwise.
    #[error(
        "{reason}; write it like ws://127.0.0.1:8080/ws?name=Ada, and what is no letter or digit as %20 (a space)"
    )]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// No unix socket is there.
    #[error(transparent)]
    SocketPath(#[from] SocketPathError),
    /// Its user cannot be told to the server.
    #[error(transparent)]
    User(#[from] UserError),
    /// `--path` beside a URL, which has one of its own.
    #[error("--path is for unix:PATH only; write the path into the URL")]
    TwoPaths,
}

impl Target {
    /// Where the server listens.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What to ask for, with the scheme and the host that the handshake needs.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// What its user says to be let in, if it names one.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Whether TLS is spoken there.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether it is a unix socket.
    pub fn is_unix(&self) -> bool {
        matches!(self.place, Place::Unix(_))
    }

    /// Whether the endpoint speaks the chat protocol.
    pub fn is_chat(&self) -> bool {
        let query = self.uri.query().unwrap_or_default();
        self.uri.path() == "/ws"
            && form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == "name")
    }

    /// The same server with this path and query, for a unix socket.
    ///
    /// # Errors
    /// The path is none, or the target is a URL.
    pub fn with_path(self, path: &str) -> Result<Self, TargetError> {
        match self.place {
            Place::Unix(_) => Ok(Self {
                uri: uri("localhost", path)?,
                ..self
            }),
            Place::Tcp { .. } => Err(TargetError::TwoPaths),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        if let Some(path) = socket_path(text) {
            return Ok(Self {
                place: Place::Unix(path?),
                is_tls: false,
                uri: uri("localhost", DEFAULT_PATH)?,
                authorization: None,
            });
        }
        let (url, user) = user::split(text);
        let (scheme, rest) = split_scheme(&url);
        let is_tls = match &*scheme {
            "ws" | "http" => false,
            "wss" | "https" => true,
            _ => return Err(TargetError::Scheme { scheme }),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let uri = uri(authority, path)?;
        let place = uri.authority();
        let place = place.and_then(|place| Place::of(place, is_tls));
        let place = place.ok_or(TargetError::Port)?;
        Ok(Self {
            place,
            is_tls,
            uri,
            authorization: user.map_or(Ok(None), user::basic)?,
        })
    }
}

impl Place {
    /// That of a URL, by default at the port of its protocol. `None` if its port is no number from 1 to 65535.
    pub(in crate::system) fn of(authority: &Authority, is_tls: bool) -> Option<Self> {
        let default = if is_tls {
            DEFAULT_TLS_PORT
        } else {
            DEFAULT_PORT
        };
        let port = match authority.port_u16() {
            None if authority.as_str() == authority.host() => default,
            port => port.filter(|&port| port != 0)?,
        };
        Some(Self::Tcp {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The scheme in lower case, and what follows it. A `://` further on belongs to the path or the query.
fn split_scheme(text: &str) -> (String, &str) {
    match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ => (DEFAULT_SCHEME.to_owned(), text),
    }
}

fn uri(authority: &str, path: &str) -> Result<Uri, TargetError> {
    let malformed = |reason: &dyn fmt::Display| TargetError::Malformed {
        reason: reason.to_string(),
    };
    if authority.is_empty() {
        return Err(malformed(&"it names no host"));
    }
    let path = path.split('#').next().unwrap_or_default();
    let path = match path.strip_prefix('/').unwrap_or(path) {
        query if query.is_empty() || query.starts_with('?') => format!("{DEFAULT_PATH}{query}"),
        _ => path.to_owned(),
    };
    let path: PathAndQuery = path.parse().map_err(|error| malformed(&error))?;
    Uri::builder()
        .scheme(DEFAULT_SCHEME)
        .authority(authority)
        .path_and_query(path)
        .build()
        .map_err(|error| malformed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn error(text: &str) -> String {
        text.parse::<Target>().unwrap_err().to_string()
    }

    #[test]
    fn a_scheme_is_not_needed_and_http_is_as_good() {
        let named = target("ws://127.0.0.1:8080/relay?channel=x");
        assert_eq!(named.place().to_string(), "127.0.0.1:8080");
        assert_eq!(named.uri().path_and_query().unwrap(), "/relay?channel=x");
        assert_eq!(target("http://127.0.0.1:8080/relay?channel=x"), named);
        assert_eq!(target("127.0.0.1:8080/relay?channel=x"), named);
    }

    #[test]
    fn a_scheme_may_be_in_capitals() {
        assert_eq!(target("WS://h/echo"), target("ws://h/echo"));
        assert_eq!(target("Http://h/echo"), target("ws://h/echo"));
        assert_eq!(target("WSS://h/echo"), target("wss://h/echo"));
        assert!(error("FTP://h/").starts_with("ftp:// is not spoken here"));
    }

    #[test]
    fn what_looks_like_a_scheme_further_on_is_none() {
        for text in [
            "ws://h:9/relay?channel=a://b/c",
            "h:9/relay?channel=a://b/c",
        ] {
            let target = target(text);
            assert_eq!(target.place().to_string(), "h:9", "{text}");
            let asked = target.uri().path_and_query().unwrap();
            assert_eq!(asked, "/relay?channel=a://b/c", "{text}");
        }
        assert_eq!(target("h/a://b").uri().path(), "/a://b");
        assert_eq!(target("h#a://b"), target("h"));
    }

    #[test]
    fn a_url_without_a_path_means_ws_on_port_80() {
        let host = target("ws://localhost");
        assert_eq!(host.place().to_string(), "localhost:80");
        for text in [
            "localhost",
            "ws://localhost/",
            "http://localhost",
            "localhost/#top",
        ] {
            assert_eq!(target(text), host, "{text}");
        }
        assert_eq!(host.uri().path(), "/ws");
        for text in ["ws://localhost?name=Ada", "localhost/?name=Ada"] {
            assert_eq!(target(text).uri().path_and_query().unwrap(), "/ws?name=Ada");
        }
    }

    #[test]
    fn tls_is_spoken_where_the_scheme_says_so_on_port_443() {
        let host = target("wss://localhost/echo");
        assert_eq!(host.place().to_string(), "localhost:443");
        assert_eq!(target("https://localhost/echo"), host);
        assert_eq!(
            target("wss://localhost:8443/").place().to_string(),
            "localhost:8443"
        );
        assert!(host.is_tls() && !target("ws://localhost").is_tls());
    }

    #[test]
    fn a_user_is_told_to_the_server_and_is_no_part_of_the_place() {
        let ada = target("wss://ada:a%20b@h/echo");
        assert_eq!(ada.place().to_string(), "h:443");
        assert_eq!(ada.uri().authority().unwrap(), "h");
        assert_eq!(ada.authorization().unwrap(), "Basic YWRhOmEgYg==");
        assert!(target("h").authorization().is_none());
        assert!(error("a%3Ab:c@h").contains("%3A"));
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        let target = target("ws://[::1]:9/echo");
        assert_eq!(target.place().to_string(), "[::1]:9");
    }

    #[test]
    fn a_unix_socket_has_its_path_beside_it() {
        let socket = target("unix:/run/hubbub.sock");
        assert_eq!(socket.place().to_string(), "unix:/run/hubbub.sock");
        assert_eq!(socket.uri().path(), "/ws");
        let relay = socket.with_path("/relay?channel=x").unwrap();
        assert_eq!(relay.uri().path_and_query().unwrap(), "/relay?channel=x");
        assert_eq!(
            target("localhost").with_path("/relay"),
            Err(TargetError::TwoPaths)
        );
    }

    #[test]
    fn a_unix_socket_without_a_path_is_none() {
        assert!(error("unix:").contains("unix:/run/hubbub.sock"));
    }

    #[test]
    fn chat_is_spoken_at_ws_with_a_name_and_nowhere_else() {
        assert!(target("ws://h/ws?email=a%40b&name=Ada").is_chat());
        for text in [
            "ws://h/ws",
            "ws://h/relay?name=Ada",
            "ws://h/ws?surname=Ada",
        ] {
            assert!(!target(text).is_chat(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_connected_to_is_refused_with_what_can() {
        assert!(error("ftp://localhost/").contains("use ws://HOST:PORT/PATH"));
        for text in ["ws://h:99999/", "ws://h:0/", "ws://h:/", "ws://h:x/"] {
            let error = error(text);
            assert!(error.contains("127.0.0.1:8080"), "{text} is told: {error}");
        }
        for text in ["", "ws://", "ws:///ws", "h/ws?name=Ada Byron"] {
            assert!(error(text).contains("ws://127.0.0.1:8080/ws?name=Ada"));
        }
    }
}
