//! A client of the chat.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Client, Server};

/// Someone in the chat, who has been welcomed.
pub(crate) struct Person {
    pub(crate) client: Client,
    heard: VecDeque<Value>,
    pub(crate) welcome: Value,
}

impl Person {
    pub(crate) fn enter(server: &Server, name: &str) -> Self {
        Self::over(server.connect(&format!("/ws?name={name}")))
    }

    /// One who comes over this.
    pub(crate) fn over(client: Client) -> Self {
        let mut person = Self {
            client,
            heard: VecDeque::new(),
            welcome: Value::Null,
        };
        person.welcome = person.hear();
        assert_eq!(person.welcome["action"], "welcome");
        person
    }

    pub(crate) fn id(&self) -> &str {
        self.welcome["client"]["id"].as_str().unwrap()
    }

    pub(crate) fn say(&mut self, object: &Value) {
        self.client.say(&object.to_string());
    }

    /// The next object, in whatever frame it comes.
    pub(crate) fn hear(&mut self) -> Value {
        while self.heard.is_empty() {
            let frame = self.client.hear_text();
            let objects = frame
                .split('\n')
                .map(|line| serde_json::from_str(line).unwrap());
            self.heard.extend(objects);
        }
        self.heard.pop_front().unwrap()
    }

    pub(crate) fn ask(&mut self, object: &Value) -> Value {
        self.say(object);
        self.hear()
    }

    pub(crate) fn join(&mut self, channel: &str) -> Value {
        let joined = self.ask(&json!({"action": "join-channel", "message": channel}));
        assert_eq!(joined["action"], "joined", "{joined}");
        joined
    }

    pub(crate) fn leave(&mut self, channel: &str) -> Value {
        self.ask(&json!({"action": "leave-channel", "message": channel}))
    }

    pub(crate) fn send(&mut self, channel: &str, message: &str) {
        self.say(&json!({"action": "send-message", "target": channel, "message": message}));
    }
}
