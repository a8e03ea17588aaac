//! The server under test: where it is, and the handshake that each client makes.

use std::net::{SocketAddr, ToSocketAddrs};

use thiserror::Error;
use tungstenite::{
    client::IntoClientRequest,
    handshake::client::{Request, generate_key},
    http::{HeaderName, HeaderValue, header},
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
        let port = request.uri().port_u16().unwrap_or(80);
        let address = (host.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .map_err(|error| of(format!("its host cannot be resolved ({error})")))?
            .next()
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

    /// The handshake of one client, with a key of its own.
    pub fn request(&self) -> Request {
        let mut request = self.request.clone();
        let key = HeaderValue::from_str(&generate_key()).expect("base64 fits a header");
        request.headers_mut().insert(header::SEC_WEBSOCKET_KEY, key);
        request
    }
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
        let (one, other) = (target.request(), target.request());
        assert_eq!(one.uri().path(), "/relay");
        assert_ne!(
            one.headers()["sec-websocket-key"],
            other.headers()["sec-websocket-key"]
        );
        let v6 = Target::new("ws://[::1]:9/", &[], None).unwrap();
        assert_eq!(v6.address().to_string(), "[::1]:9");
    }

    #[test]
    fn a_wrong_url_is_quoted_with_a_right_one() {
        for url in [
            "",
            "nonsense",
            "http://127.0.0.1/",
            "wss://127.0.0.1/",
            "ws://",
        ] {
            let text = Target::new(url, &[], None).unwrap_err().to_string();
            assert!(
                text.contains(url) && text.contains("ws://127.0.0.1:8080/relay"),
                "{text}"
            );
        }
    }
}
