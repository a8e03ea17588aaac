//! The server under test: where it is, and the handshake that each client makes.

mod asking;

pub use asking::Wish;

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use hubbub::{
    system::{
        opening::{
            request::{self, Header},
            secrets::{hidden, is_secret},
            user,
        },
        tls::client::{Tls, Trust, TrustError},
    },
    vocabulary::address::{SocketPathError, socket_path},
};
use thiserror::Error;
use tungstenite::{
    handshake::client::Request,
    http::{
        HeaderValue, Uri, header,
        uri::{Authority, InvalidUri},
    },
};

use crate::plan::{particulars::Own, script::error::TextError};
use asking::{Asking, Headers};

/// How long one of several addresses may take to answer before the next one is tried.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Where to connect and what to ask for there.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    place: Place,
    asking: Asking,
}

/// Where a server listens.
#[derive(Clone, Debug)]
pub enum Place {
    /// A TCP port.
    Tcp {
        /// Its address.
        address: SocketAddr,
        /// How TLS is spoken there, and with which host, if it is.
        tls: Option<(Tls, String)>,
    },
    /// A unix stream socket.
    Unix(PathBuf),
}

/// What a handshake has beside a URL.
#[derive(Clone, Debug, Default)]
pub struct Handshake<'a> {
    /// The endpoint of a unix socket, `/` if there is none.
    pub path: Option<&'a str>,
    /// The endpoint, with its query, of a URL that names none.
    pub default_path: &'a str,
    /// What the `Authorization` header is to say in place of the URL's user, unless `headers` has one.
    pub token: Option<&'a HeaderValue>,
    /// More headers.
    pub headers: &'a [Header],
    /// The subprotocol to offer.
    pub subprotocol: Option<&'a HeaderValue>,
    /// Whose certificates are accepted.
    pub trust: Trust,
}

impl Target {
    /// Understands a `ws://` or `wss://` URL, or `unix:PATH`, and finds where its host answers, once for all clients.
    ///
    /// # Errors
    /// The user's to mend: the text quotes the URL and says what a good one looks like, or what is wrong with the trust.
    pub fn new(url: &str, handshake: &Handshake) -> Result<Self, TargetError> {
        let of = |reason: String| TargetError::Url {
            url: hidden(url),
            reason,
        };
        let unix = unix_path(url)
            .transpose()
            .map_err(|error| of(error.to_string()))?;
        // However it is written (RFC 3986, section 3.1).
        let scheme = url.split_once("://").unwrap_or_default().0;
        let is_tls = match (&unix, &*scheme.to_ascii_lowercase()) {
            (Some(_), _) | (None, "ws") => false,
            (None, "wss") => true,
            (None, _) => {
                let reason = "it does not begin with ws://, wss:// or unix:";
                return Err(of(reason.to_owned()));
            }
        };
        let (plain, user) = user::split(if unix.is_some() { "" } else { url });
        let path = handshake.path.unwrap_or_default();
        let uri = match &unix {
            Some(_) => format!("ws://localhost/{}", path.strip_prefix('/').unwrap_or(path)),
            None => plain,
        };
        let mut uri: Uri = uri
            .parse()
            .map_err(|error: InvalidUri| of(error.to_string()))?;
        if matches!(uri.path_and_query(), Some(path) if path == "/") && unix.is_none() {
            uri = asking::placed(&uri, handshake.default_path);
        }
        let basic = user::basic(user.unwrap_or_default()).map_err(|error| of(error.to_string()))?;
        let text = |error: TextError| of(error.to_string());
        let headers = Headers::new(handshake.headers).map_err(TargetError::Header)?;
        let authorization = handshake.token.or(basic.as_ref());
        let authorization = authorization.filter(|_| !headers.has_authorization());
        let mut request = request::request(&uri, authorization, &headers.same)
            .map_err(|error| of(error.to_string()))?;
        if let Some(subprotocol) = handshake.subprotocol {
            let mut subprotocol = subprotocol.clone();
            subprotocol.set_sensitive(subprotocol.to_str().is_ok_and(is_secret));
            let headers = request.headers_mut();
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        if let Some(path) = unix {
            return Ok(Self {
                url: hidden(url),
                place: Place::Unix(path),
                asking: Asking::new(request, headers).map_err(text)?,
            });
        }
        let default_port = if is_tls { 443 } else { 80 };
        let host = uri.host().unwrap_or_default();
        let authority = uri.authority().map_or("", Authority::as_str);
        let port = match uri.port_u16() {
            Some(port) => port,
            None if authority.ends_with(host) => default_port,
            None => return Err(of("its port is not one from 0 to 65535".to_owned())),
        };
        let host = host.trim_matches(['[', ']']);
        let mut addresses = (host, port)
            .to_socket_addrs()
            .map_err(|error| of(format!("its host cannot be resolved ({error})")))?
            .collect::<Vec<_>>();
        // `localhost` is both, and more servers listen at 127.0.0.1 than at ::1.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let address = first_to_answer(&addresses).map_err(|error| {
            of(format!(
                "none of its addresses answers ({error}), so check that a server runs there"
            ))
        })?;
        let tls = if is_tls {
            Some((Tls::trusting(&handshake.trust)?, host.to_owned()))
        } else {
            None
        };
        Ok(Self {
            url: hidden(url),
            place: Place::Tcp { address, tls },
            asking: Asking::new(request, headers).map_err(text)?,
        })
    }

    /// The URL as it was given, without its secrets.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same as one client asks for it, where each asks for its own.
    pub fn url_of(&self, own: Own) -> String {
        let shown = match self.place {
            Place::Tcp { .. } => self.asking.shown(own),
            Place::Unix(_) => None,
        };
        shown.unwrap_or_else(|| self.url.clone())
    }

    /// Where to connect.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether it can be reached from any address of this machine in IPv4.
    pub fn is_near(&self) -> bool {
        match self.place {
            Place::Tcp { address, .. } => address.is_ipv4() && address.ip().is_loopback(),
            Place::Unix(_) => false,
        }
    }

    /// The handshake of one client, with a key of its own, and with what it asks for beside what was given.
    pub fn request(&self, wish: Wish) -> Request {
        self.asking.request(wish)
    }
}

/// The path of the unix socket that a URL names, if it names one, however its scheme is written (RFC 3986, section 3.1).
///
/// # Errors
/// The user's: there is none behind the scheme, or one that no socket can have.
pub fn unix_path(url: &str) -> Option<Result<PathBuf, SocketPathError>> {
    let (scheme, path) = url.split_once(':')?;
    socket_path(&format!("{}:{path}", scheme.to_ascii_lowercase()))
}

/// The first address that takes a connection. One that has no other in its place need not be asked.
fn first_to_answer(addresses: &[SocketAddr]) -> io::Result<SocketAddr> {
    if let [address] = addresses {
        return Ok(*address);
    }
    let mut failure = ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match TcpStream::connect_timeout(address, ANSWER_TIMEOUT) {
            Ok(_) => return Ok(*address),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// A server that cannot be connected to. The user's to mend.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The URL is none.
    #[error("cannot use the URL {url}: {reason}; give --url one like ws://127.0.0.1:8080/relay")]
    Url {
        /// As it was given, without its secrets.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A header has a place that is none.
    #[error("--header: {0}")]
    Header(TextError),
    /// Nobody can be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

#[cfg(test)]
mod tests;
