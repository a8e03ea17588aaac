//! Where Redis is, and who we are there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::{
    address::{SocketPathError, socket_path},
    config::JournalBounds,
};

const DEFAULT_PORT: u16 = 6379;

/// The journal that several nodes share in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisSettings {
    /// Where it is.
    pub url: RedisUrl,
    /// The file with the authorities whose certificates are accepted there; those of the system otherwise.
    pub authorities: Option<PathBuf>,
    /// What the names of all its keys begin with.
    pub prefix: String,
    /// How long a node may be silent before the others declare it dead.
    pub lease: Duration,
    /// How much may wait here.
    pub bounds: JournalBounds,
    /// Bytes of the journal that Redis keeps, about.
    pub history_bytes: usize,
}

/// `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://` for TLS, or `unix:PATH[?user=&password=&database=]`.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    /// Where it listens.
    pub place: RedisPlace,
    /// Who we say that we are, if anybody.
    pub credentials: Option<Credentials>,
    /// The number of the database.
    pub database: u32,
}

/// Where Redis listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisPlace {
    /// A TCP port.
    Tcp {
        /// A name, or an address without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Whether TLS is spoken there.
        is_tls: bool,
    },
    /// A unix stream socket.
    Unix(PathBuf),
}

/// A user and its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user; without one it is that of those who give only a password.
    pub user: Option<String>,
    /// The password.
    pub password: String,
}

/// A text that says of no Redis where it is. The operator's to mend; nothing secret is in the text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RedisUrlError {
    /// Another protocol.
    #[error(
        "it must begin with redis://, rediss:// (TLS) or unix:; write it like redis://:PASSWORD@127.0.0.1:6379/0"
    )]
    Scheme,
    /// No database has such a number.
    #[error("its database is no number; write it like redis://127.0.0.1:6379/0")]
    Database,
    /// It makes no sense otherwise.
    #[error(
        "{reason}; write it like redis://127.0.0.1:6379, and what is no letter or digit of a password as %40 (an @)"
    )]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// No unix socket is there.
    #[error(transparent)]
    SocketPath(#[from] SocketPathError),
    /// A field of its query that there is not.
    #[error(
        "{name} says nothing of Redis; a unix socket takes user, password and database, like unix:/run/redis.sock?database=1"
    )]
    Field {
        /// The field.
        name: String,
    },
}

impl FromStr for RedisUrl {
    type Err = RedisUrlError;

    fn from_str(text: &str) -> Result<Self, RedisUrlError> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        if let Some(path) = socket_path(path) {
            return on_socket(path?, query);
        }
        let (scheme, rest) = text.split_once("://").ok_or(RedisUrlError::Scheme)?;
        let is_tls = match &*scheme.to_ascii_lowercase() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(RedisUrlError::Scheme),
        };
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        let uri: Uri = format!("redis://{rest}").parse().map_err(malformed)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(malformed("it names no host"));
        }
        if uri.query().is_some() {
            return Err(malformed("it has a query, which means nothing here"));
        }
        let has_port = uri
            .authority()
            .is_some_and(|authority| authority.as_str() != authority.host());
        let port = match uri.port_u16() {
            Some(0) => return Err(malformed("its port is 0")),
            None if has_port => return Err(malformed("its port is no number up to 65535")),
            port => port.unwrap_or(DEFAULT_PORT),
        };
        Ok(Self {
            place: RedisPlace::Tcp {
                host: host.to_owned(),
                port,
                is_tls,
            },
            credentials: user.map(credentials).transpose()?,
            database: database(uri.path().trim_start_matches('/'))?,
        })
    }
}

fn on_socket(path: PathBuf, query: &str) -> Result<RedisUrl, RedisUrlError> {
    let (mut user, mut password, mut number) = (None, None, String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "user" => user = Some(value.into_owned()),
            "password" => password = Some(value.into_owned()),
            "database" => number = value.into_owned(),
            _ => {
                return Err(RedisUrlError::Field {
                    name: name.into_owned(),
                });
            }
        }
    }
    if user.is_some() && password.is_none() {
        return Err(malformed("it has a user without a password"));
    }
    Ok(RedisUrl {
        place: RedisPlace::Unix(path),
        credentials: password.map(|password| Credentials { user, password }),
        database: database(&number)?,
    })
}

/// `USER:PASSWORD` or `:PASSWORD`.
fn credentials(text: &str) -> Result<Credentials, RedisUrlError> {
    let decoded = |text| {
        let text = percent_decode_str(text).decode_utf8();
        text.map_err(|_| malformed("its user or password is not UTF-8"))
    };
    let (user, password) = text
        .split_once(':')
        .ok_or_else(|| malformed("it has a user without a password"))?;
    let user = decoded(user)?.into_owned();
    Ok(Credentials {
        user: (!user.is_empty()).then_some(user),
        password: decoded(password)?.into_owned(),
    })
}

fn database(text: &str) -> Result<u32, RedisUrlError> {
    match text {
        "" => Ok(0),
        text => text.parse().map_err(|_| RedisUrlError::Database),
    }
}

fn malformed(reason: impl fmt::Display) -> RedisUrlError {
    RedisUrlError::Malformed {
        reason: reason.to_string(),
    }
}

impl fmt::Display for RedisPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl fmt::Debug for Credentials {
    /// All but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown.field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisUrl {
    /// All but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place, self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> RedisUrl {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn tcp(host: &str, port: u16, is_tls: bool) -> RedisPlace {
        RedisPlace::Tcp {
            host: host.to_owned(),
            port,
            is_tls,
        }
    }

    fn known(user: Option<&str>, password: &str) -> Credentials {
        Credentials {
            user: user.map(Into::into),
            password: password.to_owned(),
        }
    }

    #[test]
    fn a_url_says_where_redis_is_and_who_asks() {
        let all = url("rediss://ada:p%40ss:word@redis.example:7000/3");
        assert_eq!(all.place, tcp("redis.example", 7000, true));
        assert_eq!(all.credentials, Some(known(Some("ada"), "p@ss:word")));
        assert_eq!(all.database, 3);
        let least = url("redis://127.0.0.1");
        assert_eq!(least.place, tcp("127.0.0.1", 6379, false));
        assert_eq!((least.credentials, least.database), (None, 0));
        assert_eq!(url("redis://:secret@[::1]/").place, tcp("::1", 6379, false));
        assert_eq!(
            url("redis://:secret@h").credentials,
            Some(known(None, "secret"))
        );
        assert_eq!(url("REDIS://h/2").database, 2);
    }

    #[test]
    fn a_unix_socket_has_beside_its_path_what_a_url_has() {
        let socket = url("unix:/run/redis.sock?user=ada&password=a%26b&database=1");
        assert_eq!(socket.place, RedisPlace::Unix("/run/redis.sock".into()));
        assert_eq!(socket.credentials, Some(known(Some("ada"), "a&b")));
        assert_eq!(socket.database, 1);
        assert_eq!(url("unix:redis.sock").credentials, None);
    }

    #[test]
    fn what_says_of_no_redis_where_it_is_is_refused() {
        for text in [
            "",
            "127.0.0.1:6379",
            "http://h",
            "redis://",
            "redis://:6379",
            "redis://h:0",
            "redis://h:x",
            "redis://h/one",
            "redis://h/1?x",
            "redis://ada@h",
            "unix:",
            "unix:/s?user=ada",
            "unix:/s?db=1",
            "unix:/s?database=x",
        ] {
            assert!(text.parse::<RedisUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in ["redis://ada:secret@h", "unix:/s?password=secret"] {
            let shown = format!("{:?} {:?}", url(text), url(text).credentials);
            assert!(!shown.contains("secret"), "{shown}");
        }
        for text in [
            "redis://ada:secret@",
            "redis://ada:secret@h:x",
            "ada:secret@h",
        ] {
            let told = text.parse::<RedisUrl>().unwrap_err().to_string();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
