//! The server under test: where it is, and the handshake that each client makes.

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
    vocabulary::address::socket_path,
};
use thiserror::Error;
use tungstenite::{
    handshake::client::{Request, generate_key},
    http::{
        HeaderValue, Uri, header,
        uri::{Authority, InvalidUri},
    },
};

/// How long one of several addresses may take to answer before the next one is tried.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Where to connect and what to ask for there.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    place: Place,
    request: Request,
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
    /// What the `Authorization` header is to say in place of the URL's user, unless `headers` has one.
    pub token: Option<&'a HeaderValue>,
    /// More headers.
    pub headers: &'a [Header],
    /// The subprotocol to offer.
    pub subprotocol: Option<&'a HeaderValue>,
    /// Whose certificates are accepted.
    pub trust: Trust,
}

/// What one client asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// Added to the URL's query, unless that asks for the same.
    pub query: Option<&'a str>,
    /// Whether it offers that what it receives be deflated.
    pub inflates: bool,
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
        let unix = socket_path(url)
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
        let uri = match unix {
            Some(_) => format!("ws://localhost/{}", path.strip_prefix('/').unwrap_or(path)),
            None => plain,
        };
        let uri: Uri = uri
            .parse()
            .map_err(|error: InvalidUri| of(error.to_string()))?;
        let basic = user::basic(user.unwrap_or_default()).map_err(|error| of(error.to_string()))?;
        let authorization = handshake.token.or(basic.as_ref());
        let mut request = request::request(&uri, authorization, handshake.headers)
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
                request,
            });
        }
        let default_port = if is_tls { 443 } else { 80 };
        let host = request.uri().host().unwrap_or_default();
        let authority = request.uri().authority().map_or("", Authority::as_str);
        let port = match request.uri().port_u16() {
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
            request,
        })
    }

    /// The URL as it was given, without its secrets.
    pub fn url(&self) -> &str {
        &self.url
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
        let mut request = self.request.clone();
        if wish.inflates {
            request::offer_deflate(request.headers_mut());
        }
        if let Some(query) = wish.query {
            *request.uri_mut() = extended(request.uri(), query);
        }
        let key = HeaderValue::from_str(&generate_key()).expect("base64 fits a header");
        request.headers_mut().insert(header::SEC_WEBSOCKET_KEY, key);
        request
    }
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

/// The URL with something more in its query, unless it asks for that itself.
fn extended(uri: &Uri, query: &str) -> Uri {
    let (name, _) = query.split_once('=').unwrap_or((query, ""));
    let present = uri.query().unwrap_or_default();
    let asked = present
        .split('&')
        .any(|pair| pair.split('=').next() == Some(name));
    if asked {
        return uri.clone();
    }
    let both = if present.is_empty() {
        format!("{}?{query}", uri.path())
    } else {
        format!("{}?{present}&{query}", uri.path())
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = both.parse().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
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
    /// Nobody can be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn asking(query: &str) -> Wish<'_> {
        Wish {
            query: Some(query),
            ..Wish::default()
        }
    }

    fn address(target: &Target) -> String {
        match target.place() {
            Place::Tcp { address, .. } => address.to_string(),
            Place::Unix(path) => panic!("{}", path.display()),
        }
    }

    #[test]
    fn a_url_gives_an_address_and_a_request() {
        let target =
            Target::new("ws://127.0.0.1:8080/relay?channel=x", &Handshake::default()).unwrap();
        assert_eq!(address(&target), "127.0.0.1:8080");
        let (one, other) = (
            target.request(Wish::default()),
            target.request(Wish::default()),
        );
        assert_eq!(one.uri().path(), "/relay");
        assert_ne!(
            one.headers()["sec-websocket-key"],
            other.headers()["sec-websocket-key"]
        );
        let v6 = Target::new("ws://[::1]:9/", &Handshake::default()).unwrap();
        assert_eq!(address(&v6), "[::1]:9");
        let loud = Target::new("WS://127.0.0.1:8080/", &Handshake::default()).unwrap();
        assert_eq!(loud.request(Wish::default()).uri().path(), "/");
    }

    #[test]
    fn tls_is_spoken_where_the_url_says_so_on_port_443() {
        let handshake = Handshake {
            trust: Trust::Anyone,
            ..Handshake::default()
        };
        let target = Target::new("wss://127.0.0.1/relay", &handshake).unwrap();
        assert_eq!(address(&target), "127.0.0.1:443");
        let Place::Tcp { tls, .. } = target.place() else {
            panic!("it is TCP");
        };
        assert_eq!(tls.as_ref().unwrap().1, "127.0.0.1");
    }

    #[test]
    fn a_unix_socket_has_its_endpoint_beside_it() {
        for path in ["/relay?channel=x", "relay?channel=x"] {
            let handshake = Handshake {
                path: Some(path),
                ..Handshake::default()
            };
            let target = Target::new("unix:/run/hubbub.sock", &handshake).unwrap();
            assert!(matches!(target.place(), Place::Unix(path) if path.ends_with("hubbub.sock")));
            let request = target.request(asking("name=a"));
            let asked = request.uri().path_and_query().unwrap();
            assert_eq!(asked, "/relay?channel=x&name=a");
        }
    }

    #[test]
    fn a_unix_socket_without_a_path_is_none() {
        let error = Target::new("unix:", &Handshake::default()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("unix:/run/hubbub.sock"), "{error}");
    }

    #[test]
    fn of_several_addresses_the_first_that_answers_is_kept() {
        let [open, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [open, other] =
            [open, other].map(|listener| (listener.local_addr().unwrap(), listener));
        let closed = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        assert_eq!(first_to_answer(&[closed, open.0, other.0]).unwrap(), open.0);
        let refused = first_to_answer(&[closed, closed]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(first_to_answer(&[closed]).unwrap(), closed);
        assert!(first_to_answer(&[]).is_err());
    }

    #[test]
    fn the_user_of_a_url_is_told_to_the_server_and_to_nobody_else() {
        let target = |token, headers| {
            let handshake = Handshake {
                token,
                headers,
                ..Handshake::default()
            };
            Target::new("ws://ada:a%20b@127.0.0.1:1/?token=c", &handshake).unwrap()
        };
        let ada = target(None, &[]);
        let request = ada.request(Wish::default());
        assert_eq!(request.headers()["authorization"], "Basic YWRhOmEgYg==");
        assert_eq!(request.headers()["host"], "127.0.0.1:1");
        assert_eq!(ada.url(), "ws://ada:***@127.0.0.1:1/?token=***");
        let bearer = HeaderValue::from_static("Bearer b");
        let given = [(header::AUTHORIZATION, HeaderValue::from_static("c"))];
        for (headers, said) in [(&[][..], "Bearer b"), (&given, "c")] {
            let request = target(Some(&bearer), headers).request(Wish::default());
            assert_eq!(request.headers()["authorization"], said);
        }
    }

    #[test]
    fn a_client_asks_for_more_than_the_url_says_unless_it_says_so_itself() {
        let uri = |url: &str, query| {
            let target = Target::new(url, &Handshake::default()).unwrap();
            target.request(asking(query)).uri().to_string()
        };
        assert_eq!(
            uri("ws://127.0.0.1:1", "name=a"),
            "ws://127.0.0.1:1/?name=a"
        );
        assert_eq!(
            uri("ws://127.0.0.1:1/ws?email=e", "name=a"),
            "ws://127.0.0.1:1/ws?email=e&name=a"
        );
        assert_eq!(
            uri("ws://127.0.0.1:1/ws?name=b", "name=a"),
            "ws://127.0.0.1:1/ws?name=b"
        );
    }

    #[test]
    fn a_wrong_url_is_quoted_with_a_right_one() {
        for url in [
            "",
            "nonsense",
            "127.0.0.1:8080/",
            "http://127.0.0.1/",
            "ws://",
            "ws://127.0.0.1:99999/",
            "ws://127.0.0.1:/",
        ] {
            let text = Target::new(url, &Handshake::default())
                .unwrap_err()
                .to_string();
            assert!(
                text.contains(url) && text.contains("ws://127.0.0.1:8080/relay"),
                "{text}"
            );
        }
    }
}
