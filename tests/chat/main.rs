//! The chat against a model: whatever any clients do in whatever order, everyone hears what they should, and in order, and a
//! program that is told of it too.

mod following;
mod hearing;
mod model;
mod subject;
mod telling;

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub::state::channel::Departure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::model::Model;
use crate::subject::Subject;

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
    /// To any session there ever was.
    SendPrivate(usize, Index),
    ListMembers(usize, usize),
    ListChannels(usize),
    /// The client ends its session in the midst of a turn.
    Exit(usize),
    /// The turn ends and, before the next one, the connections of these clients break and time passes.
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
        2 => (client.clone(), any::<Index>()).prop_map(|(from, to)| Step::SendPrivate(from, to)),
        1 => both.prop_map(|(client, channel)| Step::ListMembers(client, channel)),
        1 => client.clone().prop_map(Step::ListChannels),
        1 => client.prop_map(Step::Exit),
        4 => (prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..700_u64)
            .prop_map(|(broken, passed_ms)| Step::EndTurn { broken, passed_ms }),
    ];
    vec(step, 1..150)
}

/// The same, done to the chat and to the model.
struct Play {
    subject: Subject,
    model: Model,
    said: usize,
}

impl Play {
    fn new() -> Self {
        Self {
            subject: Subject::new(),
            model: Model::default(),
            said: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Enter(seat) => self.enter(seat),
            Step::EndTurn { broken, passed_ms } => self.end_turn(broken, passed_ms),
            Step::SendPrivate(seat, to) => {
                if let Some(from) = self.session(seat) {
                    let to = to.index(self.subject.heard.len());
                    self.send_private(seat, from, to);
                }
            }
            Step::Join(seat, channel)
            | Step::Leave(seat, channel)
            | Step::Send(seat, channel)
            | Step::ListMembers(seat, channel) => {
                if let Some(session) = self.session(seat) {
                    self.act(step, seat, session, channel);
                }
            }
            Step::ListChannels(seat) => {
                if let Some(session) = self.session(seat) {
                    self.ask(seat, &json!({"action": "list-channels"}));
                    self.model.list_channels(session);
                }
            }
            Step::Exit(seat) => self.exit(seat, Departure::Leaves),
        }
    }

    fn enter(&mut self, seat: usize) {
        if self.session(seat).is_none() {
            let session = self.subject.enter(seat, self.model.now);
            self.model.enter(session);
        }
    }

    fn act(&mut self, step: Step, seat: usize, session: usize, channel: usize) {
        let of = CHANNELS[channel];
        match step {
            Step::Join(..) => {
                self.ask(seat, &json!({"action": "join-channel", "message": of}));
                self.model.join(session, channel);
            }
            Step::Leave(..) => {
                self.ask(seat, &json!({"action": "leave-channel", "message": of}));
                self.model.leave(session, channel);
            }
            Step::Send(..) => {
                self.said += 1;
                let message = self.said.to_string();
                self.ask(
                    seat,
                    &json!({"action": "send-message", "target": of, "message": message}),
                );
                self.model.send(session, channel, &message);
            }
            _ => {
                self.ask(seat, &json!({"action": "list-members", "target": of}));
                self.model.list_members(session, channel);
            }
        }
    }

    fn send_private(&mut self, seat: usize, from: usize, to: usize) {
        self.ask(
            seat,
            &json!({"action": "send-private", "target": name(to), "message": "psst"}),
        );
        let is_there = (0..CLIENTS).any(|seat| self.session(seat) == Some(to));
        if !is_there {
            let refused = json!({"action": "error", "code": "no-such-client"});
            self.model.tell(from, refused);
            return;
        }
        let told = json!({"action": "send-private", "sender": name(from), "target": name(to)});
        for session in BTreeSet::from([from, to]) {
            self.model.tell(session, told.clone());
        }
    }

    fn exit(&mut self, seat: usize, departure: Departure) {
        if let Some(session) = self.session(seat) {
            self.subject.exit(seat, departure, self.model.now);
            self.model.exit(session);
            if departure == Departure::Vanishes {
                self.model.coming[session].clear();
            }
        }
    }

    fn end_turn(&mut self, broken: u8, passed_ms: u64) {
        self.subject.end_turn();
        self.model.end_turn();
        for seat in (0..CLIENTS).filter(|seat| broken & (1 << seat) != 0) {
            self.exit(seat, Departure::Vanishes);
        }
        self.model.begin_turn(Duration::from_millis(passed_ms));
        self.subject.begin_turn(self.model.now);
    }

    fn ask(&mut self, seat: usize, request: &Value) {
        self.subject.ask(seat, request, self.model.now);
    }

    fn session(&self, seat: usize) -> Option<usize> {
        self.subject.seats[seat]
            .as_ref()
            .map(|&(session, _)| session)
    }
}

fn play(steps: &[Step]) -> Play {
    let mut play = Play::new();
    for &step in steps {
        play.step(step);
    }
    for seat in 0..CLIENTS {
        play.exit(seat, Departure::Leaves);
    }
    play.end_turn(0, 0);
    play.subject.end(play.model.now);
    play.model.telling.go_on(Duration::MAX);
    play
}

fn name(session: usize) -> String {
    format!("client {session}")
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
        let Play { mut subject, model, .. } = play(&steps);
        prop_assert_eq!(subject.told(), model.telling.told);
        prop_assert_eq!(subject.heard, model.heard);
        let hub = &subject.commons.hub;
        prop_assert_eq!((hub.clients(), hub.channels(), hub.is_quiet()), (0, 0, true));
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
    let Play { subject, model, .. } = play(&steps);
    assert_eq!(subject.heard, model.heard);
    let tea = &subject.heard[1].channels["tea"];
    let seqs: Vec<_> = tea
        .iter()
        .map(|message| message["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [2, 3, 5, 6, 7]);
    assert!(tea.iter().any(|message| message["event"] == "summary"));
}
