//! What a client offers of `permessage-deflate`, and what is agreed on (RFC 7692, section 7.1).
//!
//! What is agreed on has every message deflated by itself in both directions, since one deflated message is to be right for
//! everyone who reads it, and a client between two messages is to cost nothing. There is one answer, which all clients known
//! take that offer anything; who is known to get it wrong is not answered, and reads what is plain.

use std::borrow::Cow;

use http::{
    HeaderValue,
    header::{HeaderMap, SEC_WEBSOCKET_EXTENSIONS, USER_AGENT},
};

use crate::{
    server::http::entries,
    vocabulary::{
        coding::{Coding, Window},
        config::Compression,
        deflate::{EXTENSION, Parameters, parts},
    },
};

/// The answer. A client that has offered none of it may be told all of it all the same.
const ANSWER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
/// User-Agents that keep their window from one message to the next although they are told not to (Tornado 6.6.1, Mojolicious
/// 9.31).
const DECLINED_AGENTS: [&str; 2] = ["Tornado", "Mojolicious"];
/// What libwebsockets 4.1.6 offers, which reads plain messages wrongly once anything is agreed on. Unlike others who offer the
/// same it sends no User-Agent.
const DECLINED_OFFER: [&str; 3] = [
    EXTENSION,
    "client_no_context_takeover",
    "client_max_window_bits",
];

/// An offer that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    /// The most that a window of ours may have, if the client bounds it.
    server_window_bits: Option<u8>,
}

impl Agreement {
    /// Accepts the first offer of a handshake that can be, if the client is one to agree on anything with.
    pub(super) fn with(headers: &HeaderMap, compression: &Compression) -> Option<Self> {
        if !compression.is_on {
            return None;
        }
        let agent = agent(headers);
        let configured = compression.declined_agents.iter().map(String::as_str);
        let mut declined = DECLINED_AGENTS.into_iter().chain(configured);
        if declined.any(|text| !text.is_empty() && agent.contains(text)) {
            return None;
        }
        entries(headers, &SEC_WEBSOCKET_EXTENSIONS)
            .filter(|offer| !(agent.is_empty() && parts(offer).eq(DECLINED_OFFER)))
            .find_map(Self::on)
    }

    /// How messages are coded.
    pub(super) fn coding(self) -> Coding {
        Coding::Deflate(match self.server_window_bits {
            None | Some(15) => Window::Full,
            Some(_) => Window::Small,
        })
    }

    /// The value of the header that answers it.
    pub(super) fn answer(self) -> String {
        // Only a client that has offered it knows of it.
        match self.server_window_bits {
            Some(bits) => format!("{ANSWER}; server_max_window_bits={bits}"),
            None => ANSWER.to_owned(),
        }
    }

    /// Accepts an offer, unless it makes no sense, or asks for a window of 256 bytes, with which zlib cannot deflate.
    fn on(offer: &str) -> Option<Self> {
        let server_window_bits = Parameters::read(offer).ok()?.server_max_window_bits;
        (server_window_bits != Some(8)).then_some(Self { server_window_bits })
    }
}

/// What a client calls itself; nothing if it does not.
pub(super) fn agent(headers: &HeaderMap) -> Cow<'_, str> {
    let agent = headers.get(USER_AGENT).map(HeaderValue::as_bytes);
    String::from_utf8_lossy(agent.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window that a client that offers this is told of, if it is, and the one that it is deflated for.
    fn agree(
        offers: &[&str],
        agent: Option<&str>,
        declined: &[&str],
    ) -> Option<(Option<u8>, Window)> {
        let mut headers = HeaderMap::new();
        for offer in offers {
            headers.append(SEC_WEBSOCKET_EXTENSIONS, offer.parse().unwrap());
        }
        if let Some(agent) = agent {
            headers.insert(USER_AGENT, HeaderValue::from_str(agent).unwrap());
        }
        let compression = Compression {
            is_on: true,
            declined_agents: declined.iter().map(|&text| text.to_owned()).collect(),
            ..Compression::default()
        };
        let agreement = Agreement::with(&headers, &compression)?;
        let Coding::Deflate(window) = agreement.coding() else {
            panic!("an agreement on nothing");
        };
        let bits = agreement.server_window_bits;
        let echo = bits.map(|bits| format!("; server_max_window_bits={bits}"));
        let answer = format!(
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover{}",
            echo.unwrap_or_default()
        );
        assert_eq!(agreement.answer(), answer);
        Some((bits, window))
    }

    fn offered(offer: &str) -> Option<(Option<u8>, Window)> {
        agree(&[offer], None, &[])
    }

    /// The usual answer.
    const FULL: Option<(Option<u8>, Window)> = Some((None, Window::Full));
    /// That to a window of 15.
    const FULL_SAID: Option<(Option<u8>, Window)> = Some((Some(15), Window::Full));

    #[test]
    fn the_offers_of_real_clients_are_answered_so_that_they_take_it() {
        let bare = "permessage-deflate";
        let windowed = "permessage-deflate; client_max_window_bits";
        let bounded = "permessage-deflate; client_max_window_bits=15; server_max_window_bits=15";
        let apart = "permessage-deflate; client_no_context_takeover; client_max_window_bits";
        for (client, agent, offer, answer) in [
            (
                "Chromium 156",
                Some("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0"),
                windowed,
                FULL,
            ),
            (
                "Firefox ESR 153",
                Some("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"),
                bare,
                FULL,
            ),
            ("ws 8.23.0", None, windowed, FULL),
            ("Node's undici", Some("node"), windowed, FULL),
            ("undici 8.13.1", Some("undici"), windowed, FULL),
            ("Bun 1.4.5", None, windowed, FULL),
            (
                "websockets 17.4",
                Some("Python/3.11 websockets/17.4"),
                windowed,
                FULL,
            ),
            (
                "picows 2.3.1",
                Some("Python/3.11 picows-websockets/2.3.1"),
                windowed,
                FULL,
            ),
            (
                "niquests 3.21.2",
                Some("niquests/3.21.2"),
                bounded,
                FULL_SAID,
            ),
            (
                "nhooyr 1.8.7",
                Some("Go-http-client/1.1"),
                "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
                FULL,
            ),
            (
                "nhooyr 1.8.7, with its context",
                Some("Go-http-client/1.1"),
                bare,
                FULL,
            ),
            (
                "gorilla 1.5.0",
                Some("Go-http-client/1.1"),
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                FULL,
            ),
            (
                "aiohttp 3.14.5, 15",
                Some("Python/3.11 aiohttp/3.14.5"),
                windowed,
                FULL,
            ),
            (
                "aiohttp 3.14.5, 9",
                Some("Python/3.11 aiohttp/3.14.5"),
                "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
                Some((Some(9), Window::Small)),
            ),
            (
                "autobahn 26.10.2",
                Some("AutobahnPython/26.10.2"),
                apart,
                FULL,
            ),
            ("wsproto 1.3.2", None, bounded, FULL_SAID),
            ("tornado 6.6.1", Some("Tornado/6.6.1"), windowed, None),
            ("Mojolicious 9.31", Some("Mojolicious (Perl)"), bare, None),
            ("faye-websocket 0.11.4", None, windowed, FULL),
            ("yawc 0.5.0", None, bare, FULL),
            ("libwebsockets 4.1.6", None, apart, None),
            ("Tomcat 9.0.70", None, bare, FULL),
            ("libsoup 3.2.3", None, windowed, FULL),
            (
                "Boost.Beast 1.74",
                None,
                "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
                FULL_SAID,
            ),
            ("websocketpp 0.8.2", Some("WebSocket++/0.8.2"), apart, FULL),
        ] {
            assert_eq!(agree(&[offer], agent, &[]), answer, "{client}");
        }
    }

    #[test]
    fn nothing_is_agreed_on_that_was_not_offered() {
        assert_eq!(agree(&[], None, &[]), None);
        for other in [
            "",
            "x-webkit-deflate-frame",
            "permessage-deflate2",
            "Permessage-Deflate",
            "foo; permessage-deflate",
        ] {
            assert_eq!(offered(other), None, "{other}");
        }
    }

    #[test]
    fn a_window_is_answered_as_it_was_offered_and_smaller_ones_are_one() {
        for bits in 9..=15 {
            let window = if bits == 15 {
                Window::Full
            } else {
                Window::Small
            };
            for offer in [
                format!("permessage-deflate; server_max_window_bits={bits}"),
                format!("permessage-deflate;server_max_window_bits = \"{bits}\""),
            ] {
                assert_eq!(offered(&offer), Some((Some(bits), window)), "{offer}");
            }
        }
        assert_eq!(
            offered("permessage-deflate; server_max_window_bits=8"),
            None
        );
        assert_eq!(
            offered("permessage-deflate; client_max_window_bits=8"),
            FULL
        );
    }

    #[test]
    fn an_offer_that_makes_no_sense_is_passed_over() {
        for parameters in [
            "unknown",
            "unknown=1",
            "",
            "server_no_context_takeover; server_no_context_takeover",
            "client_no_context_takeover; client_no_context_takeover",
            "client_max_window_bits; client_max_window_bits=15",
            "server_max_window_bits=15; server_max_window_bits=15",
            "server_no_context_takeover=1",
            "client_no_context_takeover=",
            "server_max_window_bits",
            "server_max_window_bits=",
            "server_max_window_bits=7",
            "server_max_window_bits=16",
            "server_max_window_bits=09",
            "server_max_window_bits=+9",
            "server_max_window_bits=\"9",
            "client_max_window_bits=",
            "client_max_window_bits=7",
            "client_max_window_bits=16",
            "client_max_window_bits=256000",
            "Client_Max_Window_Bits",
        ] {
            let offer = format!("permessage-deflate; {parameters}");
            assert_eq!(offered(&offer), None, "{offer}");
            let next = format!(
                "foo, {offer}, permessage-deflate, permessage-deflate; server_max_window_bits=9"
            );
            assert_eq!(offered(&next), FULL, "the next is accepted: {next}");
            let next = [
                "permessage-deflate; server_max_window_bits=10",
                "permessage-deflate",
            ];
            assert_eq!(
                agree(&[&[&*offer], &next[..]].concat(), None, &[]),
                Some((Some(10), Window::Small))
            );
        }
    }

    #[test]
    fn whoever_the_operator_names_is_not_agreed_with() {
        let offer = ["permessage-deflate"];
        assert_eq!(agree(&offer, Some("Odd/1.0"), &["Even", "Odd/1."]), None);
        assert_eq!(
            agree(&offer, Some("Odd/2.0"), &["Even", "Odd/1.", ""]),
            FULL
        );
        assert_eq!(agree(&offer, None, &["Odd"]), FULL);
    }

    #[test]
    fn nothing_is_agreed_on_where_it_is_off() {
        let mut headers = HeaderMap::new();
        headers.insert(
            SEC_WEBSOCKET_EXTENSIONS,
            HeaderValue::from_static(EXTENSION),
        );
        let off = Compression {
            is_on: false,
            ..Compression::default()
        };
        assert_eq!(Agreement::with(&headers, &off), None);
    }
}
