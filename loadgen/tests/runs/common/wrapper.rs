//! A server of other people's: it wants a hello, and sends all messages that came in a while as one array of objects.

use std::{
    collections::BTreeSet,
    mem,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::common::room::{self, Door, Host, Room};

/// How often it sends.
const PERIOD: Duration = Duration::from_millis(10);

/// The server, and what it wants to hear first.
#[derive(Debug)]
pub(crate) struct Wrapper {
    hello: &'static str,
    greeted: BTreeSet<usize>,
    texts: Vec<String>,
}

impl Wrapper {
    /// Starts one; its URL.
    pub(crate) fn start(hello: &'static str) -> String {
        let wrapper = Self {
            hello,
            greeted: BTreeSet::new(),
            texts: Vec::new(),
        };
        room::open(wrapper, Door::OPEN)
    }
}

impl Host for Wrapper {
    fn said(&mut self, _room: &mut Room, from: usize, text: &str) {
        if text == self.hello {
            self.greeted.insert(from);
        } else {
            let said: Value = serde_json::from_str(text).unwrap();
            self.texts.push(said["text"].as_str().unwrap().to_owned());
        }
    }

    fn period(&self) -> Option<Duration> {
        Some(PERIOD)
    }

    fn due(&mut self, room: &mut Room) {
        let texts = mem::take(&mut self.texts);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let time = now.unwrap().as_secs();
        let objects = texts.iter().enumerate();
        // Of different lengths, so that no message is where the one before it would have it.
        let objects = objects.map(|(at, text)| {
            let stars = "*".repeat(at);
            format!(r#"{{"stars":"{stars}","text":"{text}","time":{time}}}"#)
        });
        let array = format!("[{}]", objects.collect::<Vec<_>>().join(", "));
        if !texts.is_empty() {
            for &client in &self.greeted {
                room.say(client, array.clone());
            }
        }
    }
}
