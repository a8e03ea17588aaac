//! The server under test: where it is, and the handshake that each client makes.

use std::net::{SocketAddr, ToSocketAddrs};

use thiserror::Error;
use tungstenite::{
    client::IntoClientRequest,
    handshake::client::{Request, generate_key},
    http::{HeaderName, HeaderValue, Uri, header, uri::Authority},
};

/// Where to connect and what to ask for there.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    address: SocketAddr,
    request: Request,
}

impl Target {
    /// Understands a `ws://` URL and resolves its host, once for all clients.
    ///
    /// # Errors
    /// The user's to mend: the text quotes the URL and says what a good one looks like.
    pub fn new(
        url: &str,
        headers: &[(HeaderName, HeaderValue)],
        subprotocol: Option<&HeaderValue>,
    ) -> Result<Self, TargetError> {
        let of = |reason: String| TargetError {
            url: url.to_owned(),
            reason,
        };
        let mut request = url
            .into_client_request()
            .map_err(|error| of(error.to_string()))?;
        match request.uri().scheme_str() {
            Some("ws") => {}
            Some("wss") => return Err(of("TLS is not supported yet".to_owned())),
            _ => return Err(of("it does not begin with ws://".to_owned())),
        }
        for (name, value) in headers {
            request.headers_mut().append(name, value.clone());
        }
        if let Some(subprotocol) = subprotocol {
            request
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol.clone());
        }
        let host = request.uri().host().unwrap_or_default();
        let authority = request.uri().authority().map_or("", Authority::as_str);
        let port = match request.uri().port_u16() {
            Some(port) => port,
            None if authority.ends_with(host) => 80,
            None => return Err(of("its port is not one from 0 to 65535".to_owned())),
        };
        let address = (host.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .map_err(|error| of(format!("its host cannot be resolved ({error})")))?
            // `localhost` is both, and more servers listen at 127.0.0.1 than at ::1.
            .min_by_key(SocketAddr::is_ipv6)
            .ok_or_else(|| of("its host has no address".to_owned()))?;
        Ok(Self {
            url: url.to_owned(),
            address,
            request,
        })
    }

    /// The URL as it was given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handshake of one client, with a key of its own, and with what its URL has to ask for beside what was given.
    pub fn request(&self, query: Option<&str>) -> Request {
        let mut request = self.request.clone();
        if let Some(query) = query {
            *request.uri_mut() = extended(request.uri(), query);
        }
        let key = HeaderValue::from_str(&generate_key()).expect("base64 fits a header");
        request.headers_mut().insert(header::SEC_WEBSOCKET_KEY, key);
        request
    }
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

/// A URL that cannot be connected to. The user's to mend.
#[derive(Debug, Error)]
#[error("cannot use the URL {url}: {reason}; give --url one like ws://127.0.0.1:8080/relay")]
pub struct TargetError {
    url: String,
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_an_address_and_a_request() {
        let target = Target::new("ws://127.0.0.1:8080/relay?channel=x", &[], None).unwrap();
        assert_eq!(target.address().to_string(), "127.0.0.1:8080");
        let (one, other) = (target.request(None), target.request(None));
        assert_eq!(one.uri().path(), "/relay");
        assert_ne!(
            one.headers()["sec-websocket-key"],
            other.headers()["sec-websocket-key"]
        );
        let v6 = Target::new("ws://[::1]:9/", &[], None).unwrap();
        assert_eq!(v6.address().to_string(), "[::1]:9");
    }

    #[test]
    fn a_client_asks_for_more_than_the_url_says_unless_it_says_so_itself() {
        let uri = |url: &str, query| {
            let target = Target::new(url, &[], None).unwrap();
            target.request(Some(query)).uri().to_string()
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
            "http://127.0.0.1/",
            "wss://127.0.0.1/",
            "ws://",
            "ws://127.0.0.1:99999/",
            "ws://127.0.0.1:/",
        ] {
            let text = Target::new(url, &[], None).unwrap_err().to_string();
            assert!(
                text.contains(url) && text.contains("ws://127.0.0.1:8080/relay"),
                "{text}"
            );
        }
    }
}
