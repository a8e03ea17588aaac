//! How texts with places and escapes are written, one grammar for each kind of flag.

use crate::plan::script::{
    error::TextError,
    text::{Piece, Place, Text},
};

/// What the texts of one flag may have in them.
#[derive(Clone, Copy, Debug)]
pub struct Grammar {
    /// What a `%` may begin.
    places: &'static [(char, Place)],
    /// Whether `\` begins an escape.
    escapes: bool,
    /// Whether `*` stands for what was carried over.
    carries: bool,
    /// Whether two hex digits behind a `%` are percent-encoding (RFC 3986, section 2.1), which stays as it is.
    encodes: bool,
}

/// What is particular to a client.
const OWN: [(char, Place); 3] = [
    ('t', Place::Topic),
    ('c', Place::Client),
    ('v', Place::Value),
];

/// What stands in MQTT's frames only.
const LENGTHS: [(char, Place); 2] = [('r', Place::Rest), ('u', Place::Utf8Topic)];

impl Grammar {
    /// What is said on entry, or answered.
    pub const ENTRY: Self = Self {
        places: &[OWN[0], OWN[1], OWN[2]],
        escapes: false,
        carries: false,
        encodes: false,
    };

    /// What is said again and again.
    pub const EVERY: Self = Self {
        places: &[OWN[0], OWN[1], OWN[2], ('n', Place::Number)],
        ..Self::ENTRY
    };

    /// What stands around a payload.
    pub const TEMPLATE: Self = Self {
        places: &[
            ('s', Place::Payload),
            ('n', Place::Number),
            ('l', Place::Length),
            OWN[0],
            OWN[1],
            OWN[2],
        ],
        ..Self::ENTRY
    };

    /// What is asked for, in a URL or a header.
    pub const ASKED: Self = Self {
        encodes: true,
        ..Self::ENTRY
    };

    /// What is said on entry to MQTT.
    pub const MQTT_ENTRY: Self = Self {
        places: &[OWN[0], OWN[1], OWN[2], LENGTHS[0], LENGTHS[1]],
        ..Self::ENTRY
    };

    /// What stands around a payload in MQTT.
    pub const MQTT_TEMPLATE: Self = Self {
        places: &[
            ('s', Place::Payload),
            OWN[0],
            OWN[1],
            OWN[2],
            LENGTHS[0],
            LENGTHS[1],
        ],
        ..Self::ENTRY
    };

    /// What is awaited or answered: nothing in it is filled.
    pub const GOT: Self = Self {
        places: &[],
        ..Self::ENTRY
    };

    /// The same with or without escapes.
    #[must_use]
    pub fn escaping(self, escapes: bool) -> Self {
        Self { escapes, ..self }
    }

    /// The same where a `*` stands for what was carried over.
    #[must_use]
    pub fn carrying(self, carries: bool) -> Self {
        Self { carries, ..self }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// The user's: a place or an escape that is none.
    pub fn read(&self, text: &str) -> Result<Text, TextError> {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text.chars();
        while let Some(next) = rest.next() {
            let place = match next {
                '\\' if self.escapes => {
                    literal.push(escaped(&mut rest)?);
                    continue;
                }
                '*' if self.carries => Place::Carried,
                '%' if !self.places.is_empty() => {
                    let Some(place) = self.place(rest.as_str())? else {
                        literal.push(b'%');
                        if rest.as_str().starts_with('%') {
                            rest.next();
                        }
                        continue;
                    };
                    rest.next();
                    place
                }
                other => {
                    literal.extend(other.encode_utf8(&mut [0; 4]).bytes());
                    continue;
                }
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Place(place));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Text { pieces })
    }

    /// Reads what has no places.
    ///
    /// # Errors
    /// The user's: an escape that is none.
    pub fn read_bytes(&self, text: &str) -> Result<Vec<u8>, TextError> {
        let text = Self {
            places: &[],
            carries: false,
            ..*self
        }
        .read(text)?;
        Ok(match text.pieces.into_iter().next() {
            Some(Piece::Literal(bytes)) => bytes,
            _ => Vec::new(),
        })
    }

    /// The place that what stands behind a `%` names; `None` for what is no place and stays as it is.
    fn place(&self, behind: &str) -> Result<Option<Place>, TextError> {
        let mut chars = behind.chars();
        let (first, second) = (chars.next(), chars.next());
        let is_hex = |char: Option<char>| char.is_some_and(|char| char.is_ascii_hexdigit());
        if self.encodes && is_hex(first) && is_hex(second) {
            return match first {
                // Whoever writes this may mean either.
                Some('c') => Err(TextError::Ambiguous {
                    digit: second.unwrap_or_default(),
                }),
                _ => Ok(None),
            };
        }
        if first == Some('%') {
            return Ok(None);
        }
        let known = self.places.iter().find(|(name, _)| Some(*name) == first);
        match known {
            Some((_, place)) => Ok(Some(*place)),
            None => Err(TextError::Place {
                found: first.map_or_else(|| "%".to_owned(), |first| format!("%{first}")),
                known: self.places.iter().map(|(name, _)| *name).collect(),
            }),
        }
    }
}

/// The byte that stands behind a `\`.
fn escaped(rest: &mut std::str::Chars) -> Result<u8, TextError> {
    let wrong = |found: String| TextError::Escape { found };
    match rest.next() {
        Some('0') => Ok(0),
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        Some('\\') => Ok(b'\\'),
        Some('x') => {
            let digits: String = rest.take(2).collect();
            let is_hex = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            u8::from_str_radix(&digits, 16)
                .ok()
                .filter(|_| is_hex)
                .ok_or_else(|| wrong(format!("\\x{digits}")))
        }
        other => Err(wrong(
            other.map_or_else(|| "\\".to_owned(), |other| format!("\\{other}")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{particulars::Own, script::text::Filling};

    fn filled(grammar: Grammar, text: &str) -> String {
        let own = Own {
            client: 7,
            topic: "x",
            value: "v",
        };
        let with = Filling {
            own,
            number: 3,
            payload: "pay",
            carried: b"1.5",
        };
        let filled = grammar.read(text).unwrap().fill(&with);
        String::from_utf8(filled).unwrap()
    }

    fn refused(grammar: Grammar, text: &str) -> String {
        grammar.read(text).unwrap_err().to_string()
    }

    #[test]
    fn places_are_filled_with_what_is_the_clients_own() {
        assert_eq!(
            filled(Grammar::TEMPLATE, "PUB %t %l %n %c %v 100%%: %s"),
            "PUB x 3 3 7 v 100%: pay"
        );
        assert_eq!(filled(Grammar::ENTRY.carrying(true), "pong *"), "pong 1.5");
        assert_eq!(filled(Grammar::ENTRY, "pong *"), "pong *");
    }

    #[test]
    fn what_is_no_place_there_is_refused_with_those_that_are() {
        let told = refused(Grammar::ENTRY, "say %s");
        assert!(
            told.contains("%s") && told.contains("%t, %c, %v and %%"),
            "{told}"
        );
        assert!(refused(Grammar::TEMPLATE, "%s 100%").contains("%%"));
        assert!(refused(Grammar::TEMPLATE, "%s %q").contains("%q"));
    }

    #[test]
    fn escapes_are_bytes_where_they_are_asked_for() {
        let grammar = Grammar::TEMPLATE.escaping(true);
        assert_eq!(filled(grammar, r"a\r\n\t\\\x41\0"), "a\r\n\t\\A\0");
        // What is written as an escape is itself, and begins nothing.
        assert_eq!(filled(grammar, r"\x25s"), "%s");
        assert_eq!(
            filled(Grammar::TEMPLATE, r#"{\"t\":\"%s\"}"#),
            r#"{\"t\":\"pay\"}"#
        );
        for wrong in [r"\q", r"\x4", r"\xzz", r"a\", r"\x+1"] {
            assert!(refused(grammar, wrong).contains(r"\xHH"), "{wrong}");
        }
    }

    #[test]
    fn percent_encoding_stays_in_what_is_asked_for() {
        assert_eq!(
            filled(Grammar::ASKED, "/a%20b/%CA/%c/%t?v=%v&d=%%41"),
            "/a%20b/%CA/7/x?v=v&d=%41"
        );
        let told = refused(Grammar::ASKED, "/%ca");
        assert!(told.contains("%Ca") && told.contains("%c"), "{told}");
        assert!(refused(Grammar::ASKED, "/%s").contains("%s"));
    }

    #[test]
    fn mqtt_tells_lengths() {
        let text = Grammar::MQTT_TEMPLATE
            .escaping(true)
            .read("0%r%u%s")
            .unwrap();
        let own = Own {
            client: 0,
            topic: "x",
            value: "",
        };
        let payload = ".".repeat(64);
        let with = Filling {
            own,
            payload: &payload,
            ..Filling::default()
        };
        let filled = text.fill(&with);
        assert_eq!(filled[..5], [0x30, 0x43, 0, 1, b'x']);
        assert_eq!(filled.len(), 69);
    }
}
