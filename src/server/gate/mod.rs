//! The gate: which sessions may begin, by where a page comes from and by what a token says.

pub mod token;

use std::borrow::Cow;
use std::time::Duration;

use http::{
    Request,
    header::{AUTHORIZATION, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL},
};

use self::token::Keyring;
use super::{
    endpoint::SessionKind,
    http::{HttpError, entries},
    query::Query,
};
use crate::vocabulary::{
    config::REQUEST_TOKENS_MAX,
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

    /// What tokens are checked with, where everyone needs one.
    pub fn keyring(&self) -> Option<&Keyring> {
        self.keyring.as_ref()
    }

    /// Whether everyone needs a token.
    pub fn demands_tokens(&self) -> bool {
        self.keyring.is_some()
    }

    /// Lets one in who asks for a session. The first of its tokens that is good counts; if none is, the last says why, as it
    /// is the most surely meant for us. Adds to `tried` the keys that were tried on them, each of which is work.
    ///
    /// # Errors
    /// 401 or 403, with what is wrong. Its fault, or its issuer's.
    pub fn admit(
        &self,
        request: &Request<()>,
        kind: &SessionKind,
        unix_ms: u64,
        tried: &mut usize,
    ) -> Result<Admission, HttpError> {
        self.check_origin(request)?;
        let Some(keyring) = &self.keyring else {
            return Ok(Admission::default());
        };
        let mut read = Err(HttpError::token_missing());
        for token in tokens(request).take(REQUEST_TOKENS_MAX) {
            read = keyring.read(&token, unix_ms, tried);
            if read.is_ok() {
                break;
            }
        }
        let (pass, expires_at) = read?;
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
    fn check_origin(&self, request: &Request<()>) -> Result<(), HttpError> {
        let headers = request.headers();
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return Ok(());
        };
        if self.allowed_origins.contains(&AllowedOrigin::Any) {
            return Ok(());
        }
        let text = origin.to_str().unwrap_or_default();
        let host = host_of(request);
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

/// Whom a request is for. A whole URL in its first line says that better than `Host` (RFC 9112, section 3.2.2).
pub(super) fn host_of(request: &Request<()>) -> Option<&str> {
    match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(HOST)?.to_str().ok(),
    }
}

/// What a request brings in `Authorization` (RFC 6750, section 2.1).
pub(super) fn bearers(request: &Request<()>) -> impl Iterator<Item = &str> {
    let authorizations = request.headers().get_all(AUTHORIZATION).into_iter();
    authorizations.filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        is_bearer.then(|| token.trim())
    })
}

/// The tokens that a request brings: in `Authorization`, among the subprotocols, and in the query.
fn tokens(request: &Request<()>) -> impl Iterator<Item = Cow<'_, str>> {
    let headers = request.headers();
    let offers = entries(headers, &SEC_WEBSOCKET_PROTOCOL);
    let offered = offers.filter_map(|offer| offer.strip_prefix(TOKEN_SUBPROTOCOL).map(Cow::from));
    let query = Query::of(request.uri()).get("token");
    let bearers = bearers(request).map(Cow::from);
    bearers.chain(offered).chain(query.map(Cow::from))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

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
            last: 0,
        }
    }

    fn is_let_in(allowed: &[&str], headers: &[(&str, &str)]) -> bool {
        let allowed = allowed.iter().map(|origin| origin.parse().unwrap());
        let gate = Gate::new(allowed.collect(), false);
        match gate.admit(&request(headers), &lobby(), 0, &mut 0) {
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
    fn what_a_request_is_for_is_in_its_first_line_where_that_has_a_whole_url() {
        let gate = Gate::new(Vec::new(), false);
        let mut request = request(&[("host", "b"), ("origin", "http://a")]);
        *request.uri_mut() = "http://a/relay".parse().unwrap();
        assert!(gate.admit(&request, &lobby(), 0, &mut 0).is_ok());
        *request.uri_mut() = "http://c/relay".parse().unwrap();
        assert!(gate.admit(&request, &lobby(), 0, &mut 0).is_err());
    }

    #[test]
    fn tokens_are_found_wherever_a_client_can_put_them() {
        let found = |uri: &str, headers: &[(&str, &str)]| {
            let mut request = request(headers);
            *request.uri_mut() = uri.parse().unwrap();
            let tokens: Vec<_> = tokens(&request).map(Cow::into_owned).collect();
            tokens
        };
        let header = ("authorization", "bearer a.b.c");
        let offers = ("sec-websocket-protocol", "hubbub, hubbub.token.d.e.f");
        let query = "/ws?name=Ada&token=g.h.i";
        assert_eq!(found("/ws", &[header]), ["a.b.c"]);
        assert_eq!(found("/ws", &[offers]), ["d.e.f"]);
        assert_eq!(found(query, &[]), ["g.h.i"]);
        let all = found(query, &[offers, header]);
        assert_eq!(all, ["a.b.c", "d.e.f", "g.h.i"]);
        let none: [&str; 0] = [];
        assert_eq!(found("/ws", &[("authorization", "Basic YTpi")]), none);
        assert_eq!(found("/ws", &[("sec-websocket-protocol", "hubbub")]), none);
    }

    #[test]
    fn the_first_good_token_counts_and_the_last_bad_one_says_why() {
        const SECRET: &[u8] = b"a secret of thirty-two bytes or so";
        let sign = |secret: &[u8], sub: &str, exp: u64| {
            let key = EncodingKey::from_secret(secret).unwrap();
            encode(&Header::default(), &json!({"exp": exp, "sub": sub}), &key).unwrap()
        };
        let mut gate = Gate::new(Vec::new(), false);
        gate.demand_tokens(Keyring::new(SECRET, None, None).unwrap());
        let (ada, bob) = (sign(SECRET, "ada", 10), sign(SECRET, "bob", 10));
        let foreign = sign(b"a secret of somebody else, as long", "eve", 10);
        let expired = sign(SECRET, "eve", 1);
        let nonsense = "opaque".to_owned();
        let bring = |header: Option<&str>, offers: &[&str], query: &str| {
            let mut headers = Vec::new();
            headers.extend(header.map(|token| ("authorization", format!("Bearer {token}"))));
            let offers = offers.iter().map(|token| format!("hubbub.token.{token}"));
            headers.extend(offers.map(|offer| ("sec-websocket-protocol", offer)));
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            let mut request = request(&headers);
            *request.uri_mut() = format!("/relay?token={query}").parse().unwrap();
            let mut tried = 0;
            let admitted = gate.admit(&request, &lobby(), 2000, &mut tried);
            let who = admitted.map_or_else(
                |error| error.code.to_owned(),
                |admission| admission.pass.id.unwrap().into(),
            );
            (who, tried)
        };
        let expect = |who: &str, tried| (who.to_owned(), tried);
        assert_eq!(bring(Some(&ada), &[&bob], &bob), expect("ada", 1));
        assert_eq!(bring(Some(&nonsense), &[&ada], &bob), expect("ada", 1));
        assert_eq!(bring(Some(&foreign), &[&ada], &bob), expect("ada", 2));
        assert_eq!(bring(Some(&foreign), &[&expired], &ada), expect("ada", 3));
        let last = bring(Some(&nonsense), &[&foreign], &expired);
        assert_eq!(last, expect("token-expired", 2));
        // A fourth is not looked at.
        let many = bring(Some(&foreign), &[&expired, &foreign], &ada);
        assert_eq!(many, expect("token-signature", 3));
    }
}
