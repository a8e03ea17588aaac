//! What stands in the objects of the chat.

use std::collections::BTreeSet;

use serde_json::Value;

/// A text; an empty one if there is none.
pub fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_default()
}

/// A number; nothing is none.
pub fn number(body: &Value, field: &str) -> u64 {
    body[field].as_u64().unwrap_or_default()
}

/// The first and the last number of a span.
pub fn span(body: &Value) -> (u64, u64) {
    (number(body, "from"), number(body, "to"))
}

/// The number of the request that it answers, or that it is a copy of.
pub fn reference(body: &Value) -> Option<usize> {
    body["ref"].as_str()?.parse().ok()
}

/// Who is listed in an answer.
pub fn listed(body: &Value) -> BTreeSet<String> {
    let members = body["members"].as_array().into_iter().flatten();
    members
        .map(|member| text(member, "name").to_owned())
        .collect()
}
