//! Who is let in at the door for programs.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use http::{Request, header::ORIGIN};
use tracing::info;

use super::{ApiKeys, Caller};
use crate::{
    server::{
        gate::{bearers, host_of, token::Keyring},
        http::HttpError,
    },
    state::{addresses::Addresses, throttle::Throttle},
    vocabulary::{
        authority::Authority,
        config::{
            AddressBounds, CALLS_LOGGED_PER_SECOND_MAX, REQUEST_TOKENS_MAX,
            STRANGERS_PER_SECOND_MAX,
        },
        origin::Origin,
        time::Now,
    },
};

/// The rules for programs.
#[derive(Debug)]
pub struct Door {
    is_tls: bool,
    keys: Option<ApiKeys>,
    /// Whoever comes where nobody needs a key.
    local: Rc<Caller>,
    /// From where those came lately who were not let in.
    strangers: Addresses,
    log: Throttle,
}

/// A request, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Knock<'a> {
    /// The request.
    pub request: &'a Request<()>,
    /// The address of the peer; one on a unix socket has none.
    pub peer: Option<IpAddr>,
    /// When it comes.
    pub now: Now,
}

impl Door {
    /// Nobody needs a key yet.
    pub fn new(is_tls: bool) -> Self {
        let bounds = AddressBounds {
            handshakes: Some(STRANGERS_PER_SECOND_MAX),
            ..AddressBounds::default()
        };
        Self {
            is_tls,
            keys: None,
            local: Rc::new(Caller::local()),
            strangers: Addresses::new(bounds),
            log: Throttle::new(CALLS_LOGGED_PER_SECOND_MAX),
        }
    }

    /// From now on everyone needs one of these, or a token.
    pub fn demand_keys(&mut self, keys: ApiKeys) {
        self.keys = Some(keys);
    }

    /// Lets in a program, or says who it is: by its key, by a token where there is a keyring, or by where it comes from. Adds
    /// to `tried` the keys that were tried on tokens, each of which is work.
    ///
    /// # Errors
    /// 401, 403, or 429 where too many like it came from its address. Whoever has a key that is right is let in all the same.
    pub fn admit(
        &mut self,
        knock: Knock<'_>,
        keyring: Option<&Keyring>,
        tried: &mut usize,
    ) -> Result<Rc<Caller>, HttpError> {
        let admitted = match (&self.keys, keyring) {
            (None, None) => check_page(knock, self.is_tls).map(|()| Rc::clone(&self.local)),
            (keys, keyring) => identify(knock, keys.as_ref(), keyring, tried),
        };
        admitted.map_err(|error| {
            // Those on unix sockets are one like all of a site.
            let address = knock.peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
            let now = knock.now.monotonic;
            match self.strangers.enter(address, now) {
                Ok(site) => {
                    self.strangers.leave(site, now);
                    error
                }
                Err(_) => HttpError::too_many_strangers(),
            }
        })
    }

    /// Tells the log what a program has done.
    pub fn note(&mut self, caller: &Caller, action: &'static str, items: usize, now: Duration) {
        if self.log.tells(now) {
            info!(key = caller.name(), action, items, "asked by a program");
        }
    }

    /// When to say how much was not told of, if there is any.
    pub fn due(&self) -> Option<Duration> {
        self.log.due()
    }

    /// Says how much was not told of, once it is time to.
    pub fn settle(&mut self, now: Duration) {
        if let Some(untold) = self.log.settle(now) {
            info!("{untold} more were asked by programs");
        }
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        self.strangers.heap_bytes()
    }
}

/// Whose key it is that a request brings, or whose token. The last that it brings says why none is good.
fn identify(
    knock: Knock<'_>,
    keys: Option<&ApiKeys>,
    keyring: Option<&Keyring>,
    tried: &mut usize,
) -> Result<Rc<Caller>, HttpError> {
    let mut refusal = HttpError::key_missing();
    for bearer in bearers(knock.request).take(REQUEST_TOKENS_MAX) {
        if let Some(caller) = keys.and_then(|keys| keys.caller(bearer)) {
            return Ok(Rc::clone(caller));
        }
        refusal = match keyring {
            // What has the form of a token is one, and else it is a key.
            Some(keyring) if keys.is_none() || bearer.matches('.').count() == 2 => {
                match keyring.read(bearer, knock.now.unix_ms, tried) {
                    Ok((pass, _)) => return Ok(Rc::new(Caller::of_pass(&pass, bearer))),
                    Err(refusal) => refusal,
                }
            }
            _ => HttpError::key_wrong(),
        };
    }
    Err(refusal)
}

/// Where nobody needs a key, what a page in a browser asks for is refused unless it is of this listener: browsers say where
/// pages come from, and do not where it is the name of a host that they asked, which anybody can have lead here.
fn check_page(knock: Knock<'_>, is_tls: bool) -> Result<(), HttpError> {
    let host = host_of(knock.request);
    let mut origins = knock.request.headers().get_all(ORIGIN).iter();
    if let Some(origin) = origins.next() {
        let text = origin.to_str().unwrap_or_default();
        let is_own = text
            .parse::<Origin>()
            .is_ok_and(|origin| host.is_some_and(|host| origin.is_at(host, is_tls)));
        if !is_own || origins.next().is_some() {
            return Err(HttpError::foreign_page(text));
        }
    }
    let is_here = |host| Authority::read(host).is_ok_and(Authority::is_loopback);
    if knock.peer.is_some() && !host.is_some_and(is_here) {
        return Err(HttpError::foreign_host());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;
    use crate::vocabulary::api::Right;

    const KEY: &str = "0123456789abcdef";
    const SECRET: &[u8] = b"a secret of thirty-two bytes or so";

    fn ask(
        door: &mut Door,
        peer: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<Rc<Caller>, (u16, &'static str)> {
        let mut request = Request::builder().uri("/api/publish");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let keyring = Keyring::new(SECRET, None, None).unwrap();
        let knock = Knock {
            request: &request.body(()).unwrap(),
            peer: peer.map(|peer| peer.parse().unwrap()),
            now: Now::default(),
        };
        let keyring = door.keys.as_ref().map(|_| &keyring);
        let admitted = door.admit(knock, keyring, &mut 0);
        admitted.map_err(|error| (error.status.as_u16(), error.code))
    }

    fn with_keys() -> Door {
        let mut door = Door::new(false);
        door.demand_keys(ApiKeys::read(format!("backend {KEY}").as_bytes()).unwrap());
        door
    }

    fn token(claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET).unwrap();
        encode(&Header::default(), claims, &key).unwrap()
    }

    #[test]
    fn without_keys_programs_of_this_machine_ask_and_pages_do_not() {
        let mut door = Door::new(false);
        let code = |door: &mut Door, peer, headers: &[(&str, &str)]| {
            ask(door, peer, headers).map_or_else(|(_, code)| code, |_| "")
        };
        let tcp = Some("127.0.0.1");
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:9090",
            "127.1.2.3",
            "[::1]:9090",
        ] {
            assert_eq!(code(&mut door, tcp, &[("host", host)]), "", "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "127.1",
            "10.0.0.1",
            "[::]",
            "",
        ] {
            let mut door = Door::new(false);
            assert_eq!(
                code(&mut door, tcp, &[("host", host)]),
                "foreign-host",
                "{host}"
            );
            assert_eq!(code(&mut door, None, &[("host", host)]), "", "{host}");
        }
        assert_eq!(code(&mut door, tcp, &[]), "foreign-host");
        let page = |origin| [("host", "localhost:9090"), ("origin", origin)];
        assert_eq!(code(&mut door, tcp, &page("http://localhost:9090")), "");
        for origin in ["http://localhost:8080", "http://example.com", "null", "x"] {
            let mut door = Door::new(false);
            assert_eq!(
                code(&mut door, tcp, &page(origin)),
                "foreign-page",
                "{origin}"
            );
            assert_eq!(
                code(&mut door, None, &page(origin)),
                "foreign-page",
                "{origin}"
            );
        }
    }

    #[test]
    fn with_keys_one_of_them_is_needed_wherever_one_comes_from() {
        let mut door = with_keys();
        let right = format!("Bearer {KEY}");
        let page = [
            ("host", "example.com"),
            ("origin", "http://example.org"),
            ("authorization", &right),
        ];
        let caller = ask(&mut door, Some("192.0.2.1"), &page).unwrap();
        assert_eq!(caller.name(), "backend");
        assert!(caller.rights().include(Right::Drain) && caller.rights().may_publish("tea"));
        assert_eq!(
            ask(&mut door, None, &[("host", "localhost")]).unwrap_err(),
            (401, "key-missing")
        );
        let wrong = format!("Bearer {KEY}0");
        for wrong in [&wrong[..], "Bearer ", "Bearer x"] {
            let asked = ask(&mut door, None, &[("authorization", wrong)]);
            assert_eq!(asked.unwrap_err(), (401, "key-wrong"));
        }
        let basic = ask(&mut door, None, &[("authorization", "Basic YTpi")]);
        assert_eq!(basic.unwrap_err(), (401, "key-missing"));
        let second = [("authorization", "Bearer x"), ("authorization", &right)];
        assert!(ask(&mut door, None, &second).is_ok());
    }

    #[test]
    fn a_token_may_do_what_it_says() {
        let mut door = with_keys();
        let mut bring = |claims| {
            let bearer = format!("Bearer {}", token(&claims));
            ask(&mut door, None, &[("authorization", &bearer)])
        };
        let claims = json!({"exp": 1, "sub": "ada-1", "api": ["publish:tea"]});
        let caller = bring(claims).unwrap();
        assert_eq!(caller.name(), "ada-1");
        assert!(caller.rights().may_publish("tea") && !caller.rights().may_publish("cake"));
        assert!(!caller.rights().include(Right::Read));
        let none = bring(json!({"exp": 1})).unwrap();
        assert!(!none.rights().include(Right::Publish));
        assert_eq!(
            bring(json!({"exp": 0})).unwrap_err(),
            (401, "token-expired")
        );
    }

    #[test]
    fn too_many_strangers_of_one_address_are_told_so_and_disturb_nobody() {
        let mut door = with_keys();
        let wrong = [("authorization", "Bearer x")];
        for _ in 0..STRANGERS_PER_SECOND_MAX {
            assert_eq!(
                ask(&mut door, Some("192.0.2.1"), &wrong).unwrap_err().0,
                401
            );
        }
        let many = ask(&mut door, Some("192.0.2.1"), &wrong);
        assert_eq!(many.unwrap_err(), (429, "too-many-refusals"));
        assert_eq!(
            ask(&mut door, Some("192.0.2.2"), &wrong).unwrap_err().0,
            401
        );
        let right = format!("Bearer {KEY}");
        assert!(ask(&mut door, Some("192.0.2.1"), &[("authorization", &right)]).is_ok());
    }
}
