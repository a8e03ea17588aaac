//! The handshake that makes a WebSocket of a connection (RFC 6455, section 4.2).

use http::{
    HeaderValue, Request, Version,
    header::{
        CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use tungstenite::handshake::derive_accept_key;

use super::offer::{Agreement, agent};
use crate::{
    server::http::{HttpError, entries, lists},
    vocabulary::{coding::Coding, config::Compression},
};

/// The subprotocol that is answered to a client that offers it.
const SUBPROTOCOL: &str = "hubbub";

/// A handshake that is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The answer.
    pub response: Vec<u8>,
    /// How messages are coded from now on.
    pub coding: Coding,
    /// What the client calls itself.
    pub agent: String,
}

/// Answers an upgrade request (RFC 6455, section 4.2.2), which may offer to have messages deflated.
///
/// The library would want a response to be built and then written out, which costs as much again as all of this, and it
/// reads lists less generously than the standard does.
///
/// # Errors
/// The request, a `GET`, is not a WebSocket handshake, or not one of version 13.
pub fn accept(request: &Request<()>, compression: &Compression) -> Result<Accepted, HttpError> {
    let headers = request.headers();
    let is_upgrade = request.version() >= Version::HTTP_11
        && lists(headers, &CONNECTION, "upgrade")
        && lists(headers, &UPGRADE, "websocket")
        && headers
            .get(SEC_WEBSOCKET_VERSION)
            .is_some_and(|version| version == "13");
    if !is_upgrade {
        return Err(HttpError::upgrade_required());
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| is_key(key)).ok_or_else(|| {
        HttpError::bad_request(
            "not a WebSocket handshake: Sec-WebSocket-Key must be 16 bytes in base64".to_owned(),
        )
    })?;
    // Unlike the names of options, those of subprotocols must match to the letter.
    let mut offers = entries(headers, &SEC_WEBSOCKET_PROTOCOL);
    let subprotocol = if offers.any(|offer| offer == SUBPROTOCOL) {
        ["\r\nsec-websocket-protocol: ", SUBPROTOCOL]
    } else {
        ["", ""]
    };
    let agreement = Agreement::with(headers, compression);
    let extension = agreement.map_or_else(String::new, |agreement| {
        format!("\r\nsec-websocket-extensions: {}", agreement.answer())
    });
    let response = [
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ",
        &derive_accept_key(key),
        subprotocol[0],
        subprotocol[1],
        &extension,
        "\r\n\r\n",
    ];
    Ok(Accepted {
        response: response.concat().into(),
        agent: agent(headers).into_owned(),
        coding: agreement.map_or(Coding::Plain, Agreement::coding),
    })
}

/// Whether a client's key is 16 bytes in base64 (RFC 6455, section 4.1).
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix(b"==")
        .is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_digit))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, header::SEC_WEBSOCKET_EXTENSIONS};

    use super::*;

    /// A handshake with headers set, or taken out where there is no value; the answer, or the status of the refusal.
    fn shake(changes: &[(HeaderName, Option<&'static str>)]) -> Result<String, u16> {
        shake_with(changes, Version::HTTP_11)
    }

    fn shake_with(
        changes: &[(HeaderName, Option<&'static str>)],
        version: Version,
    ) -> Result<String, u16> {
        let mut request = Request::new(());
        *request.version_mut() = version;
        let usual = [
            (CONNECTION, Some("Upgrade")),
            (UPGRADE, Some("websocket")),
            (SEC_WEBSOCKET_VERSION, Some("13")),
            (SEC_WEBSOCKET_KEY, Some("dGhlIHNhbXBsZSBub25jZQ==")),
        ];
        let headers = request.headers_mut();
        for (name, value) in usual.iter().chain(changes) {
            match value {
                Some(value) => headers.insert(name, HeaderValue::from_static(value)),
                None => headers.remove(name),
            };
        }
        let compression = Compression {
            is_on: true,
            ..Compression::default()
        };
        let accepted = accept(&request, &compression).map_err(|error| error.status.as_u16())?;
        let answer = String::from_utf8(accepted.response).unwrap();
        let is_deflated = answer.contains("\r\nsec-websocket-extensions: permessage-deflate;");
        assert_eq!(is_deflated, accepted.coding != Coding::Plain);
        Ok(answer)
    }

    #[test]
    fn a_handshake_may_name_upgrade_among_other_options_and_on_other_lines() {
        assert!(shake(&[]).is_ok());
        assert!(shake(&[(CONNECTION, Some("keep-alive, Upgrade"))]).is_ok());
        assert!(shake(&[(UPGRADE, Some("h2c, WebSocket"))]).is_ok());
        let request = Request::builder()
            .header(CONNECTION, "keep-alive")
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
        assert!(accept(&request.body(()).unwrap(), &Compression::default()).is_ok());
    }

    #[test]
    fn what_is_no_handshake_of_this_version_is_refused() {
        for (header, value) in [
            (CONNECTION, Some("keep-alive")),
            (UPGRADE, Some("h2c")),
            (SEC_WEBSOCKET_VERSION, None),
            (SEC_WEBSOCKET_VERSION, Some("8")),
        ] {
            assert_eq!(
                shake(&[(header.clone(), value)]),
                Err(426),
                "{header} {value:?}"
            );
        }
        assert_eq!(shake_with(&[], Version::HTTP_10), Err(426));
    }

    #[test]
    fn a_key_is_answered_as_the_standard_says_and_must_be_one() {
        let answer = shake(&[]).unwrap();
        assert!(answer.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        for key in ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ!=="] {
            assert_eq!(shake(&[(SEC_WEBSOCKET_KEY, Some(key))]), Err(400), "{key}");
        }
        assert_eq!(shake(&[(SEC_WEBSOCKET_KEY, None)]), Err(400));
    }

    #[test]
    fn a_subprotocol_is_answered_to_who_offers_it_to_the_letter() {
        for (offered, is_answered) in [("chat, hubbub", true), ("Hubbub", false), ("chat", false)] {
            let answer = shake(&[(SEC_WEBSOCKET_PROTOCOL, Some(offered))]).unwrap();
            let answered = answer.contains("\r\nsec-websocket-protocol: hubbub\r\n");
            assert_eq!(answered, is_answered, "{offered}");
        }
    }

    #[test]
    fn what_is_offered_of_deflate_is_answered_on_one_line() {
        let offer = "permessage-deflate; client_max_window_bits, permessage-deflate";
        let answer = shake(&[(SEC_WEBSOCKET_EXTENSIONS, Some(offer))]).unwrap();
        let line = "\r\nsec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
        assert!(answer.contains(line), "{answer}");
        assert!(!shake(&[]).unwrap().contains("extensions"));
    }
}
