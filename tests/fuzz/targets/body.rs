//! Requests with bodies: where each ends, and what is in it.

use std::iter;

use hubbub::{
    server::http::{Body, Framing, HttpError, parse},
    vocabulary::{
        api::{Form, Item, items},
        config::{BODY_BYTES_MAX, ITEMS_MAX},
    },
};

use super::pieces;

const HEAD_BYTES_MAX: usize = 8 << 10;
const MESSAGE_BYTES_MAX: usize = 1 << 10;

/// The first byte decides how the requests are cut. However they are, the same bodies come of them, up to the first that makes
/// no sense, of which the client is to blame. What is in them can be read as things to publish, or is refused.
pub fn run(data: &[u8]) {
    let [seed, input @ ..] = data else {
        return;
    };
    let whole = bodies(iter::once(input));
    assert_eq!(bodies(pieces(*seed, input)), whole);
    for body in whole.iter().flatten() {
        for form in [Form::Json, Form::Lines] {
            publish(body, form);
        }
    }
}

/// The bodies of requests that arrive in pieces, and at the end perhaps the status of what makes no sense.
fn bodies<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Result<Vec<u8>, u16>> {
    let mut input = Vec::new();
    let mut bodies = Vec::new();
    let mut begun = None;
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match next(&mut begun, &mut input) {
                Ok(Some(body)) => bodies.push(Ok(body)),
                Ok(None) => break,
                Err(error) => {
                    assert!(error.status.is_client_error(), "{error:?}");
                    bodies.push(Err(error.status.as_u16()));
                    return bodies;
                }
            }
        }
    }
    bodies
}

/// The next body, if it is all there.
fn next(begun: &mut Option<Body>, input: &mut Vec<u8>) -> Result<Option<Vec<u8>>, HttpError> {
    let mut body = if let Some(body) = begun.take() {
        body
    } else {
        let Some(head) = parse(input, HEAD_BYTES_MAX)? else {
            return Ok(None);
        };
        input.drain(..head.bytes);
        let body = Body::new(head.framing)?;
        assert_eq!(body.is_whole(), head.framing == Framing::None);
        body
    };
    let taken = body.take(input)?;
    input.drain(..taken);
    assert!(body.bytes().len() <= BODY_BYTES_MAX);
    if body.is_whole() {
        return Ok(Some(body.into_bytes()));
    }
    *begun = Some(body);
    Ok(None)
}

fn publish(body: &[u8], form: Form) {
    match items(body, form) {
        Ok(items) => {
            assert!(items.len() <= ITEMS_MAX);
            for raw in items {
                if let Err(error) = Item::read(raw, MESSAGE_BYTES_MAX) {
                    assert!(!error.code().is_empty() && error.to_string().len() < 2048);
                }
            }
        }
        Err(error) => assert!(!error.code().is_empty() && error.to_string().len() < 2048),
    }
}
