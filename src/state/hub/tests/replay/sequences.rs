//! Whatever happens, in whatever order.

use proptest::prelude::*;

use super::*;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    Say {
        channel: usize,
        messages: usize,
    },
    Join {
        client: usize,
        channel: usize,
        back: u64,
    },
    JoinAgain {
        client: usize,
        channel: usize,
    },
    Leave {
        client: usize,
        channel: usize,
    },
    Room {
        client: usize,
        bytes: usize,
    },
    Pass {
        millis: u64,
    },
    Turn,
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0..3_usize;
    let channel = 0..3_usize;
    prop_oneof![
        4 => (channel.clone(), 1..8_usize).prop_map(|(channel, messages)| Step::Say { channel, messages }),
        3 => (client.clone(), channel.clone(), 0..15_u64)
            .prop_map(|(client, channel, back)| Step::Join { client, channel, back }),
        1 => (client.clone(), channel.clone()).prop_map(|(client, channel)| Step::JoinAgain { client, channel }),
        2 => (client.clone(), channel).prop_map(|(client, channel)| Step::Leave { client, channel }),
        3 => (client, prop_oneof![Just(0), 1..60_usize, Just(ROOM)])
            .prop_map(|(client, bytes)| Step::Room { client, bytes }),
        1 => (0..40_000_u64).prop_map(|millis| Step::Pass { millis }),
        4 => Just(Step::Turn),
    ]
}

/// Follows what one client hears, and finds fault with it.
#[derive(Default)]
struct Follower {
    /// The number that comes next in each channel that it is in.
    next: BTreeMap<String, u64>,
}

impl Follower {
    fn follow(&mut self, heard: &Heard) {
        let body = match heard {
            Heard::Said(body) => body,
            Heard::Gap(name, from, to) => {
                let next = self.next.get_mut(name).expect("a gap is for members");
                assert_eq!(next, from, "{name}");
                assert!(to >= from);
                *next = to + 1;
                return;
            }
        };
        let words: Vec<_> = body.split(' ').collect();
        match words[..] {
            ["joined", name, next] => {
                let was = self.next.insert(name.to_owned(), next.parse().unwrap());
                assert_eq!(was, None, "{name} is joined once");
            }
            ["again", name, next] => {
                assert_eq!(next.parse(), Ok(self.next[name]), "{name} goes on");
            }
            ["left", name, next] => {
                let at = self.next.remove(name);
                assert_eq!(at, next.parse().ok(), "{name} is left at its end");
            }
            [name, number] => {
                let next = self.next.get_mut(name).expect("members hear");
                assert_eq!(number.parse(), Ok(*next), "{name}");
                *next += 1;
            }
            _ => panic!("{body}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn whoever_comes_and_goes_gets_all_in_order_once_or_is_told_what_is_missing(
        history in prop_oneof![0..4_usize, Just(20)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let bounds = HistoryBounds { messages: history, age: Duration::from_mins(1), ..HistoryBounds::default() };
        let mut scene = Scene::new(bounds);
        let names = ["tea", "coffee", "milk"];
        let clients: Vec<_> = (0..3).map(|slot| scene.enter(slot)).collect();
        for step in steps {
            match step {
                Step::Say { channel, messages } => {
                    let channel = scene.hub.found(Space::Chat, names[channel]).unwrap();
                    scene.say(channel, messages);
                }
                Step::Join { client, channel, back } => {
                    let client = clients[client];
                    let name = names[channel];
                    if scene.hub.membership(client, name).is_none() {
                        let channel = scene.hub.found(Space::Chat, name).unwrap();
                        let start = scene.hub.said(channel).saturating_sub(back);
                        let start = start.max(scene.hub.log(channel).first());
                        let words = format!("joined {name} {}", start + 1);
                        scene.join_told(client, name, Start::At(start), &words);
                    }
                }
                Step::JoinAgain { client, channel } => {
                    let client = clients[client];
                    let name = names[channel];
                    if let Some(channel) = scene.hub.membership(client, name) {
                        let heard = scene.hub.halt(client, channel);
                        scene.tell(client, &format!("again {name} {}", heard + 1));
                        scene.hub.follow(client, channel, Start::At(heard));
                    }
                }
                Step::Leave { client, channel } => {
                    let client = clients[client];
                    if let Some(channel) = scene.hub.membership(client, names[channel]) {
                        scene.hub.leave(client, channel, Departure::Leaves);
                        let (name, next) = (scene.hub.name(channel).to_owned(), scene.hub.said(channel) + 1);
                        scene.tell(client, &format!("left {name} {next}"));
                    }
                }
                Step::Room { client, bytes } => {
                    scene.open(clients[client], u32::try_from(client).unwrap(), bytes);
                }
                Step::Pass { millis } => wait(&mut scene.hub, Duration::from_millis(millis)),
                Step::Turn => {
                    scene.turn();
                }
            }
        }
        for (slot, &client) in (0..).zip(&clients) {
            scene.open(client, slot, ROOM);
        }
        scene.settle();
        prop_assert!(!scene.hub.has_replays());
        for (slot, &client) in (0..).zip(&clients) {
            let mut follower = Follower::default();
            for heard in scene.take(slot) {
                follower.follow(&heard);
            }
            for channel in scene.hub.memberships(client) {
                let name = scene.hub.name(channel);
                prop_assert_eq!(follower.next[name], scene.hub.said(channel) + 1);
            }
            prop_assert_eq!(follower.next.len(), scene.hub.memberships(client).len());
        }
    }
}
