//! The chat, as those who are in it hear it.

// The order in which a session hears things is checked as it is for the chat's own model.
#[path = "../../chat/following.rs"]
mod following;

use std::time::Duration;

use hubbub::{
    state::{batch::Slice, channel::Departure, commons::Commons, dialect::chat::Chat},
    vocabulary::{
        coding::Coding,
        config::{CHANNELS_MAX, Config, HistoryBounds, SUMMARY_INTERVAL},
        message::Message,
        name::is_name,
        pass::{Pass, Patterns, Rights},
        time::Now,
    },
};
use serde_json::Value;

use self::following::Following;
use super::UNIX_MS;

const SEATS: usize = 6;
/// Members of a channel beyond which comings and goings are summarised.
const NOTICE_LIMIT: usize = 2;
/// How long a turn takes.
const TURN: Duration = Duration::from_millis(300);
/// What channels remember: so little that someone who takes their time misses some of it.
const HISTORY: HistoryBounds = HistoryBounds {
    messages: 5,
    bytes: 2000,
    age: Duration::from_secs(2),
    total_bytes: 3000,
    channels: CHANNELS_MAX,
};
/// Bytes of what was missed that each takes in a turn.
const ROOM_BYTES: usize = 400;

/// Each line is something that happens: `0` to `5` is said by who sits there or, if nobody does, the name of who sits down;
/// `-` and `!` are leaving and vanishing, of whom a digit names; everything else ends the turn. What everyone hears is JSON
/// on a line each, in an order that makes sense; and once all are gone, nothing is left.
pub fn run(data: &[u8]) {
    let mut room = Room::new();
    for line in data.split(|&byte| byte == b'\n') {
        match line {
            [digit @ b'0'..=b'5', rest @ ..] => room.say(usize::from(digit - b'0'), rest),
            [b'-', digit @ b'0'..=b'5', ..] => {
                room.exit(usize::from(digit - b'0'), Departure::Leaves);
            }
            [b'!', digit @ b'0'..=b'5', ..] => {
                room.exit(usize::from(digit - b'0'), Departure::Vanishes);
            }
            _ => room.end_turn(TURN),
        }
    }
    room.end();
}

/// The chat, and who is in it.
struct Room {
    commons: Commons,
    seats: [Option<Chat>; SEATS],
    /// How far each session has followed, by its slot.
    following: Vec<Following>,
    now: Now,
}

impl Room {
    fn new() -> Self {
        let config = Config {
            notice_limit: NOTICE_LIMIT,
            history: HISTORY,
            ..Config::default()
        };
        Self {
            commons: Commons::new(&config, 1),
            seats: [const { None }; SEATS],
            following: Vec::new(),
            now: Now {
                monotonic: Duration::ZERO,
                unix_ms: UNIX_MS,
            },
        }
    }

    fn say(&mut self, seat: usize, words: &[u8]) {
        let words = std::str::from_utf8(words);
        match (&mut self.seats[seat], words) {
            (Some(chat), Ok(text)) => {
                chat.hear(Message::Text(text), &mut self.commons, self.now);
            }
            (Some(chat), Err(_)) => {
                chat.hear(Message::Binary(b""), &mut self.commons, self.now);
            }
            (empty, Ok(name)) if is_name(name) => {
                let slot = u32::try_from(self.following.len()).expect("few sessions");
                self.following.push(Following::default());
                let email = name.contains('@').then_some(name);
                *empty = Some(Chat::enter(
                    &mut self.commons,
                    slot,
                    Coding::Plain,
                    name,
                    email,
                    pass(seat),
                    self.now,
                ));
            }
            _ => {}
        }
    }

    fn exit(&mut self, seat: usize, departure: Departure) {
        if let Some(chat) = self.seats[seat].take() {
            chat.end(departure, &mut self.commons, self.now);
        }
    }

    fn end_turn(&mut self, length: Duration) {
        let Self {
            commons,
            following,
            seats,
            ..
        } = self;
        let hub = &mut commons.hub;
        let mut heard = |slot: u32, slice: Slice| {
            for message in slice.from..slice.to {
                let body = slice.run.body(message);
                assert!(!body.contains(&b'\n'), "one message is one line");
                let body: Value = serde_json::from_slice(body).expect("JSON");
                following[slot as usize].follow(&body);
            }
        };
        hub.seal(&mut heard);
        hub.replay(|_| ROOM_BYTES, &mut heard);
        assert!(hub.is_quiet());
        for chat in seats.iter().flatten() {
            hub.resume(chat.client());
        }
        commons.registry.end_turn();
        self.now.monotonic += length;
        self.commons.begin_turn(self.now);
    }

    fn end(&mut self) {
        for seat in 0..SEATS {
            self.exit(seat, Departure::Leaves);
        }
        self.end_turn(SUMMARY_INTERVAL);
        self.end_turn(HISTORY.age);
        self.end_turn(TURN);
        let hub = &self.commons.hub;
        assert_eq!((hub.clients(), hub.channels()), (0, 0));
        let left = (hub.kept(), self.commons.due());
        assert_eq!(left, ((0, 0), None), "all is forgotten");
    }
}

/// What the one in a seat may do: the first three everything, the others what their token says, two of them being one
/// person.
fn pass(seat: usize) -> Pass {
    match seat {
        0..3 => Pass::default(),
        _ => Pass {
            id: Some(["cleo", "dora"][seat / 5].into()),
            name: (seat == 5).then(|| "Dora".into()),
            rights: Rights::new(Patterns::only(["t*", "?"]), Patterns::only(["tea"])),
            ..Pass::default()
        },
    }
}
