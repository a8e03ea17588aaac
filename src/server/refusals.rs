//! What the log says of those who are refused, however many they are.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use http::{
    HeaderName,
    header::{HOST, HeaderMap, ORIGIN},
};
use tracing::{field, info, warn};

use super::http::HttpError;
use crate::{
    state::throttle::Throttle,
    vocabulary::{
        config::{LOGGED_CHARS_MAX, REFUSALS_PER_SECOND_MAX},
        name::cut,
    },
};

/// What was told lately.
#[derive(Debug)]
pub struct Refusals {
    usual: Throttle,
    /// Pages of other origins, which the operator may have meant to let in.
    of_origin: Throttle,
}

/// One who is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refused<'a> {
    /// The address of the peer; one on a unix socket has none.
    pub peer: Option<IpAddr>,
    /// For whom it asks, if it is a proxy of ours that says so.
    pub client: Option<IpAddr>,
    /// What it asked for, if that made sense.
    pub path: Option<&'a str>,
    /// And the headers with that, as long as they are there.
    pub headers: Option<&'a HeaderMap>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            usual: Throttle::new(REFUSALS_PER_SECOND_MAX),
            of_origin: Throttle::new(REFUSALS_PER_SECOND_MAX),
        }
    }
}

impl Refusals {
    /// Tells of one who is answered with an error, or would be if that did not cost too much. Of the address that was
    /// asked for, which may hold a token, only the path is told.
    pub fn tell(&mut self, error: &HttpError, refused: Refused<'_>, now: Duration) {
        let header = |name: &HeaderName| {
            let value = refused.headers?.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()))
        };
        let origin = header(&ORIGIN);
        let is_of_origin = origin.is_some() && error.code == HttpError::ORIGIN_NOT_ALLOWED;
        let throttle = if is_of_origin {
            &mut self.of_origin
        } else {
            &mut self.usual
        };
        if !throttle.tells(now) {
            return;
        }
        let peer = refused.peer.map_or("unix".into(), |peer| peer.to_string());
        let client = refused.client.map(field::display);
        let (status, code) = (error.status.as_u16(), error.code);
        let path = refused.path.map(shown);
        let origin = origin.as_deref().map(shown);
        let (path, origin) = (path.as_deref(), origin.as_deref());
        if is_of_origin {
            let host = header(&HOST);
            let host = host.as_deref().map(shown);
            warn!(
                peer,
                client,
                status,
                code,
                path,
                origin,
                host = host.as_deref(),
                "refused a page of another origin than the Host; if it is yours, let the proxy pass on the Host that \
                 browsers ask for, port and all (nginx: proxy_set_header Host $http_host), or name it with \
                 --allow-origin"
            );
        } else {
            info!(peer, client, status, code, path, origin, "refused");
        }
    }

    /// Tells of one that is closed since it deflates with what it sent before, though that was agreed not to be.
    pub fn tell_context_kept(&mut self, agent: Option<&str>, now: Duration) {
        if self.usual.tells(now) {
            warn!(
                agent = agent.unwrap_or("(not known any more)"),
                "closed a client whose message refers to one before it, against client_no_context_takeover; agree on \
                 nothing with those like it by --no-compress-agent"
            );
        }
    }

    /// When to say how many were not told of, if there are any.
    pub fn due(&self) -> Option<Duration> {
        let due = [self.usual.due(), self.of_origin.due()];
        due.into_iter().flatten().min()
    }

    /// Says how many were not told of, once it is time to.
    pub fn settle(&mut self, now: Duration) {
        if let Some(untold) = self.usual.settle(now) {
            info!("refused {untold} more like it");
        }
        if let Some(untold) = self.of_origin.settle(now) {
            warn!("refused {untold} more pages of other origins");
        }
    }
}

fn shown(text: &str) -> Cow<'_, str> {
    cut(text, LOGGED_CHARS_MAX)
}
