//! Requests: read from bytes, answered by an endpoint, and let through the gate.

use std::iter;

use http::Method;
use hubbub::{
    server::{
        endpoint::Endpoint,
        gate::{Gate, token::Keyring},
        http::{Framing, HttpError, Response, keeps_alive, parse},
        websocket,
    },
    vocabulary::{arrival::Role, config::Compression, origin::AllowedOrigin},
};
use serde_json::Value;

use super::{SECRET, UNIX_MS, pieces, wire};

const HEAD_BYTES_MAX: usize = 8 << 10;

/// The first byte decides how the request is cut, the second who may have a session, and by which listener it comes. However it is cut, it is answered
/// the same: with whole responses, of which those that refuse blame the client.
pub fn run(data: &[u8]) {
    let [seed, rules, input @ ..] = data else {
        return;
    };
    let role = if rules & 8 == 0 {
        Role::Whole
    } else {
        Role::Admin
    };
    let gate = gate(*rules);
    let whole = answers(&gate, role, iter::once(input));
    assert_eq!(answers(&gate, role, pieces(*seed, input)), whole);
}

fn gate(rules: u8) -> Gate {
    let allowed = match rules % 4 {
        0 | 1 => Vec::new(),
        2 => vec!["https://example.com".parse().expect("an origin")],
        _ => vec![AllowedOrigin::Any],
    };
    let mut gate = Gate::new(allowed, false);
    if rules & 4 != 0 {
        gate.demand_tokens(Keyring::new(SECRET, None, None).expect("a secret"));
    }
    gate
}

/// What a client is answered, up to the first request that makes no sense.
fn answers<'a>(gate: &Gate, role: Role, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut input = Vec::new();
    let mut answers = Vec::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match parse(&input, HEAD_BYTES_MAX) {
                Ok(None) => break,
                Ok(Some(head)) => {
                    assert!((1..=input.len().min(HEAD_BYTES_MAX)).contains(&head.bytes));
                    input.drain(..head.bytes);
                    if head.framing != Framing::None {
                        answers.push(refusal(&HttpError::body_not_accepted(), false));
                        return answers;
                    }
                    answers.push(answer(gate, role, &head.request));
                }
                Err(error) => {
                    answers.push(refusal(&error, false));
                    return answers;
                }
            }
        }
    }
    answers
}

fn answer(gate: &Gate, role: Role, request: &http::Request<()>) -> String {
    let is_head = request.method() == Method::HEAD;
    let opened = match Endpoint::of(request, role) {
        Ok(Endpoint::Response(response)) => {
            let bytes = response.encode(UNIX_MS, is_head, keeps_alive(request));
            return checked(&bytes, is_head);
        }
        Ok(Endpoint::Call(call)) => {
            assert_eq!(role, Role::Admin);
            return format!("{call:?}");
        }
        Ok(Endpoint::Metrics | Endpoint::Health) => return "metrics".to_owned(),
        Ok(Endpoint::Session(kind)) => websocket::accept(request, &Compression::default())
            .and_then(|accepted| {
                let admission = gate.admit(request, &kind, UNIX_MS, &mut 0)?;
                Ok((accepted.response, kind, admission))
            }),
        Err(error) => Err(error),
    };
    match opened {
        Ok((bytes, kind, admission)) => {
            assert_eq!(wire::Head::read(&bytes).expect("all of it").status, 101);
            format!("{kind:?} {admission:?}")
        }
        Err(error) => refusal(&error, is_head),
    }
}

fn refusal(error: &HttpError, is_head: bool) -> String {
    assert!(error.status.is_client_error(), "{error:?}");
    let response = Response::from(error).encode(UNIX_MS, is_head, false);
    let text = checked(&response, is_head);
    if !is_head {
        let (_, body) = text.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["error"]["code"], error.code);
    }
    text
}

/// A response, which is whole.
fn checked(response: &[u8], is_head: bool) -> String {
    let head = wire::Head::read(response).expect("all of it");
    let body = if is_head { 0 } else { head.body_bytes };
    assert_eq!(response.len(), head.bytes + body);
    String::from_utf8(response.to_vec()).expect("text")
}
