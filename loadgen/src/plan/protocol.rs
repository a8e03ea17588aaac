//! How one gets in and how a message is said, beyond what WebSocket itself asks.

use serde::Deserialize;

use crate::{
    args::{
        Args,
        values::{PayloadName, ProtocolName},
    },
    plan::{error::PlanError, lines::is_passing},
};

/// Where the payload goes in a template.
const PLACE: &str = "%s";
/// How an error of a chat begins.
const ERROR: &[u8] = br#"{"action":"error""#;
/// By what an answer is known to be that to an entry.
const JOIN: &str = "join";

/// What is spoken inside of WebSocket messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Whatever a client sends goes to everyone in the channel that its URL names.
    Relay,
    /// JSON actions: a channel is joined by a message, and the server answers when that is done.
    Chat,
    /// Any server that sends to all what it gets from one.
    Raw {
        /// What is said on entry.
        hello: Option<String>,
        /// What stands before and behind a payload.
        around: (String, String),
    },
}

/// What a chat server answers a client that asked to join or to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is in.
    Joined,
    /// It is out.
    Left,
    /// It may not.
    Refused,
    /// It may not be in, and should ask again.
    Later,
}

impl Protocol {
    /// What the flags say.
    ///
    /// # Errors
    /// The user's: flags of one protocol with another, or a template without a place for the payload.
    pub fn new(args: &Args) -> Result<Self, PlanError> {
        if args.churn.is_some() && args.protocol != ProtocolName::Chat {
            return Err(PlanError::NoChurn);
        }
        if args.cut.is_some() && args.protocol != ProtocolName::Chat {
            return Err(PlanError::NoCut);
        }
        let is_within = args.template.is_some() || args.protocol == ProtocolName::Chat;
        if is_within && args.payload == Some(PayloadName::Json) {
            return Err(PlanError::Quotes);
        }
        let raw = args.protocol == ProtocolName::Raw;
        if !raw && (args.hello.is_some() || args.template.is_some()) {
            return Err(PlanError::NotRaw);
        }
        Ok(match args.protocol {
            ProtocolName::Relay => Self::Relay,
            ProtocolName::Chat => Self::Chat,
            ProtocolName::Raw => Self::Raw {
                hello: args.hello.clone(),
                around: around(args.template.as_deref().unwrap_or(PLACE))?,
            },
        })
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Chat => "chat",
            Self::Raw { .. } => "raw",
        }
    }

    /// Where Hubbub speaks it.
    pub fn endpoint(&self) -> &'static str {
        match self {
            Self::Chat => "/ws",
            Self::Relay | Self::Raw { .. } => "/relay",
        }
    }

    /// Whether there are channels that a client can choose.
    pub fn has_channels(&self) -> bool {
        !matches!(self, Self::Raw { .. })
    }

    /// Whether a client is in only once the server has said so.
    pub fn answers(&self) -> bool {
        *self == Self::Chat
    }

    /// The query that the URL of a client has to carry, of several channels; none if it names them itself.
    pub fn query(&self, client: usize, channel: Option<usize>) -> Option<String> {
        match self {
            Self::Relay => channel.map(|channel| format!("channel={}", named(channel))),
            Self::Chat => Some(format!("name=loadgen-{client}")),
            Self::Raw { .. } => None,
        }
    }

    /// What a client says on entry.
    pub fn entry(&self, channel: usize) -> Option<String> {
        match self {
            Self::Relay => None,
            Self::Chat => Some(format!(
                r#"{{"action":"join-channel","message":"{}","ref":"{JOIN}"}}"#,
                named(channel)
            )),
            Self::Raw { hello, .. } => hello.clone(),
        }
    }

    /// What a client says that comes back and has all up to a message.
    pub fn reentry(channel: usize, epoch: u64, seq: u64) -> String {
        let name = named(channel);
        format!(
            r#"{{"action":"join-channel","message":"{name}","since":{{"epoch":{epoch},"seq":{seq}}},"ref":"{JOIN}"}}"#
        )
    }

    /// What a client says to leave.
    pub fn exit(channel: usize) -> String {
        format!(
            r#"{{"action":"leave-channel","message":"{}"}}"#,
            named(channel)
        )
    }

    /// A message with this payload.
    pub fn message(&self, channel: usize, payload: String) -> String {
        match self {
            Self::Relay => payload,
            Self::Chat => format!(
                r#"{{"action":"send-message","target":"{}","message":"{payload}"}}"#,
                named(channel)
            ),
            Self::Raw {
                around: (before, behind),
                ..
            } if before.is_empty() && behind.is_empty() => payload,
            Self::Raw {
                around: (before, behind),
                ..
            } => format!("{before}{payload}{behind}"),
        }
    }

    /// Whether a frame that answers nothing is known to be an error. It is not read for that: there may be many.
    pub fn is_error(&self, frame: &[u8]) -> bool {
        *self == Self::Chat && frame.starts_with(ERROR)
    }

    /// What a text frame answers to a client that asked to join or to leave.
    pub fn answer(frame: &[u8]) -> Option<Answer> {
        #[derive(Deserialize)]
        struct Told<'a> {
            action: &'a str,
            code: Option<&'a str>,
            r#ref: Option<&'a str>,
        }
        frame.split(|&byte| byte == b'\n').find_map(|line| {
            let told: Told = serde_json::from_slice(line).ok()?;
            let is_passing = told.code.is_some_and(is_passing);
            match told.action {
                "joined" => Some(Answer::Joined),
                "left" => Some(Answer::Left),
                "error" if is_passing && told.r#ref == Some(JOIN) => Some(Answer::Later),
                // It is of a message.
                "error" if is_passing => None,
                "error" => Some(Answer::Refused),
                _ => None,
            }
        })
    }
}

/// What a channel is called.
fn named(channel: usize) -> String {
    format!("loadgen-{channel}")
}

fn around(template: &str) -> Result<(String, String), PlanError> {
    match template.split(PLACE).collect::<Vec<_>>()[..] {
        [before, behind] => Ok((before.to_owned(), behind.to_owned())),
        _ => Err(PlanError::Template {
            template: template.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_stands_around_the_payload() {
        let raw = Protocol::Raw {
            hello: Some("hi".to_owned()),
            around: around(r#"{"text":"%s"}"#).unwrap(),
        };
        assert_eq!(raw.message(0, "x".to_owned()), r#"{"text":"x"}"#);
        assert_eq!(raw.entry(0).as_deref(), Some("hi"));
        assert!(around("%s and %s").is_err());
    }

    #[test]
    fn what_chat_says_is_json() {
        let said = [
            Protocol::Chat.entry(3).unwrap(),
            Protocol::exit(3),
            Protocol::Chat.message(3, "x".to_owned()),
        ];
        for text in said {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value["action"].is_string(), "{text}");
            assert!(text.contains("loadgen-3"), "{text}");
        }
    }

    #[test]
    fn an_answer_is_found_among_other_lines() {
        let frame =
            b"{\"action\":\"welcome\",\"client\":{}}\n{\"action\":\"joined\",\"members\":[]}";
        assert_eq!(Protocol::answer(frame), Some(Answer::Joined));
        assert_eq!(
            Protocol::answer(br#"{"action":"error","code":"bad-name"}"#),
            Some(Answer::Refused)
        );
        assert_eq!(
            Protocol::answer(
                br#"{"action":"error","code":"unavailable","message":"x","ref":"join"}"#
            ),
            Some(Answer::Later)
        );
        assert_eq!(
            Protocol::answer(br#"{"action":"error","code":"unknown","message":"x"}"#),
            None
        );
        assert_eq!(Protocol::answer(b"hello"), None);
        assert_eq!(Protocol::answer(b"[1]\n7"), None);
    }
}
