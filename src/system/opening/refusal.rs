//! A server that opens no WebSocket: what it says, and what there is to do.

use std::{fmt, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::Value;

use super::{
    answer::{Head, text},
    secrets::{hidden_in, unechoed},
};
use crate::vocabulary::visible::visible;

/// Characters of a server's own words that are told.
const WORDS_CHARS_MAX: usize = 300;
/// Characters of one line of a server's, such as what it calls its status, that are told.
const LINE_CHARS_MAX: usize = 120;
/// What those say that speak TLS to a request in plain HTTP: nginx and Go, then Apache httpd.
const TLS_WANTED: [&str; 3] = [
    "to HTTPS port",
    "to an HTTPS server",
    "SSL-enabled server port",
];

/// Parts of a page that say nothing to people: how each begins, and how it ends.
const UNSAID: [(&str, &str); 3] = [
    ("<!--", "-->"),
    ("<script", "</script>"),
    ("<style", "</style>"),
];

/// An answer that is no upgrade. Whatever it holds of the server's own is harmless to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    /// What the server calls that, if nobody else does.
    reason: Option<String>,
    /// Whether the server says that it speaks TLS.
    speaks_tls: bool,
    location: Option<String>,
    retry_after: Option<String>,
    challenge: Option<String>,
    said: Option<String>,
}

impl Refusal {
    /// What an answer comes to, to a request that had these secrets in its headers.
    pub(super) fn new(head: &Head, body: &[u8], secrets: &[HeaderValue]) -> Self {
        let Head {
            status, headers, ..
        } = head;
        let status = *status;
        let short = |text: &str, chars_max| harmless(&unechoed(text, secrets), chars_max);
        let reason = short(&head.reason, LINE_CHARS_MAX);
        let is_usual = |usual: &str| usual.eq_ignore_ascii_case(&reason);
        let is_new = !reason.is_empty() && !status.canonical_reason().is_some_and(is_usual);
        let page = String::from_utf8_lossy(body);
        let told = |name: HeaderName| {
            let value = text(headers.get(name)?.as_bytes());
            Some(short(&value, WORDS_CHARS_MAX))
        };
        Self {
            status,
            reason: Some(reason).filter(|_| is_new),
            speaks_tls: status == StatusCode::BAD_REQUEST
                && TLS_WANTED.iter().any(|wanted| page.contains(wanted)),
            location: told(LOCATION).filter(|_| status.is_redirection()),
            retry_after: told(RETRY_AFTER),
            challenge: told(WWW_AUTHENTICATE),
            said: words(headers, body, &page)
                .map(|(said, chars_max)| short(&said, chars_max))
                .filter(|said| !said.is_empty()),
        }
    }

    /// What there is to do.
    fn advice(&self) -> String {
        let patience = self.patience();
        match self.status.as_u16() {
            400 if self.speaks_tls => "it speaks TLS there; write wss:// in place of ws://".to_owned(),
            300..400 => match &self.location {
                Some(location) => format!(
                    "it points to {location}, where nobody is followed; give the URL of the WebSocket itself, or log in with \
                     --header or --token"
                ),
                None => "give the URL of the WebSocket itself".to_owned(),
            },
            401 => {
                let is_basic = self.challenge.as_ref().is_some_and(|challenge| {
                    challenge.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
                });
                if is_basic {
                    "write user:password@ before the host, or say who you are with --header 'Authorization: …'"
                } else {
                    "say who you are with --token, or with --header 'Authorization: …'"
                }
                .to_owned()
            }
            403 => "check what --token or --header says of you, and whether it wants another --header 'Origin: …'".to_owned(),
            404 | 410 => "check the path of the URL; the endpoints of a Hubbub server are /ws, /relay and /echo".to_owned(),
            407 => "a proxy stands before it; give it --header 'Proxy-Authorization: …'".to_owned(),
            408 | 504 => format!("it, or what is behind it, is slow; try again {patience}"),
            414 | 431 => "the URL, or what --header and --token add, is longer than it takes; shorten them".to_owned(),
            421 => "check the host of the URL, or what --header 'Host: …' says of it".to_owned(),
            426 => "have whatever stands before the server pass on the headers Upgrade and Connection".to_owned(),
            429 => format!("too much comes from here; come more slowly, or with fewer connections, and try again {patience}"),
            502 => "the server behind it does not run, or is not reached; start that first".to_owned(),
            503 => format!("it is full, is stopping, or has nothing behind it; try again {patience}"),
            500..600 => format!("its log should say why; try again {patience}"),
            400..500 => "check the path and the query of the URL".to_owned(),
            _ => "that is a page and no WebSocket; check the path of the URL".to_owned(),
        }
    }

    /// When to try again (RFC 9110, section 10.2.3).
    fn patience(&self) -> String {
        match &self.retry_after {
            None => "later".to_owned(),
            Some(after) => match after.parse() {
                Ok(seconds) => {
                    let wait = Duration::from_secs(seconds);
                    format!("in {}", humantime::format_duration(wait))
                }
                Err(_) => format!("after {after}"),
            },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "answered {} {reason}", self.status.as_str())?,
            None => write!(f, "answered {}", self.status)?,
        }
        if let Some(said) = &self.said {
            write!(f, " ({said})")?;
        }
        write!(f, "; {}", self.advice())
    }
}

/// What a body says for people, and how many characters of that are told: the message of an error in JSON, a short text, or
/// what a page is called; else its first line.
fn words(headers: &HeaderMap, body: &[u8], text: &str) -> Option<(String, usize)> {
    if let Ok(json) = serde_json::from_slice::<Value>(body) {
        let error = &json["error"];
        // Hubbub's own, what many APIs do, RFC 6749 (section 5.2) and RFC 9457.
        let places = [
            &error["message"],
            &json["message"],
            &json["error_description"],
            &json["detail"],
            error,
            &json["title"],
            &json,
        ];
        if let Some(message) = places.into_iter().find_map(Value::as_str) {
            return Some((message.to_owned(), WORDS_CHARS_MAX));
        }
    }
    let kind = headers.get(CONTENT_TYPE);
    let kind = kind.map_or("text/plain", |kind| kind.to_str().unwrap_or_default());
    let kind = kind.trim_start().to_ascii_lowercase();
    let text = text.trim();
    let is_page = text.starts_with('<') || kind.contains("html");
    if !is_page && kind.starts_with("text/plain") {
        return Some((text.to_owned(), WORDS_CHARS_MAX));
    }
    let shown = if is_page {
        if let Some(title) = title(text) {
            return Some((title.to_owned(), WORDS_CHARS_MAX));
        }
        without_tags(text)
    } else {
        text.to_owned()
    };
    let mut lines = shown.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty())?;
    Some((first.to_owned(), LINE_CHARS_MAX))
}

/// What a page is called, if it says so.
fn title(page: &str) -> Option<&str> {
    let (_, title) = page.split_once("<title>")?;
    let title = title.split_once("</title>")?.0.trim();
    (!title.is_empty()).then_some(title)
}

/// What people see of a page, about: its tags parted words.
fn without_tags(page: &str) -> String {
    // Of the same length, so that places in one are places in the other.
    let lower = page.to_ascii_lowercase();
    let (mut text, mut at) = (String::new(), 0);
    while let Some(begin) = page[at..].find('<') {
        let tag = at + begin;
        text.push_str(&page[at..tag]);
        text.push(' ');
        let mut unsaid = UNSAID.iter();
        let unsaid = unsaid.find(|(begin, _)| lower[tag..].starts_with(begin));
        let end = unsaid.map_or(">", |(_, end)| end);
        let found = lower[tag..].find(end);
        at = found.map_or(page.len(), |found| tag + found + end.len());
    }
    text + &page[at..]
}

/// Somebody's words as one short line, with nothing that steers a terminal.
fn harmless(text: &str, chars_max: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown = visible(&hidden_in(&text), &[]).into_owned();
    if let Some((end, _)) = shown.char_indices().nth(chars_max) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}
