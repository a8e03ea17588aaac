//! The gate: which sessions may begin, by where a page comes from and by what a token says.

pub mod token;

use std::time::Duration;

use http::{
    HeaderMap, Request,
    header::{AUTHORIZATION, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL},
};

use self::token::Keyring;
use super::{
    endpoint::{SessionKind, parameter},
    http::{HttpError, entries},
};
use crate::vocabulary::{
    origin::{AllowedOrigin, Origin},
    pass::Pass,
};

/// What comes before a token in the list of subprotocols, which is all that a page in a browser can add to a handshake.
const TOKEN_SUBPROTOCOL: &str = "hubbub.token.";

/// The rules for those who want a session.
#[derive(Debug, Default)]
pub struct Gate {
    allowed_origins: Vec<AllowedOrigin>,
    is_tls: bool,
    keyring: Option<Keyring>,
}

/// One who may have a session.
#[derive(Debug, Default, PartialEq)]
pub struct Admission {
    /// Who they are and what they may do.
    pub pass: Pass,
    /// Until when, since the Unix epoch, if not forever.
    pub expires_at: Option<Duration>,
}

impl Gate {
    /// Pages of the server's own origin, to which it may speak TLS, and of these may connect, and programs; nobody needs
    /// a token.
    pub fn new(allowed_origins: Vec<AllowedOrigin>, is_tls: bool) -> Self {
        Self {
            allowed_origins,
            is_tls,
            keyring: None,
        }
    }

    /// From now on everyone needs a token that this accepts.
    pub fn demand_tokens(&mut self, keyring: Keyring) {
        self.keyring = Some(keyring);
    }

    /// Whether everyone needs a token.
    pub fn demands_tokens(&self) -> bool {
        self.keyring.is_some()
    }

    /// Lets one in who asks for a session.
    ///
    /// # Errors
    /// 401 or 403, with what is wrong. Its fault, or its issuer's.
    pub fn admit(
        &self,
        request: &Request<()>,
        kind: &SessionKind,
        unix_ms: u64,
    ) -> Result<Admission, HttpError> {
        self.check_origin(request.headers())?;
        let Some(keyring) = &self.keyring else {
            return Ok(Admission::default());
        };
        let token = token(request).ok_or_else(HttpError::token_missing)?;
        let (pass, expires_at) = keyring.read(&token, unix_ms)?;
        match kind {
            SessionKind::Relay { channel, .. } if !pass.rights.may_join(channel) => {
                Err(HttpError::channel_not_allowed(channel))
            }
            _ => Ok(Admission {
                pass,
                expires_at: Some(expires_at),
            }),
        }
    }

    /// Browsers say where a page comes from, and programs need not.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), HttpError> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return Ok(());
        };
        if self.allowed_origins.contains(&AllowedOrigin::Any) {
            return Ok(());
        }
        let text = origin.to_str().unwrap_or_default();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let is_allowed = text.parse::<Origin>().is_ok_and(|origin| {
            host.is_some_and(|host| origin.is_at(host, self.is_tls))
                || self
                    .allowed_origins
                    .iter()
                    .any(|allowed| allowed.covers(&origin))
        });
        if is_allowed && origins.next().is_none() {
            Ok(())
        } else {
            Err(HttpError::origin_not_allowed(text))
        }
    }
}

/// The token of a request: from `Authorization` (RFC 6750, section 2.1), from the subprotocols, or from the query.
fn token(request: &Request<()>) -> Option<String> {
    let headers = request.headers();
    let authorization = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = authorization.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    let offered = || {
        let mut offers = entries(headers, &SEC_WEBSOCKET_PROTOCOL);
        offers
            .find_map(|offer| offer.strip_prefix(TOKEN_SUBPROTOCOL))
            .map(str::to_owned)
    };
    let query = || parameter(request.uri().query().unwrap_or_default(), "token");
    bearer.or_else(offered).or_else(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::batch::Form;

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri("/relay");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn lobby() -> SessionKind {
        SessionKind::Relay {
            channel: "lobby".to_owned(),
            form: Form::Joined,
        }
    }

    fn is_let_in(allowed: &[&str], headers: &[(&str, &str)]) -> bool {
        let allowed = allowed.iter().map(|origin| origin.parse().unwrap());
        let gate = Gate::new(allowed.collect(), false);
        match gate.admit(&request(headers), &lobby(), 0) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(
                    (error.status.as_u16(), error.code),
                    (403, "origin-not-allowed")
                );
                assert!(
                    error.message.contains("--allow-origin"),
                    "{}",
                    error.message
                );
                false
            }
        }
    }

    #[test]
    fn pages_connect_from_the_servers_own_origin_and_programs_from_anywhere() {
        assert!(is_let_in(&[], &[("host", "a:81")]));
        assert!(is_let_in(
            &[],
            &[("host", "a:81"), ("origin", "http://a:81")]
        ));
        assert!(!is_let_in(&[], &[("host", "a:81"), ("origin", "http://b")]));
        assert!(!is_let_in(&[], &[("host", "a:81"), ("origin", "null")]));
        assert!(!is_let_in(&[], &[("origin", "http://a:81")]));
    }

    #[test]
    fn other_origins_are_allowed_by_name_or_all_at_once() {
        let page = [("host", "a"), ("origin", "https://b")];
        assert!(is_let_in(&["https://c", "https://b"], &page));
        assert!(!is_let_in(&["https://c", "http://b"], &page));
        assert!(is_let_in(&["*"], &page));
        assert!(is_let_in(&["*"], &[("host", "a"), ("origin", "null")]));
        let two = [
            ("host", "a"),
            ("origin", "http://a"),
            ("origin", "http://b"),
        ];
        assert!(!is_let_in(&[], &two));
    }

    #[test]
    fn a_token_is_found_wherever_a_client_can_put_it() {
        let found = |uri: &str, headers: &[(&str, &str)]| {
            let mut request = request(headers);
            *request.uri_mut() = uri.parse().unwrap();
            token(&request)
        };
        let here = Some("a.b.c".to_owned());
        assert_eq!(found("/ws", &[("authorization", "bearer a.b.c")]), here);
        assert_eq!(found("/ws?name=Ada&token=a.b.c", &[]), here);
        let offers = [("sec-websocket-protocol", "hubbub, hubbub.token.a.b.c")];
        assert_eq!(found("/ws", &offers), here);
        assert_eq!(found("/ws", &[("authorization", "Basic YTpi")]), None);
        assert_eq!(found("/ws", &[("sec-websocket-protocol", "hubbub")]), None);
    }
}
