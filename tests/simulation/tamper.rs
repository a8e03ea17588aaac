//! What a server that forgets or hurries would tell: planted between a peer and what it hears.

use serde_json::Value;

use crate::peer::fields::{number, span, text};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tamper {
    /// A replay begins with the message after the first that is missing.
    Late,
    /// It begins with the last that is not.
    Early,
    /// A gap is told that is shorter than it is.
    ShortGap,
    /// An answer overtakes one that was asked for before it.
    Overtaking,
}

impl Tamper {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Late, Self::Early, Self::ShortGap, Self::Overtaking];
}

/// What is wrong with what one peer hears.
#[derive(Debug)]
pub struct Tampering {
    tamper: Tamper,
    /// Channels of which a replay is about to begin.
    beginning: Vec<String>,
    overtaken: Option<String>,
}

impl Tampering {
    pub fn new(tamper: Tamper) -> Self {
        Self {
            tamper,
            beginning: Vec::new(),
            overtaken: None,
        }
    }

    /// What the peer hears in place of an object.
    pub fn pass(&mut self, object: &str) -> Vec<String> {
        let mut body: Value = serde_json::from_str(object).expect("the server says JSON");
        match self.tamper {
            Tamper::Late | Tamper::Early => self.shift(object, &mut body),
            Tamper::ShortGap => {
                shorten(&mut body);
                let is_told = body["action"] == "gap" || !body["gap"].is_null();
                vec![if is_told {
                    body.to_string()
                } else {
                    object.to_owned()
                }]
            }
            Tamper::Overtaking => self.hold_back(object, &body),
        }
    }

    fn shift(&mut self, object: &str, body: &mut Value) -> Vec<String> {
        let (from, to) = span(&body["replay"]);
        if text(body, "action") == "joined" && !body["replay"].is_null() && from <= to {
            let is_late = self.tamper == Tamper::Late;
            self.beginning.push(text(body, "channel").to_owned());
            body["replay"]["from"] = if is_late { from + 1 } else { from - 1 }.into();
            return vec![body.to_string()];
        }
        let target = text(body, "target");
        let place = self.beginning.iter().position(|channel| channel == target);
        let Some(place) = place.filter(|_| text(body, "action") == "send-message") else {
            return vec![object.to_owned()];
        };
        self.beginning.swap_remove(place);
        if self.tamper == Tamper::Late {
            return Vec::new();
        }
        body["seq"] = (number(body, "seq") - 1).into();
        vec![body.to_string(), object.to_owned()]
    }

    fn hold_back(&mut self, object: &str, body: &Value) -> Vec<String> {
        let is_answer = body["ref"].is_string() && body["sender"].is_null();
        if !is_answer {
            return vec![object.to_owned()];
        }
        match self.overtaken.take() {
            Some(overtaken) => vec![object.to_owned(), overtaken],
            None if ["joined", "left"].contains(&text(body, "action")) => {
                self.overtaken = Some(object.to_owned());
                Vec::new()
            }
            None => vec![object.to_owned()],
        }
    }
}

fn shorten(body: &mut Value) {
    let gap = match text(body, "action") {
        "gap" => body,
        _ => &mut body["gap"],
    };
    let (from, to) = span(gap);
    if from < to {
        gap["to"] = (to - 1).into();
    }
}
