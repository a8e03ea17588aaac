//! A program at the operator's listener: it publishes in channels of the chat, several requests at a time, and asks again for what
//! it asked for before, or another program that is gone.

use serde_json::{Value, json};

use super::{chat::channel_name, filler, http::Response};

/// As whom it speaks.
pub const SENDER: &str = "local";
/// Requests that one makes at most.
const REQUESTS_MAX: usize = 25;
/// Items of one request.
const ITEMS_MAX: usize = 3;

/// Things to publish together.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which program asked for it first, and as which of its requests.
    pub first: (usize, usize),
    /// The channel of each item.
    pub channels: Vec<usize>,
    body: String,
    /// Whether it is known by a key as a whole, and not by the ids of its items.
    is_keyed: bool,
}

/// What one was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    pub goes_on: bool,
    /// What came of each item.
    pub items: Vec<Value>,
}

/// What a program asks for, and is answered.
#[derive(Debug)]
pub struct Program {
    id: usize,
    breadth: usize,
    /// The header lines by which it is let in.
    lines: String,
    /// What another one had asked for that is gone.
    recalled: Vec<Request>,
    pub asked: Vec<Request>,
    pub answers: Vec<Answered>,
}

impl Request {
    /// What an item says, which no other does.
    pub fn words(&self, place: usize) -> String {
        let (id, number) = self.first;
        format!("{id}.{number}.{place} ")
    }
}

impl Program {
    pub fn new(id: usize, breadth: usize, token: Option<String>, recalled: Vec<Request>) -> Self {
        let lines = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        Self {
            id,
            breadth,
            lines: lines.unwrap_or_default(),
            recalled,
            asked: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Asks for something by chance, or for something again.
    pub fn ask(&mut self, bytes: usize, chance: &mut fastrand::Rng, outgoing: &mut Vec<u8>) {
        if self.asked.len() == REQUESTS_MAX {
            return;
        }
        // What one that is gone asked for last is what it knows least of.
        let again = match self.recalled.pop() {
            None if chance.u8(0..4) == 0 => chance.choice(&self.asked).cloned(),
            recalled => recalled,
        };
        let request = again.unwrap_or_else(|| self.draw(bytes, chance));
        self.send(&request, chance, outgoing);
        self.asked.push(request);
    }

    /// What it asked for, for one that comes after it.
    pub fn recall(&self) -> Vec<Request> {
        let unanswered = self.asked.iter().skip(self.answers.len().saturating_sub(1));
        unanswered.cloned().collect()
    }

    /// Takes one response off the front of what came, if it is all there; says how many bytes it had.
    pub fn hear(&mut self, incoming: &[u8]) -> Result<Option<usize>, String> {
        let Some(response) = Response::read(incoming)? else {
            return Ok(None);
        };
        let bytes = response.head_bytes + response.body_bytes;
        let Some(body) = incoming.get(response.head_bytes..bytes) else {
            return Ok(None);
        };
        if self.answers.last().is_some_and(|answer| !answer.goes_on) {
            return Err("was answered after the last answer".to_owned());
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        self.answers.push(Answered {
            status: response.status,
            goes_on: response.goes_on,
            items: body.as_array().cloned().unwrap_or_default(),
        });
        Ok(Some(bytes))
    }

    fn draw(&self, bytes: usize, chance: &mut fastrand::Rng) -> Request {
        let items = chance.usize(1..=ITEMS_MAX);
        let mut request = Request {
            first: (self.id, self.asked.len()),
            channels: (0..items).map(|_| chance.usize(0..self.breadth)).collect(),
            body: String::new(),
            is_keyed: chance.bool(),
        };
        let items = request
            .channels
            .iter()
            .enumerate()
            .map(|(place, &channel)| {
                let words = request.words(place);
                let mut item = json!({
                    "channel": channel_name(channel),
                    "message": format!("{words}{}", filler(bytes)),
                });
                if !request.is_keyed {
                    item["id"] = json!(words.trim_end());
                }
                item
            });
        request.body = Value::Array(items.collect()).to_string();
        request
    }

    /// Sends it, with a length or in chunks.
    fn send(&self, request: &Request, chance: &mut fastrand::Rng, outgoing: &mut Vec<u8>) {
        let (Self { lines, .. }, Request { body, .. }) = (self, request);
        let (id, number) = request.first;
        let key = if request.is_keyed {
            format!("Idempotency-Key: {id}.{number}\r\n")
        } else {
            String::new()
        };
        let head = format!("POST /api/publish HTTP/1.1\r\nHost: localhost\r\n{lines}{key}");
        if chance.bool() {
            let length = body.len();
            outgoing.extend(format!("{head}Content-Length: {length}\r\n\r\n{body}").bytes());
            return;
        }
        outgoing.extend(format!("{head}Transfer-Encoding: chunked\r\n\r\n").bytes());
        let mut rest = body.as_str();
        while !rest.is_empty() {
            // It is all ASCII.
            let (chunk, behind) = rest.split_at(chance.usize(1..=rest.len()));
            outgoing.extend(format!("{:x}\r\n{chunk}\r\n", chunk.len()).bytes());
            rest = behind;
        }
        outgoing.extend(b"0\r\n\r\n");
    }
}
