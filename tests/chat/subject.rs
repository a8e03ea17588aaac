//! The chat as it is, without sockets.

use std::collections::BTreeMap;

use hubbub::state::channel::Departure;
use hubbub::state::commons::Commons;
use hubbub::state::dialect::Dialect;
use hubbub::state::dialect::chat::Chat;
use hubbub::state::events::Settlement;
use hubbub::state::outbox::Outbox;
use hubbub::vocabulary::coding::Coding;
use hubbub::vocabulary::config::Config;
use hubbub::vocabulary::message::Message;
use hubbub::vocabulary::pass::Pass;
use hubbub::vocabulary::time::Now;
use hubbub::vocabulary::webhook::{Topic, WebhookPace, WebhookSettings};
use serde_json::Value;

use crate::following::Following;
use crate::hearing::Hearing;
use crate::telling;
use crate::{CLIENTS, NOTICE_LIMIT, name};

/// The chat, and who is in it.
pub(crate) struct Subject {
    pub(crate) commons: Commons,
    /// The session of each seat.
    pub(crate) seats: [Option<(usize, Dialect)>; CLIENTS],
    /// What each session has heard.
    pub(crate) heard: Vec<Hearing>,
    following: Vec<Following>,
}

impl Subject {
    pub(crate) fn new() -> Self {
        let webhook = WebhookSettings {
            url: "http://localhost".parse().unwrap(),
            secret: "secret".into(),
            topics: Topic::ALL.into_iter().collect(),
            pace: WebhookPace::default(),
        };
        let config = Config {
            notice_limit: NOTICE_LIMIT,
            webhook: Some(webhook),
            ..Config::default()
        };
        Self {
            commons: Commons::new(&config, 1),
            seats: [const { None }; CLIENTS],
            heard: Vec::new(),
            following: Vec::new(),
        }
    }

    pub(crate) fn enter(&mut self, seat: usize, now: Now) -> usize {
        let session = self.heard.len();
        let slot = u32::try_from(session).unwrap();
        let chat = Chat::enter(
            &mut self.commons,
            slot,
            Coding::Plain,
            &name(session),
            None,
            Pass::default(),
            now,
        );
        self.seats[seat] = Some((session, Dialect::Chat(Box::new(chat))));
        self.heard.push(Hearing::default());
        self.following.push(Following::default());
        session
    }

    pub(crate) fn ask(&mut self, seat: usize, request: &Value, now: Now) {
        let (_, dialect) = self.seats[seat].as_mut().unwrap();
        let text = request.to_string();
        let heard = dialect.hear(
            Message::Text(&text),
            Coding::Plain,
            &mut self.commons,
            &mut Outbox::default(),
            now,
        );
        heard.expect("the chat closes nobody");
    }

    pub(crate) fn exit(&mut self, seat: usize, departure: Departure, now: Now) {
        let (_, dialect) = self.seats[seat].take().unwrap();
        dialect.end(departure, &mut self.commons, now);
    }

    pub(crate) fn begin_turn(&mut self, now: Now) {
        self.commons.begin_turn(now);
    }

    /// Nobody comes any more.
    pub(crate) fn end(&mut self, now: Now) {
        self.commons.settle(Settlement::Ended, now);
    }

    /// What a program is told of all that happened, by channel.
    pub(crate) fn told(&mut self) -> BTreeMap<String, Vec<String>> {
        telling::told(&mut self.commons)
    }

    pub(crate) fn end_turn(&mut self) {
        let hub = &mut self.commons.hub;
        let (heard, following) = (&mut self.heard, &mut self.following);
        hub.seal(|slot, slice| {
            for message in slice.from..slice.to {
                let body: Value = serde_json::from_slice(slice.run.body(message)).unwrap();
                following[slot as usize].follow(&body);
                heard[slot as usize].note(body);
            }
        });
    }
}
