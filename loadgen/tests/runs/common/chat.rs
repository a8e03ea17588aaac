//! A chat server in small: channels that are joined with JSON actions, and frames that carry several objects.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::common::room::{self, Door, Host, Room};

/// How often what waits for a client leaves, in one frame.
const PERIOD: Duration = Duration::from_millis(5);

/// The server, and what it answers those who want to join.
pub(crate) struct Chat {
    entry: Entry,
    /// How many messages and notices a channel keeps.
    history: usize,
    fault: Option<Fault>,
    script: Script,
    rule: Rule,
    /// Which life of all channels it is.
    epoch: u64,
    /// Messages that were said.
    said: usize,
    /// Who has asked to come back.
    asked: BTreeSet<usize>,
    channels: BTreeMap<String, Channel>,
    /// What waits for each client.
    outbox: BTreeMap<usize, Vec<String>>,
}

/// Decides what happens beside, and what becomes of a message.
type Script = Box<dyn FnMut(&mut Room, Event) -> Fate + Send>;
/// How often a client gets the message of a number that is told to all.
type Rule = Box<dyn FnMut(usize, usize) -> usize + Send>;

/// What a script decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A client came in.
    Entered,
    /// A client said the message of this number, counted from 0.
    Said {
        /// Who.
        from: usize,
        /// Which one of all.
        number: usize,
    },
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All are told.
    Told,
    /// Nobody is.
    Unheard,
    /// Its sender is told that it may not, for this reason.
    Refused(&'static str),
    /// All are told, after the server has forgotten all that was said before.
    First,
}

/// What becomes of those who want to join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Entry {
    /// They are in.
    #[default]
    Free,
    /// They are told that they may not.
    Forbidden,
    /// They are told nothing.
    Ignored,
}

/// What is wrong with what those are told who come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The replay begins one late.
    Late,
    /// The replay begins one early.
    Early,
    /// The gap ends one short of what is kept.
    Short,
    /// Nothing is said of what was missed.
    Deaf,
    /// The last message of the replay comes twice.
    Double,
    /// At first they are told to ask again.
    Busy,
}

#[derive(Debug, Default)]
struct Channel {
    members: Vec<usize>,
    seq: u64,
    /// The end of what was said.
    log: VecDeque<(u64, Value)>,
}

impl Default for Chat {
    fn default() -> Self {
        Self {
            entry: Entry::Free,
            history: 0,
            fault: None,
            script: Box::new(|_, _| Fate::Told),
            rule: Box::new(|_, _| 1),
            epoch: 1,
            said: 0,
            asked: BTreeSet::new(),
            channels: BTreeMap::new(),
            outbox: BTreeMap::new(),
        }
    }
}

impl Chat {
    /// A server that has this answer.
    pub(crate) fn with(entry: Entry) -> Self {
        Self {
            entry,
            ..Self::default()
        }
    }

    /// The same where a script decides what happens.
    pub(crate) fn scripted(
        self,
        script: impl FnMut(&mut Room, Event) -> Fate + Send + 'static,
    ) -> Self {
        Self {
            script: Box::new(script),
            ..self
        }
    }

    /// The same where a rule says how often who gets which message.
    pub(crate) fn ruled(self, rule: impl FnMut(usize, usize) -> usize + Send + 'static) -> Self {
        Self {
            rule: Box::new(rule),
            ..self
        }
    }

    /// A server that keeps so much, and tells it in this wrong way.
    pub(crate) fn keeping(history: usize, fault: Option<Fault>) -> Self {
        Self {
            history,
            fault,
            ..Self::default()
        }
    }

    /// Starts it; its URL.
    pub(crate) fn start(self) -> String {
        room::open(self, Door::OPEN)
    }

    /// Starts it with several nodes; their URLs.
    pub(crate) fn start_nodes<const N: usize>(self) -> [String; N] {
        room::open_nodes(self, Door::OPEN)
    }

    fn tell(&mut self, client: usize, object: &Value) {
        let lines = self.outbox.entry(client).or_default();
        lines.push(object.to_string());
    }

    fn tell_members(&mut self, name: &str, mut object: Value, number: Option<usize>) {
        let channel = self.channels.entry(name.to_owned()).or_default();
        channel.seq += 1;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        object["action"] = json!("send-message");
        object["target"] = json!(name);
        object["seq"] = json!(channel.seq);
        object["time"] = json!(now.unwrap().as_secs() * 1000);
        channel.log.push_back((channel.seq, object.clone()));
        while channel.log.len() > self.history {
            channel.log.pop_front();
        }
        for client in channel.members.clone() {
            let copies = number.map_or(1, |number| (self.rule)(client, number));
            for _ in 0..copies {
                self.tell(client, &object);
            }
        }
    }

    /// All channels begin again, and their members are told.
    fn forget(&mut self) {
        self.epoch += 1;
        let mut told = Vec::new();
        for (name, channel) in &mut self.channels {
            channel.seq = 0;
            channel.log.clear();
            let epoch =
                json!({"action": "epoch", "channel": name, "epoch": self.epoch, "reason": "lost"});
            told.extend(
                channel
                    .members
                    .iter()
                    .map(|member| (*member, epoch.clone())),
            );
        }
        for (client, epoch) in told {
            self.tell(client, &epoch);
        }
    }

    fn join(&mut self, client: usize, name: &str, since: Option<u64>) {
        match self.entry {
            Entry::Free => {}
            Entry::Ignored => return,
            Entry::Forbidden => {
                let error = json!({"action": "error", "code": "bad-name", "message": "not you"});
                return self.tell(client, &error);
            }
        }
        self.tell_members(name, notice(client, "joined"), None);
        let channel = self.channels.entry(name.to_owned()).or_default();
        channel.members.push(client);
        let seq = channel.seq;
        let mut joined = json!({"action": "joined", "channel": name, "members": [], "seq": seq, "epoch": self.epoch});
        let since = since.filter(|_| self.fault != Some(Fault::Deaf));
        let replay = since.map(|since| channel.replay(since, self.fault, &mut joined));
        self.tell(client, &joined);
        for object in replay.into_iter().flatten() {
            self.tell(client, &object);
        }
    }

    fn leave(&mut self, client: usize, name: &str) {
        let channel = self.channels.entry(name.to_owned()).or_default();
        channel.members.retain(|&member| member != client);
        self.tell_members(name, notice(client, "left"), None);
        self.tell(client, &json!({"action": "left", "channel": name}));
    }
}

impl Channel {
    /// What comes behind `joined` for one who has all up to a number, which is told in it.
    fn replay(&self, since: u64, fault: Option<Fault>, joined: &mut Value) -> Vec<Value> {
        let oldest = self.log.front().map_or(self.seq + 1, |(seq, _)| *seq);
        let mut from = oldest.max(since + 1);
        joined["recovered"] = json!(from == since + 1);
        if from > since + 1 {
            let to = from - 1 - u64::from(fault == Some(Fault::Short));
            joined["gap"] = json!({"from": since + 1, "to": to});
        }
        joined["replay"] = json!({"from": from, "to": self.seq});
        match fault {
            Some(Fault::Late) => from += 1,
            Some(Fault::Early) => from -= 1,
            Some(Fault::Short | Fault::Double | Fault::Deaf | Fault::Busy) | None => {}
        }
        let kept = self.log.iter().filter(|(seq, _)| *seq >= from);
        let mut replay: Vec<Value> = kept.map(|(_, object)| object.clone()).collect();
        if fault == Some(Fault::Double) {
            replay.extend(replay.last().cloned());
        }
        replay
    }
}

fn notice(client: usize, event: &str) -> Value {
    json!({"message": format!("{client} {event} the channel"), "event": event, "member": {"name": client.to_string()}})
}

impl Host for Chat {
    fn entered(&mut self, room: &mut Room, client: usize) {
        assert!(room.query(client).contains("name="), "a client has a name");
        self.tell(
            client,
            &json!({"action": "welcome", "client": {"id": client.to_string()}}),
        );
        (self.script)(room, Event::Entered);
    }

    fn said(&mut self, room: &mut Room, from: usize, text: &str) {
        let said: Value = serde_json::from_str(text).unwrap();
        let word = |name: &str| said[name].as_str().unwrap_or_default();
        match word("action") {
            "join-channel" => {
                if said["since"].is_object() {
                    assert_eq!(
                        said["since"]["epoch"], self.epoch,
                        "the epoch that it was told"
                    );
                }
                if said["since"].is_object()
                    && self.fault == Some(Fault::Busy)
                    && self.asked.insert(from)
                {
                    let error =
                        json!({"action": "error", "code": "unavailable", "ref": said["ref"]});
                    return self.tell(from, &error);
                }
                self.join(from, word("message"), said["since"]["seq"].as_u64());
            }
            "leave-channel" => self.leave(from, word("message")),
            "send-message" => {
                let number = self.said;
                self.said += 1;
                match (self.script)(room, Event::Said { from, number }) {
                    Fate::Told => {}
                    Fate::Unheard => return,
                    Fate::Refused(code) => {
                        let error = json!({"action": "error", "code": code, "message": "not now"});
                        return self.tell(from, &error);
                    }
                    Fate::First => self.forget(),
                }
                let sender = json!({"id": from.to_string(), "name": from.to_string()});
                let object = json!({"message": word("message"), "sender": sender});
                self.tell_members(word("target"), object, Some(number));
            }
            other => panic!("nobody asked for {other}"),
        }
    }

    fn left(&mut self, client: usize) {
        let here = |(_, channel): &(&String, &Channel)| channel.members.contains(&client);
        let names: Vec<String> = self
            .channels
            .iter()
            .filter(here)
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            self.leave(client, &name);
        }
    }

    fn period(&self) -> Option<Duration> {
        Some(PERIOD)
    }

    fn due(&mut self, room: &mut Room) {
        for (client, lines) in mem::take(&mut self.outbox) {
            room.say(client, lines.join("\n"));
        }
    }
}
