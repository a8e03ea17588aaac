//! Where a server is asked.

use std::str::FromStr;

use http::{Uri, uri::Scheme};
use thiserror::Error;

use crate::{
    system::client::target::Place,
    vocabulary::address::{SocketPathError, socket_path},
};

/// What stands for the host of a unix socket, for whose requests it means nothing.
const UNIX_HOST: &str = "http://127.0.0.1";

/// An operator's listener, as a person writes it: `http://HOST[:PORT]`, `https://` for TLS, or `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl {
    /// The scheme and the host.
    base: String,
    place: Place,
    is_tls: bool,
}

/// A URL at which no server can be asked. The user's to mend.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ApiUrlError {
    /// Another form.
    #[error("not a URL like http://127.0.0.1:9090, https:// for TLS, or unix:PATH")]
    Form,
    /// A user, of whom no server here would know anything.
    #[error("it names a user; leave that out, and put the key into HUBBUB_KEY in the environment")]
    User,
    /// More than a server.
    #[error("leave out what stands behind the host: the path is known")]
    Path,
    /// No unix socket is there.
    #[error(transparent)]
    SocketPath(#[from] SocketPathError),
}

impl ApiUrl {
    /// Where the server listens.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether TLS is spoken there.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// What is to be asked for there.
    pub(super) fn with_path(&self, path: &str) -> String {
        [&self.base, path].concat()
    }
}

impl FromStr for ApiUrl {
    type Err = ApiUrlError;

    fn from_str(text: &str) -> Result<Self, ApiUrlError> {
        if let Some(path) = socket_path(text) {
            return Ok(Self {
                base: UNIX_HOST.to_owned(),
                place: Place::Unix(path?),
                is_tls: false,
            });
        }
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let uri: Uri = text.parse().map_err(|_| ApiUrlError::Form)?;
        let is_tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(ApiUrlError::Form),
        };
        let authority = uri.authority().ok_or(ApiUrlError::Form)?;
        if authority.as_str().contains('@') {
            return Err(ApiUrlError::User);
        }
        if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
            return Err(ApiUrlError::Path);
        }
        let place = Place::of(authority, is_tls).ok_or(ApiUrlError::Form)?;
        let scheme = if is_tls { "https" } else { "http" };
        Ok(Self {
            base: format!("{scheme}://{authority}"),
            place,
            is_tls,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> ApiUrl {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_url_names_a_server_and_nothing_else() {
        for (text, base, place, is_tls) in [
            ("http://h:9090", "http://h:9090", "h:9090", false),
            ("h:9090/", "http://h:9090", "h:9090", false),
            ("https://h", "https://h", "h:443", true),
            ("HTTP://[::1]:1/", "http://[::1]:1", "[::1]:1", false),
            ("unix:/run/a", "http://127.0.0.1", "unix:/run/a", false),
        ] {
            let url = url(text);
            let found = (&url.base[..], &url.place.to_string()[..], url.is_tls);
            assert_eq!(found, (base, place, is_tls), "{text}");
        }
        assert_eq!(url("h").with_path("/api/stats"), "http://h/api/stats");
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, error) in [
            ("", ApiUrlError::Form),
            ("ws://h", ApiUrlError::Form),
            ("http://", ApiUrlError::Form),
            ("http://h:0", ApiUrlError::Form),
            ("http://h:", ApiUrlError::Form),
            ("http://h:65536", ApiUrlError::Form),
            ("http://key@h", ApiUrlError::User),
            ("http://h/api", ApiUrlError::Path),
            ("http://h?a", ApiUrlError::Path),
            ("http://h#a", ApiUrlError::Path),
            ("unix:", SocketPathError::Empty.into()),
        ] {
            assert_eq!(text.parse::<ApiUrl>(), Err(error), "{text}");
        }
    }
}
