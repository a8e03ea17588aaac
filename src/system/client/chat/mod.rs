//! The chat protocol as people type and read it.

pub mod commands;
mod event;
mod position;
mod recovery;
mod rendering;
mod retries;
mod sends;

use std::collections::VecDeque;
use std::time::Duration;

use self::{
    commands::{Commands, Refused},
    event::Event,
    recovery::Recovery,
    rendering::{Rendering, loss},
    retries::Retries,
};
use super::said::Said;

/// One client's side of the chat, over all its connections: what its lines mean depends on what the server answered, and
/// what is new on what was there before.
#[derive(Debug)]
pub struct Chat {
    commands: Commands,
    recovery: Recovery,
    rendering: Rendering,
    retries: Retries,
    /// What to send before any line.
    requests: VecDeque<String>,
}

impl Chat {
    /// One who is to be in these channels. `chance` is what other clients have not.
    pub fn new(channels: &[String], chance: u64) -> Self {
        let mut commands = Commands::default();
        let requests = channels.iter().map(|channel| commands.join(channel));
        Self {
            requests: requests.collect(),
            commands,
            recovery: Recovery::new(chance),
            rendering: Rendering::default(),
            retries: Retries::new(chance),
        }
    }

    /// What to send next that nobody typed.
    pub fn request(&mut self, now: Duration) -> Option<String> {
        if let Some(request) = self.requests.pop_front() {
            return Some(request);
        }
        while let Some(reference) = self.retries.due(now) {
            let position = |channel: &str| self.recovery.position(channel);
            if let Some(request) = self.commands.again(&reference, position) {
                return Some(request);
            }
        }
        None
    }

    /// When there will be a request, unless one is called for before.
    pub fn deadline(&self) -> Option<Duration> {
        self.retries.deadline()
    }

    /// Understands a line: JSON as it is, a command, or a message to the current channel.
    pub fn understand(&mut self, line: String) -> Said {
        self.commands.understand(line, &mut self.recovery.sends)
    }

    /// Lines for one object of the server's; what is not understood stays as it is. The text of peers is in them as they
    /// wrote it.
    pub fn lines(&mut self, object: &str) -> Vec<String> {
        let Ok(event) = serde_json::from_str(object) else {
            return vec![object.to_owned()];
        };
        match self.commands.heed(&event) {
            Some(Refused::ForNow(reference)) => self.retries.postpone(reference),
            Some(Refused::ForGood(channel)) => self.recovery.refuse(&channel),
            None => {}
        }
        let heard = self.recovery.heed(&event);
        let request = heard.request.map(|request| request.to_string());
        self.requests.extend(request);
        let is_join = matches!(event, Event::Joined(_));
        if is_join {
            self.retries.succeed();
        }
        let channel = event.channel().unwrap_or_default();
        let losses: Vec<_> = heard.losses.iter().map(|it| loss(channel, *it)).collect();
        let mut lines = Vec::new();
        if heard.is_shown {
            lines = self.rendering.lines(event, heard.is_back);
        }
        let place = if is_join { lines.len() } else { 0 };
        lines.splice(place..place, losses);
        lines
    }

    /// The connection is lost: the next one begins with joins of the same channels, which recover them.
    pub fn lose(&mut self) {
        self.retries.clear();
        let wanted = self.commands.wanted();
        self.recovery.lose(&wanted);
        let recovery = &self.recovery;
        let requests = self.commands.rejoin(|channel| recovery.position(channel));
        self.requests = requests.into();
    }

    /// Nothing more will be heard.
    pub fn end(&mut self) {
        self.recovery.sends.end();
    }

    /// The next thing that was said, in words, of which nothing will show whether it was.
    pub fn unknown(&mut self) -> Option<String> {
        self.recovery.sends.unknown()
    }

    /// Whether so much is unanswered that nothing should be said.
    pub fn is_full(&self) -> bool {
        self.recovery.sends.is_full()
    }

    /// Whether anything that was said is unanswered.
    pub fn is_waiting(&self) -> bool {
        self.recovery.sends.is_waiting()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_stays_as_it_is() {
        for object in [
            r#"{"action":"history","lines":[]}"#,
            r#"{"action":"left"}"#,
            "not JSON",
            "",
        ] {
            assert_eq!(Chat::new(&[], 1).lines(object), [object]);
        }
    }

    const WELCOME: &str = r#"{"action":"welcome","client":{"id":"a","name":"Ada"},"server":{"name":"hubbub","version":"1"}}"#;

    /// A client that is welcome and in the channel tea, at the position `(7, 1)`.
    fn in_tea() -> Chat {
        let mut chat = Chat::new(&["tea".to_owned()], 1);
        chat.lines(WELCOME);
        chat.request(Duration::ZERO).unwrap();
        joined(&mut chat, "join-1", r#""seq":1"#);
        chat
    }

    fn joined(chat: &mut Chat, reference: &str, fields: &str) -> Vec<String> {
        chat.lines(&format!(
            r#"{{"action":"joined","channel":"tea","members":[],"count":0,"epoch":7,"ref":"{reference}",{fields}}}"#
        ))
    }

    fn said(seq: u64) -> String {
        format!(
            r#"{{"action":"send-message","message":"{seq}","target":"tea","sender":{{"id":"b","name":"Bob"}},"seq":{seq},"time":1}}"#
        )
    }

    #[test]
    fn what_is_missing_stands_behind_the_return_and_before_what_follows() {
        let mut chat = in_tea();
        assert_eq!(chat.lines(&said(2)), ["tea  Bob: 2"]);
        chat.lose();
        let request: serde_json::Value =
            serde_json::from_str(&chat.request(Duration::ZERO).unwrap()).unwrap();
        assert_eq!(request["since"], serde_json::json!({"epoch": 7, "seq": 2}));
        let fields =
            r#""seq":6,"recovered":false,"gap":{"from":3,"to":5},"replay":{"from":6,"to":6}"#;
        assert_eq!(
            joined(&mut chat, request["ref"].as_str().unwrap(), fields),
            [
                "tea  * you are back; 0 members",
                "tea  * 3 messages are missing"
            ]
        );
        assert_eq!(chat.lines(&said(2)), [""; 0]);
        assert_eq!(chat.lines(&said(6)), ["tea  Bob: 6"]);
        assert_eq!(
            chat.lines(&said(8)),
            ["tea  * 1 message is missing", "tea  Bob: 8"]
        );
    }

    #[test]
    fn a_gap_that_may_hide_what_one_said_has_history_asked_before_the_next_line() {
        let mut chat = in_tea();
        chat.understand("hi".to_owned());
        let gap = r#"{"action":"gap","channel":"tea","epoch":7,"from":2,"to":3,"reason":"slow"}"#;
        assert_eq!(chat.lines(gap), ["tea  * 2 messages are missing"]);
        assert!(
            chat.request(Duration::ZERO)
                .unwrap()
                .contains(r#""action":"history""#)
        );
        assert!(chat.is_waiting());
    }

    #[test]
    fn a_channel_that_refuses_to_have_one_back_is_not_joined_again() {
        let mut chat = in_tea();
        chat.understand("hi".to_owned());
        chat.lose();
        let refusal = r#"{"action":"error","code":"not-allowed","message":"no","ref":"join-2"}"#;
        assert_eq!(chat.lines(refusal), ["! not-allowed: no"]);
        assert_eq!(chat.unknown().as_deref(), Some("in tea: hi"));
        chat.lose();
        assert_eq!(chat.request(Duration::ZERO), None);
    }

    #[test]
    fn a_channel_that_cannot_have_one_back_for_now_is_asked_again() {
        let mut chat = in_tea();
        chat.understand("hi".to_owned());
        chat.lose();
        chat.request(Duration::ZERO).unwrap();
        let refusal = r#"{"action":"error","code":"unavailable","message":"later","ref":"join-2"}"#;
        assert_eq!(chat.lines(refusal), ["! unavailable: later"]);
        assert_eq!(chat.request(Duration::ZERO), None);
        let request = chat.request(chat.deadline().unwrap()).unwrap();
        assert!(request.contains(r#""since":{"epoch":7,"seq":1}"#));
        assert_eq!(chat.unknown(), None, "it may turn up");
    }
}
