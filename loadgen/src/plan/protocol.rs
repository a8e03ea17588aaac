//! How one gets in and how a message is said, beyond what WebSocket itself asks.

use serde::Deserialize;

use crate::{
    args::{
        Args,
        languages::{Language, ProtocolName},
        mode::Mode,
        script::Sender,
        values::PayloadName,
    },
    plan::{
        error::PlanError,
        lines::is_passing,
        particulars::Own,
        script::{Script, error::ScriptError},
    },
};

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
    /// Any server that sends to all what it gets from one, spoken to as its users do.
    Script(Box<Script>),
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
    /// One of that name, as the flags say.
    ///
    /// # Errors
    /// The user's: flags of one protocol with another, or a script that is none.
    pub fn new(name: ProtocolName, args: &Args) -> Result<Self, PlanError> {
        let is_chat = name == ProtocolName::Chat;
        if args.churn.is_some() && !is_chat {
            return Err(PlanError::NoChurn);
        }
        if args.cut.is_some() && !is_chat {
            return Err(PlanError::NoCut);
        }
        let protocol = match name {
            ProtocolName::Relay => Self::Relay,
            ProtocolName::Chat => Self::Chat,
            ProtocolName::Raw => Self::scripted(None, args)?,
            ProtocolName::Language(language) => Self::scripted(Some(language), args)?,
        };
        // Of servers that are compared, the flags are for those that understand them.
        let is_for_others = args.target.iter().any(|target| {
            let of = target.protocol.unwrap_or(args.protocol);
            !matches!(of, ProtocolName::Relay | ProtocolName::Chat)
        });
        let is_scripted = matches!(protocol, Self::Script(_)) || is_for_others;
        if let Some(flag) = args.script.first_given().filter(|_| !is_scripted) {
            let protocol = protocol.name();
            return Err(ScriptError::NotRaw { flag, protocol }.into());
        }
        let is_within = match &protocol {
            Self::Relay => false,
            Self::Chat => true,
            Self::Script(script) => script.has_template(),
        };
        if is_within && args.payload == Some(PayloadName::Json) {
            return Err(PlanError::Quotes);
        }
        Ok(protocol)
    }

    fn scripted(language: Option<&'static Language>, args: &Args) -> Result<Self, PlanError> {
        let script = Script::new(language, &args.script)?;
        if args.script.sender == Some(Sender::Skipped) && args.traffic() == Mode::Saturate {
            return Err(ScriptError::NothingBack.into());
        }
        Ok(Self::Script(Box::new(script)))
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Chat => "chat",
            Self::Script(script) => script.name(),
        }
    }

    /// How a server of other people's is spoken to, if that is what is spoken.
    pub fn script(&self) -> Option<&Script> {
        match self {
            Self::Relay | Self::Chat => None,
            Self::Script(script) => Some(script),
        }
    }

    /// Where Hubbub speaks it.
    pub fn endpoint(&self) -> &'static str {
        match self {
            Self::Chat => "/ws",
            Self::Relay | Self::Script(_) => "/relay",
        }
    }

    /// Whether there are channels that a client can choose, beside those that its URL names.
    pub fn has_channels(&self) -> bool {
        self.script().is_none_or(Script::has_topic)
    }

    /// Whether what a client says leaves as binary frames.
    pub fn is_binary(&self) -> bool {
        self.script().is_some_and(|script| script.is_binary)
    }

    /// The query that the URL of a client has to carry, of several channels; none if it names them itself.
    pub fn query(&self, client: usize, channel: Option<usize>) -> Option<String> {
        match self {
            Self::Relay => channel.map(|channel| format!("channel={}", named(channel))),
            Self::Chat => Some(format!("name=loadgen-{client}")),
            Self::Script(_) => None,
        }
    }

    /// What a client of a chat says on entry.
    pub fn entry(channel: usize) -> String {
        let name = named(channel);
        format!(r#"{{"action":"join-channel","message":"{name}","ref":"{JOIN}"}}"#)
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

    /// A message with this payload, the how manieth of its client's.
    pub fn message(&self, own: Own, channel: usize, number: u64, payload: String) -> Vec<u8> {
        match self {
            Self::Relay => payload.into_bytes(),
            Self::Chat => format!(
                r#"{{"action":"send-message","target":"{}","message":"{payload}"}}"#,
                named(channel)
            )
            .into_bytes(),
            Self::Script(script) => script.message(own, number, payload),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chat_says_is_json() {
        let message = Protocol::Chat.message(Own::default(), 3, 1, "x".to_owned());
        let said = [
            Protocol::entry(3),
            Protocol::exit(3),
            String::from_utf8(message).unwrap(),
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
