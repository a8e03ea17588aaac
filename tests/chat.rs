//! The chat against a model: whatever any clients do in whatever order, everyone hears what they should, and in order.
//!
//! The chat runs without sockets. The model keeps, for each session, what it must hear: of each channel, and what it is
//! told apart from that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hubbub::state::channel::Departure;
use hubbub::state::commons::Commons;
use hubbub::state::dialect::Dialect;
use hubbub::state::dialect::chat::{Chat, Registry};
use hubbub::state::outbox::Outbox;
use hubbub::vocabulary::config::Config;
use hubbub::vocabulary::message::Message;
use hubbub::vocabulary::time::Now;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

const CLIENTS: usize = 5;
const CHANNELS: [&str; 3] = ["tea", "coffee", "milk"];
const NOTICE_LIMIT: usize = 3;

/// Something that happens: to a client (by seat) and a channel.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter(usize),
    Join(usize, usize),
    Leave(usize, usize),
    Send(usize, usize),
    SendPrivate(usize, usize),
    ListMembers(usize, usize),
    ListChannels(usize),
    /// The client ends its session in the midst of a turn.
    Exit(usize),
    /// The turn ends and, before the next one, the connections of these clients break.
    EndTurn {
        broken: u8,
        passed_ms: u64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (client, channel) = (0..CLIENTS, 0..CHANNELS.len());
    let both = (client.clone(), channel);
    let step = prop_oneof![
        2 => client.clone().prop_map(Step::Enter),
        4 => both.clone().prop_map(|(client, channel)| Step::Join(client, channel)),
        2 => both.clone().prop_map(|(client, channel)| Step::Leave(client, channel)),
        4 => both.clone().prop_map(|(client, channel)| Step::Send(client, channel)),
        1 => (client.clone(), client.clone()).prop_map(|(from, to)| Step::SendPrivate(from, to)),
        1 => both.prop_map(|(client, channel)| Step::ListMembers(client, channel)),
        1 => client.clone().prop_map(Step::ListChannels),
        1 => client.prop_map(Step::Exit),
        4 => (prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..700_u64)
            .prop_map(|(broken, passed_ms)| Step::EndTurn { broken, passed_ms }),
    ];
    vec(step, 1..150)
}

/// What one session hears.
#[derive(Debug, Default, PartialEq)]
struct Hearing {
    /// Messages and notices, by channel.
    channels: BTreeMap<String, Vec<Value>>,
    /// Everything else.
    told: Vec<Value>,
}

/// What must happen.
#[derive(Default)]
struct Model {
    rooms: BTreeMap<usize, Room>,
    /// What each session has heard by the end of the last turn.
    heard: Vec<Hearing>,
    /// What each session hears at the end of this turn, in a channel or apart.
    coming: Vec<Vec<(Option<usize>, Value)>>,
    now: Now,
}

/// A channel: the sessions in it, and how many messages there were.
#[derive(Default)]
struct Room {
    members: BTreeSet<usize>,
    seq: u64,
    /// Something was said this turn, so that it is not forgotten before its end.
    is_loud: bool,
    /// Joined, left, and when to say so.
    summary: Option<(u64, u64, Duration)>,
}

impl Model {
    fn say(&mut self, channel: usize, message: Value) {
        let room = self.rooms.get_mut(&channel).unwrap();
        room.seq += 1;
        room.is_loud = true;
        let mut message = message;
        message["seq"] = json!(room.seq);
        for &member in &room.members {
            self.coming[member].push((Some(channel), message.clone()));
        }
    }

    fn tell(&mut self, session: usize, told: Value) {
        self.coming[session].push((None, told));
    }

    fn notice(&mut self, channel: usize, event: &str, who: usize) {
        let now = self.now.monotonic;
        let room = self.rooms.get_mut(&channel).unwrap();
        let members = room.members.len() + usize::from(event == "joined");
        if room.members.is_empty() {
            return;
        }
        if members > NOTICE_LIMIT {
            let fresh = (0, 0, now + Duration::from_secs(1));
            let summary = room.summary.get_or_insert(fresh);
            match event {
                "joined" => summary.0 += 1,
                _ => summary.1 += 1,
            }
        } else {
            let message = format!("{} {event} the channel", name(who));
            self.say(
                channel,
                json!({"event": event, "message": message, "member": name(who)}),
            );
        }
    }

    fn join(&mut self, session: usize, channel: usize) {
        let is_member = self.is_member(session, channel);
        self.rooms.entry(channel).or_default();
        if !is_member {
            self.notice(channel, "joined", session);
        }
        let room = self.rooms.get_mut(&channel).unwrap();
        room.members.insert(session);
        let names: BTreeSet<_> = room.members.iter().map(|&member| name(member)).collect();
        let told = json!({"action": "joined", "channel": CHANNELS[channel], "members": names, "seq": room.seq});
        self.tell(session, told);
    }

    fn depart(&mut self, session: usize, channel: usize) {
        self.rooms
            .get_mut(&channel)
            .unwrap()
            .members
            .remove(&session);
        self.notice(channel, "left", session);
        self.forget_empty_rooms();
    }

    fn is_member(&self, session: usize, channel: usize) -> bool {
        self.rooms
            .get(&channel)
            .is_some_and(|room| room.members.contains(&session))
    }

    /// Which error one who is not a member gets.
    fn refuse(&mut self, session: usize, channel: usize) {
        let code = match self.rooms.get(&channel) {
            Some(room) if !room.members.is_empty() => "not-a-member",
            _ => "no-such-channel",
        };
        self.tell(session, json!({"action": "error", "code": code}));
    }

    fn exit(&mut self, session: usize) {
        for channel in 0..CHANNELS.len() {
            if self.is_member(session, channel) {
                self.depart(session, channel);
            }
        }
    }

    fn forget_empty_rooms(&mut self) {
        self.rooms
            .retain(|_, room| room.is_loud || !room.members.is_empty());
    }

    /// What is due is said, and everything said is heard.
    fn end_turn(&mut self) {
        let due = |room: &Room| {
            room.summary
                .filter(|&(_, _, due)| due <= self.now.monotonic)
        };
        let mut due: Vec<_> = self
            .rooms
            .iter()
            .filter_map(|(&channel, room)| Some((channel, due(room)?)))
            .collect();
        due.sort_by_key(|&(_, (_, _, due))| due);
        for (channel, (joined, left, _)) in due {
            let room = self.rooms.get_mut(&channel).unwrap();
            room.summary = None;
            let count = room.members.len();
            self.say(
                channel,
                json!({"event": "summary", "joined": joined, "left": left, "count": count}),
            );
        }
        for (heard, coming) in self.heard.iter_mut().zip(&mut self.coming) {
            for (channel, value) in coming.drain(..) {
                match channel {
                    Some(channel) => heard
                        .channels
                        .entry(CHANNELS[channel].to_owned())
                        .or_default()
                        .push(value),
                    None => heard.told.push(value),
                }
            }
        }
        for room in self.rooms.values_mut() {
            room.is_loud = false;
        }
        self.forget_empty_rooms();
    }
}

/// The chat, and who is in it.
struct Subject {
    commons: Commons,
    /// The session of each seat.
    seats: [Option<(usize, Dialect)>; CLIENTS],
    /// What each session has heard.
    heard: Vec<Hearing>,
}

impl Subject {
    fn new() -> Self {
        let config = Config {
            notice_limit: NOTICE_LIMIT,
            ..Config::default()
        };
        Self {
            commons: Commons::new(Registry::new(&config, 1)),
            seats: [const { None }; CLIENTS],
            heard: Vec::new(),
        }
    }

    fn enter(&mut self, seat: usize) -> usize {
        let session = self.heard.len();
        let slot = u32::try_from(session).unwrap();
        let chat = Chat::enter(&mut self.commons, slot, &name(session), None);
        self.seats[seat] = Some((session, Dialect::Chat(Box::new(chat))));
        self.heard.push(Hearing::default());
        session
    }

    fn ask(&mut self, seat: usize, request: &Value, now: Now) {
        let (_, dialect) = self.seats[seat].as_mut().unwrap();
        let text = request.to_string();
        dialect.hear(
            Message::Text(&text),
            &mut self.commons,
            &mut Outbox::default(),
            now,
        );
    }

    fn exit(&mut self, seat: usize, departure: Departure, now: Now) {
        let (_, dialect) = self.seats[seat].take().unwrap();
        dialect.end(departure, &mut self.commons, now);
    }

    fn end_turn(&mut self, now: Now) {
        let Commons { hub, registry } = &mut self.commons;
        registry.expire(hub, now);
        let heard = &mut self.heard;
        hub.seal(|slot, slice| {
            for message in slice.from..slice.to {
                let body: Value = serde_json::from_slice(slice.run.body(message)).unwrap();
                heard[slot as usize].note(body);
            }
        });
    }
}

impl Hearing {
    /// Files what was heard, reduced to what the model knows.
    fn note(&mut self, body: Value) {
        if body["action"] == "send-message" {
            let channel = body["target"].as_str().unwrap().to_owned();
            let message = match body["event"].as_str() {
                None => json!({"message": body["message"], "sender": body["sender"]["name"]}),
                Some("summary") => {
                    json!({"event": "summary", "joined": body["joined"], "left": body["left"], "count": body["count"]})
                }
                Some(event) => {
                    json!({"event": event, "message": body["message"], "member": body["member"]["name"]})
                }
            };
            let mut message = message;
            message["seq"] = body["seq"].clone();
            self.channels.entry(channel).or_default().push(message);
            return;
        }
        let names = |members: &Value| -> BTreeSet<String> {
            let members = members.as_array().unwrap().iter();
            members
                .map(|member| member["name"].as_str().unwrap().to_owned())
                .collect()
        };
        self.told.push(match body["action"].as_str().unwrap() {
            "welcome" => json!({"action": "welcome", "name": body["client"]["name"]}),
            "joined" => {
                assert_eq!(body["count"], names(&body["members"]).len());
                json!({"action": "joined", "channel": body["channel"], "members": names(&body["members"]), "seq": body["seq"]})
            }
            "members" => {
                json!({"action": "members", "channel": body["channel"], "members": names(&body["members"])})
            }
            "send-private" => {
                json!({"action": "send-private", "sender": body["sender"]["name"], "target": body["target"]["name"]})
            }
            "error" => json!({"action": "error", "code": body["code"]}),
            "channels" => json!({"action": "channels", "channels": body["channels"]}),
            _ => body,
        });
    }
}

fn name(session: usize) -> String {
    format!("client {session}")
}

/// Does the same to the chat and to the model.
fn play(steps: &[Step]) -> (Vec<Hearing>, Vec<Hearing>, Commons) {
    let mut subject = Subject::new();
    let mut model = Model::default();
    let mut said = 0;
    for step in steps {
        let now = model.now;
        let session = |subject: &Subject, seat: usize| {
            subject.seats[seat].as_ref().map(|&(session, _)| session)
        };
        match *step {
            Step::Enter(seat) if subject.seats[seat].is_none() => {
                let session = subject.enter(seat);
                model.heard.push(Hearing::default());
                model.coming.push(Vec::new());
                model.tell(session, json!({"action": "welcome", "name": name(session)}));
            }
            Step::Join(seat, channel) => {
                if let Some(session) = session(&subject, seat) {
                    let request = json!({"action": "join-channel", "message": CHANNELS[channel]});
                    subject.ask(seat, &request, now);
                    model.join(session, channel);
                }
            }
            Step::Leave(seat, channel) => {
                if let Some(session) = session(&subject, seat) {
                    let request = json!({"action": "leave-channel", "message": CHANNELS[channel]});
                    subject.ask(seat, &request, now);
                    if model.is_member(session, channel) {
                        model.depart(session, channel);
                        model.tell(
                            session,
                            json!({"action": "left", "channel": CHANNELS[channel]}),
                        );
                    } else {
                        model.refuse(session, channel);
                    }
                }
            }
            Step::Send(seat, channel) => {
                if let Some(session) = session(&subject, seat) {
                    said += 1;
                    let request = json!({"action": "send-message", "target": CHANNELS[channel], "message": said.to_string()});
                    subject.ask(seat, &request, now);
                    if model.is_member(session, channel) {
                        model.say(
                            channel,
                            json!({"message": said.to_string(), "sender": name(session)}),
                        );
                    } else {
                        model.refuse(session, channel);
                    }
                }
            }
            Step::SendPrivate(seat, to) => {
                if let (Some(from), Some(to)) = (session(&subject, seat), session(&subject, to)) {
                    let request =
                        json!({"action": "send-private", "target": name(to), "message": "psst"});
                    subject.ask(seat, &request, now);
                    let told =
                        json!({"action": "send-private", "sender": name(from), "target": name(to)});
                    for session in BTreeSet::from([from, to]) {
                        model.tell(session, told.clone());
                    }
                }
            }
            Step::ListMembers(seat, channel) => {
                if let Some(session) = session(&subject, seat) {
                    subject.ask(
                        seat,
                        &json!({"action": "list-members", "target": CHANNELS[channel]}),
                        now,
                    );
                    let room = model
                        .rooms
                        .get(&channel)
                        .filter(|room| !room.members.is_empty());
                    let told = room.map(|room| {
                        let names: BTreeSet<_> =
                            room.members.iter().map(|&member| name(member)).collect();
                        json!({"action": "members", "channel": CHANNELS[channel], "members": names})
                    });
                    let refused = json!({"action": "error", "code": "no-such-channel"});
                    model.tell(session, told.unwrap_or(refused));
                }
            }
            Step::ListChannels(seat) => {
                if let Some(session) = session(&subject, seat) {
                    subject.ask(seat, &json!({"action": "list-channels"}), now);
                    let rooms = model
                        .rooms
                        .iter()
                        .filter(|(_, room)| !room.members.is_empty());
                    let by_name: BTreeMap<_, _> = rooms
                        .map(|(&channel, room)| (CHANNELS[channel], room.members.len()))
                        .collect();
                    let channels: Vec<_> = by_name
                        .iter()
                        .map(|(channel, count)| json!({"channel": channel, "count": count}))
                        .collect();
                    model.tell(session, json!({"action": "channels", "channels": channels}));
                }
            }
            Step::Exit(seat) => {
                if let Some(session) = session(&subject, seat) {
                    subject.exit(seat, Departure::Leaves, now);
                    model.exit(session);
                }
            }
            Step::EndTurn { broken, passed_ms } => {
                subject.end_turn(now);
                model.end_turn();
                for seat in (0..CLIENTS).filter(|seat| broken & (1 << seat) != 0) {
                    if let Some(session) = session(&subject, seat) {
                        subject.exit(seat, Departure::Vanishes, now);
                        model.exit(session);
                        model.coming[session].clear();
                    }
                }
                model.now.monotonic += Duration::from_millis(passed_ms);
            }
            Step::Enter(_) => {}
        }
    }
    for seat in 0..CLIENTS {
        if let Some((session, _)) = subject.seats[seat] {
            subject.exit(seat, Departure::Leaves, model.now);
            model.exit(session);
        }
    }
    subject.end_turn(model.now);
    model.end_turn();
    (subject.heard, model.heard, subject.commons)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(4),
        ..ProptestConfig::default()
    })]

    #[test]
    fn everyone_hears_what_they_should_whatever_anyone_does(steps in steps()) {
        let (heard, expected, commons) = play(&steps);
        prop_assert_eq!(heard, expected);
        prop_assert_eq!((commons.hub.clients(), commons.hub.channels()), (0, 0));
        prop_assert!(commons.hub.is_quiet());
    }
}

/// The steps are such that a mistake would show.
#[test]
fn the_steps_bring_about_summaries_and_goings_within_a_turn() {
    let steps = [
        Step::Enter(0),
        Step::Enter(1),
        Step::Enter(2),
        Step::Enter(3),
        Step::Join(0, 0),
        Step::Join(1, 0),
        Step::Join(2, 0),
        Step::Join(3, 0),
        Step::Send(0, 0),
        Step::Leave(1, 0),
        Step::Send(0, 0),
        Step::Join(1, 0),
        Step::Send(0, 0),
        Step::EndTurn {
            broken: 0,
            passed_ms: 1000,
        },
        Step::EndTurn {
            broken: 4,
            passed_ms: 0,
        },
    ];
    let (heard, expected, _) = play(&steps);
    assert_eq!(heard, expected);
    let seqs: Vec<_> = heard[1].channels["tea"]
        .iter()
        .map(|message| message["seq"].as_u64().unwrap())
        .collect();
    let events: Vec<_> = heard[1].channels["tea"]
        .iter()
        .map(|message| message["event"].as_str())
        .collect();
    assert_eq!(seqs, [2, 3, 6, 7, 8, 9], "{events:?}");
}
