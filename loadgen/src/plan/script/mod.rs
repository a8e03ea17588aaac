//! How a server of other people's is spoken to: what is said and awaited on entry, what stands around a payload, what is
//! answered, what is said again and again. From flags, or from a language's row and the flags that replace parts of it.

pub mod error;
pub mod grammar;
pub mod reply;
pub mod text;

use std::time::Duration;

use memchr::memmem;

use crate::{
    args::{
        languages::{Language, Row},
        script::{Line, ScriptFlags},
    },
    plan::particulars::Own,
};
use error::{ScriptError, TextError};
use grammar::Grammar;
use reply::Reply;
use text::{Filling, Place, Text};

/// How often something is said again, unless the flags or the language say otherwise: below the half minute that most
/// servers wait.
pub const PERIOD: Duration = Duration::from_secs(25);
/// The flags by which texts are known.
const HELLO: &str = "--hello";
const AWAIT: &str = "--await";
const EVERY: &str = "--every";
const TEMPLATE: &str = "--template";
/// The language whose frames tell lengths.
const MQTT: &str = "mqtt";

/// How a server is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What is spoken, if it is one that is known.
    language: Option<&'static Language>,
    /// What is done on entry, in order.
    pub entry: Vec<Step>,
    /// What stands around a payload.
    message: Text,
    replies: Vec<Reply>,
    /// What is said again and again, and how often.
    pub every: Option<(Text, Duration)>,
    /// Whether frames are binary.
    pub is_binary: bool,
}

/// One thing to do on entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To say this.
    Say(Text),
    /// To wait until a frame holds this.
    Await(Vec<u8>),
}

impl Script {
    /// Understands flags, in place of a language's own where there is one.
    ///
    /// # Errors
    /// The user's: a text that is none, or a template without a place for the payload.
    pub fn new(
        language: Option<&'static Language>,
        flags: &ScriptFlags,
    ) -> Result<Self, ScriptError> {
        let is_mqtt = language.is_some_and(|language| language.name == MQTT);
        let own = language.is_some_and(|language| language.escapes);
        // It is one of the flags that a language stands for.
        let given = own || flags.escapes;
        let (hello, template) = if is_mqtt {
            (Grammar::MQTT_ENTRY, Grammar::MQTT_TEMPLATE)
        } else {
            (Grammar::ENTRY, Grammar::TEMPLATE)
        };
        let step = |line: Line, escapes: bool| {
            Ok(match line {
                Line::Hello(text) => Step::Say(read(hello.escaping(escapes), HELLO, &text)?),
                Line::Await(text) => {
                    let bytes = Grammar::GOT.escaping(escapes).read_bytes(&text);
                    Step::Await(bytes.map_err(|source| of(AWAIT, source))?)
                }
            })
        };
        let entry: Result<_, ScriptError> = match language {
            Some(language) if flags.entry.is_empty() => {
                let rows = language.entry.iter().map(Row::line);
                rows.map(|line| step(line, own)).collect()
            }
            _ => {
                let lines = flags.entry.iter().cloned();
                lines.map(|line| step(line, given)).collect()
            }
        };
        let (message, escapes) = match (&flags.template, language) {
            (Some(text), _) => (text.as_str(), given),
            (None, Some(language)) => (language.template, own),
            (None, None) => ("%s", false),
        };
        let message_text = read(template.escaping(escapes), TEMPLATE, message)?;
        if message_text.count(Place::Payload) != 1 {
            return Err(ScriptError::Template {
                template: message.to_owned(),
            });
        }
        let replies: Result<_, ScriptError> = match language.and_then(|language| language.reply) {
            Some(reply) if flags.reply.is_empty() => {
                Reply::read(reply, own).map(|reply| vec![reply])
            }
            _ => {
                let texts = flags.reply.iter();
                texts.map(|text| Reply::read(text, given)).collect()
            }
        };
        let every = match (&flags.every, language.and_then(|language| language.every)) {
            (Some(text), _) => Some((text.as_str(), PERIOD, given)),
            (None, Some((text, seconds))) => Some((text, Duration::from_secs(seconds), own)),
            (None, None) => None,
        };
        let every = every.map(|(text, period, escapes)| {
            let text = read(Grammar::EVERY.escaping(escapes), EVERY, text)?;
            Ok::<_, ScriptError>((text, flags.period.unwrap_or(period)))
        });
        let script = Self {
            language,
            entry: entry?,
            message: message_text,
            replies: replies?,
            every: every.transpose()?,
            is_binary: flags.binary || language.is_some_and(|language| language.binary),
        };
        script.check()?;
        Ok(script)
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.language.map_or("raw", |language| language.name)
    }

    /// What is asked for where a URL names no path.
    pub fn path(&self) -> Option<&'static str> {
        self.language.map(|language| language.path)
    }

    /// The subprotocol that is offered unless the flags name one.
    pub fn subprotocol(&self) -> Option<&'static str> {
        self.language?.subprotocol
    }

    /// A message of a client, the how manieth of its own.
    pub fn message(&self, own: Own, number: u64, payload: String) -> Vec<u8> {
        if self.message.is_bare() {
            return payload.into_bytes();
        }
        self.message.fill(&Filling {
            own,
            number,
            payload: &payload,
            carried: &[],
        })
    }

    /// Whether anything is answered.
    pub fn has_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    /// Whether a client is in only when the server has said something.
    pub fn awaits(&self) -> bool {
        self.entry.iter().any(|step| matches!(step, Step::Await(_)))
    }

    /// Whether a client's channel shows in what it says.
    pub fn has_topic(&self) -> bool {
        self.texts()
            .any(|(_, text)| text.count(Place::Topic) + text.count(Place::Utf8Topic) > 0)
    }

    /// Whether something of its own that a client is given shows in what it says.
    pub fn has_value(&self) -> bool {
        self.texts().any(|(_, text)| text.count(Place::Value) > 0)
    }

    /// Whether there is more around a payload.
    pub fn has_template(&self) -> bool {
        !self.message.is_bare()
    }

    /// What is answered to a frame; of one that holds messages of the run, to what stands beside them, the last of which ends
    /// there.
    pub fn answer(&self, own: Own, frame: &[u8], behind: Option<usize>) -> Option<Vec<u8>> {
        self.replies.iter().find_map(|reply| {
            let carried = match behind {
                None => reply.to_frame(frame),
                Some(end) => reply.to_messages(frame, end),
            }?;
            Some(reply.say.fill(&Filling {
                own,
                carried,
                ..Filling::default()
            }))
        })
    }

    /// What a client says again, for the how manieth time.
    pub fn again(&self, own: Own, number: u64) -> Option<Vec<u8>> {
        let (text, _) = self.every.as_ref()?;
        Some(text.fill(&Filling {
            own,
            number,
            ..Filling::default()
        }))
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &Text)> {
        let said = self.entry.iter().filter_map(|step| match step {
            Step::Say(text) => Some((HELLO, text)),
            Step::Await(_) => None,
        });
        let every = self.every.iter().map(|(text, _)| (EVERY, text));
        let answers = self.replies.iter().map(|reply| ("--reply", &reply.say));
        said.chain([(TEMPLATE, &self.message)])
            .chain(every)
            .chain(answers)
    }

    fn check(&self) -> Result<(), ScriptError> {
        if self
            .every
            .as_ref()
            .is_some_and(|(_, period)| period.is_zero())
        {
            return Err(ScriptError::NoPeriod);
        }
        match self
            .texts()
            .find(|(_, text)| !self.is_binary && !text.is_utf8())
        {
            Some((flag, _)) => Err(ScriptError::NotText { flag }),
            None => Ok(()),
        }
    }
}

/// Where a text that is awaited ends in what was said.
pub fn awaited(text: &[u8], said: &[u8]) -> Option<usize> {
    Some(memmem::find(said, text)? + text.len())
}

impl Row {
    fn line(&self) -> Line {
        match self {
            Self::Hello(text) => Line::Hello((*text).to_owned()),
            Self::Await(text) => Line::Await((*text).to_owned()),
        }
    }
}

fn read(grammar: Grammar, flag: &'static str, text: &str) -> Result<Text, ScriptError> {
    grammar.read(text).map_err(|source| of(flag, source))
}

fn of(flag: &'static str, source: TextError) -> ScriptError {
    ScriptError::Text { flag, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, languages::LANGUAGES};

    #[test]
    fn a_text_that_replaces_a_languages_own_has_escapes_where_that_has() {
        let said = |name: &str, template: &str| {
            let language = LANGUAGES.iter().find(|language| language.name == name);
            let args = Args::read(["loadgen", "--template", template]).unwrap();
            let script = Script::new(language, &args.script).unwrap();
            script.message(Own::default(), 1, "x".to_owned())
        };
        assert_eq!(said("nats", r"PUB y %l\r\n%s\r\n"), b"PUB y 1\r\nx\r\n");
        assert_eq!(said("socketio", r#"42["\"%s"]"#), br#"42["\"x"]"#);
    }

    #[test]
    fn every_language_is_a_script() {
        for language in &LANGUAGES {
            let args = Args::read(["loadgen"]).unwrap();
            let script = Script::new(Some(language), &args.script).unwrap();
            let message = script.message(Own::default(), 1, "payload".to_owned());
            let found = memmem::find(&message, b"payload");
            assert!(found.is_some(), "{}", language.name);
        }
    }
}
