//! What each client asks for in its handshake: the same for all, but for what is its own.

use hubbub::system::opening::{
    request::{self, Header},
    secrets::{SECRET, hidden},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tungstenite::{
    handshake::client::{Request, generate_key},
    http::{HeaderName, HeaderValue, Uri, header},
};

use crate::plan::{
    particulars::Own,
    script::{
        error::TextError,
        grammar::Grammar,
        text::{Filling, Place, Text},
    },
};

/// All but what RFC 3986 (section 2.3) does not reserve.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What one client asks for.
#[derive(Clone, Copy, Default)]
pub struct Wish<'a> {
    /// Added to the URL's query, unless that asks for the same.
    pub query: Option<&'a str>,
    /// Whether it offers that what it receives be deflated.
    pub inflates: bool,
    /// What is particular to it.
    pub own: Own<'a>,
}

/// The handshake of all clients.
#[derive(Clone, Debug)]
pub struct Asking {
    request: Request,
    /// Path and query, where each client's are its own.
    place: Option<Text>,
    /// Headers that are each client's own.
    headers: Vec<(HeaderName, Text)>,
}

/// Headers that are the same for all clients, and those that are not.
#[derive(Debug, Default)]
pub struct Headers {
    /// As they are.
    pub same: Vec<Header>,
    /// To be filled.
    own: Vec<(HeaderName, Text)>,
}

impl Headers {
    /// Tells them apart.
    ///
    /// # Errors
    /// The user's: a place that is none.
    pub fn new(headers: &[Header]) -> Result<Self, TextError> {
        let mut told = Self::default();
        for (name, value) in headers {
            match value.to_str() {
                Ok(text) if text.contains('%') => {
                    told.own.push((name.clone(), Grammar::ASKED.read(text)?));
                }
                _ => told.same.push((name.clone(), value.clone())),
            }
        }
        Ok(told)
    }

    /// Whether clients say themselves who they are.
    pub fn has_authorization(&self) -> bool {
        self.own
            .iter()
            .any(|(name, _)| *name == header::AUTHORIZATION)
    }
}

impl Asking {
    /// From a request that has the headers that are the same for all.
    ///
    /// # Errors
    /// The user's: a place of the URL that is none.
    pub fn new(request: Request, headers: Headers) -> Result<Self, TextError> {
        let asked = request.uri().path_and_query();
        let asked = asked.map_or("/", |asked| asked.as_str());
        let has_places = asked.contains('%');
        let place = has_places.then(|| Grammar::ASKED.read(asked));
        Ok(Self {
            place: place.transpose()?,
            headers: headers.own,
            request,
        })
    }

    /// The URL of one client, without its secrets; `None` if it is the same for all.
    pub fn shown(&self, own: Own) -> Option<String> {
        let place = filled(
            self.place.as_ref()?,
            Own {
                value: SECRET,
                ..own
            },
        );
        Some(hidden(&placed(self.request.uri(), &place).to_string()))
    }

    /// The handshake of one client, with a key of its own, and with what it asks for beside what was given.
    pub fn request(&self, wish: Wish) -> Request {
        let mut request = self.request.clone();
        if wish.inflates {
            request::offer_deflate(request.headers_mut());
        }
        if let Some(place) = &self.place {
            *request.uri_mut() = placed(request.uri(), &place_of(place, wish.own));
        }
        if let Some(query) = wish.query {
            *request.uri_mut() = extended(request.uri(), query);
        }
        for (name, text) in &self.headers {
            let filled = text.fill(&Filling {
                own: wish.own,
                ..Filling::default()
            });
            // Neither a header nor a line of a file has control characters.
            if let Ok(mut value) = HeaderValue::from_bytes(&filled) {
                value.set_sensitive(text.count(Place::Value) > 0);
                request.headers_mut().append(name, value);
            }
        }
        let key = HeaderValue::from_str(&generate_key()).expect("base64 fits a header");
        request.headers_mut().insert(header::SEC_WEBSOCKET_KEY, key);
        request
    }
}

/// What one client asks for, with nothing in it that would mean something in a URL.
fn place_of(place: &Text, own: Own) -> String {
    let value = encoded(own.value);
    filled(
        place,
        Own {
            value: &value,
            ..own
        },
    )
}

/// The same with a value that stands there as it is.
fn filled(place: &Text, own: Own) -> String {
    let topic = encoded(own.topic);
    let own = Own {
        topic: &topic,
        ..own
    };
    let filled = place.fill(&Filling {
        own,
        ..Filling::default()
    });
    String::from_utf8_lossy(&filled).into_owned()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The URL with another path and query.
pub(super) fn placed(uri: &Uri, place: &str) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = place.parse().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
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
    placed(uri, &both)
}
