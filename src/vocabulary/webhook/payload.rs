//! What one request says: several events.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::vocabulary::{chat::Span, id::NodeId};

/// The last moment that has four digits in its year.
const UNIX_MS_MAX: u64 = 253_402_300_799_999;

/// Several events, and what a program has to know of them.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// Who tells them; a server that is alone has the number 0.
    pub node: NodeId,
    /// The beginning since which they are numbered; a later one sorts behind it.
    pub start: &'a str,
    /// When the last of them happened, in milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// Numbers before them that are told to nobody any more.
    pub dropped: Option<Span>,
    /// The events: an array, encoded.
    pub events: &'a RawValue,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    node: NodeId,
    start: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<Span>,
    events: &'a RawValue,
}

impl Payload<'_> {
    /// The body of the request.
    pub fn encode(&self) -> Vec<u8> {
        let since = Duration::from_millis(self.unix_ms.min(UNIX_MS_MAX));
        let body = Body {
            r#type: "hubbub.events",
            timestamp: humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + since).to_string(),
            data: Data {
                node: self.node,
                start: self.start,
                dropped: self.dropped,
                events: self.events,
            },
        };
        serde_json::to_vec(&body).expect("texts and numbers are always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_says_who_tells_what_and_which_numbers_are_missing() {
        let mut payload = Payload {
            node: NodeId(0),
            start: "s",
            unix_ms: 1_667_507_170_344,
            dropped: None,
            events: serde_json::from_str(r#"[{"n":5}]"#).unwrap(),
        };
        let text = |payload: &Payload<'_>| String::from_utf8(payload.encode()).unwrap();
        assert_eq!(
            text(&payload),
            r#"{"type":"hubbub.events","timestamp":"2022-11-03T20:26:10.344Z","data":{"node":0,"start":"s","events":[{"n":5}]}}"#
        );
        payload.dropped = Some(Span { from: 2, to: 4 });
        payload.unix_ms = u64::MAX;
        assert_eq!(
            text(&payload),
            r#"{"type":"hubbub.events","timestamp":"9999-12-31T23:59:59.999Z","data":{"node":0,"start":"s","dropped":{"from":2,"to":4},"events":[{"n":5}]}}"#
        );
    }
}
