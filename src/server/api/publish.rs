//! `POST /api/publish`: things to publish, and what came of each.

use std::rc::Rc;

use http::{StatusCode, header::HeaderMap};
use serde_json::value::RawValue;

use super::{Caller, digest::digest};
use crate::{
    server::{
        http::{HttpError, Response, media_type},
        world::World,
    },
    state::{
        dialect::{
            DialectName,
            chat::{publication, whispering},
        },
        engine::{Deed, Once},
        hub::ClientId,
        memory::of_list,
        metrics::Metrics,
        outcome::Outcome,
    },
    vocabulary::api::{Answer, Form, Item, ItemError, Recipient, is_idempotency_key, items},
};

/// By what a request is known that is done once.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// What may be sent, for those who send something else.
const MEDIA_TYPES: &str = "application/json or application/x-ndjson";

/// What a request says of the things that are in its body.
#[derive(Debug)]
pub struct Publish {
    caller: Rc<Caller>,
    form: Form,
    waits: bool,
    /// Its `Idempotency-Key`.
    key: Option<Box<str>>,
}

/// Things that are being published.
#[derive(Debug)]
pub struct Publishing {
    publish: Publish,
    /// How many there are.
    items: usize,
    /// What came of each so far, in their order; nothing yet of those that are under way.
    answers: Vec<Option<Answer>>,
    /// The place before which nothing is under way.
    heard: usize,
    /// How many were asked for.
    asked: usize,
    /// How many of them are under way.
    awaited: usize,
    /// The body, where the first is to tell whether the others are to be asked for: the key of the request may be that of
    /// another one, of which nothing is to be done then.
    rest: Option<Vec<u8>>,
}

impl Publish {
    /// A request of a program, that waits for what comes of it or not.
    ///
    /// # Errors
    /// It has another kind of body, or a key that can be none.
    pub(super) fn new(
        caller: Rc<Caller>,
        headers: &HeaderMap,
        waits: bool,
    ) -> Result<Self, HttpError> {
        let form = match media_type(headers).as_deref() {
            None | Some("application/json") => Form::Json,
            Some("application/x-ndjson") => Form::Lines,
            Some(_) => return Err(HttpError::media_type(MEDIA_TYPES)),
        };
        Ok(Self {
            caller,
            form,
            waits,
            key: idempotency_key(headers)?.map(Into::into),
        })
    }

    /// What is to be done for the item at a place of a request of this digest, whether or not it is the first for which something
    /// is.
    fn deed<'a>(
        &self,
        raw: &'a RawValue,
        place: usize,
        request: [u8; 16],
        is_first: bool,
        most: usize,
    ) -> Result<Deed<'a>, ItemError> {
        let item = Item::read(raw, most)?;
        let sender = self.caller.sender_of(&item)?;
        let content = item.said.content();
        let once = match (&self.key, &item.id) {
            (None, None) => None,
            (Some(key), None) => Some(Once {
                key: self.known_by(Scope::Request, place, key),
                body: request,
                all: is_first.then(|| self.known_by(Scope::Request, 0, key)),
            }),
            (None, Some(id)) => Some(Once {
                key: self.known_by(Scope::Item, 0, id),
                body: digest(&[raw.get().as_bytes()]),
                all: None,
            }),
            (Some(_), Some(_)) => return Err(ItemError::Both("id", "Idempotency-Key")),
        };
        let once = once.map(Box::new);
        Ok(match item.recipient {
            Recipient::Channel(channel) => Deed::Publish {
                body: publication(&channel, content, &sender).into(),
                channel: channel.into_inner(),
                once,
            },
            Recipient::Person(target) => Deed::Whisper {
                body: whispering(content, &sender).into(),
                target: target.into_inner(),
                once,
            },
        })
    }

    /// By what something is known. The same text is another key for another program, and for things of another kind.
    fn known_by(&self, scope: Scope, place: usize, key: &str) -> [u8; 16] {
        digest(&[
            self.caller.known_by(),
            &[scope as u8],
            &(place as u64).to_be_bytes(),
            key.as_bytes(),
        ])
    }
}

impl Publishing {
    /// Asks for all that is in a body.
    pub(super) fn begin(
        publish: Publish,
        body: Vec<u8>,
        client: ClientId,
        world: &mut World,
    ) -> Result<(Self, usize), HttpError> {
        let mut publishing = Self {
            publish,
            items: 0,
            answers: Vec::new(),
            heard: 0,
            asked: 0,
            awaited: 0,
            rest: None,
        };
        let said = publishing.ask_for(body, client, world)?;
        let (caller, items) = (&publishing.publish.caller, publishing.items);
        let now = world.now.monotonic;
        world.door.note(caller, "publish", items, now);
        Ok((publishing, said))
    }

    /// Takes what came of the next that is under way.
    pub(super) fn hear(&mut self, outcome: Outcome) -> Result<(), HttpError> {
        let is_of_request = self.publish.key.is_some() && self.asked == 1;
        let answer = match outcome {
            Outcome::Conflict if is_of_request => return Err(HttpError::conflict()),
            Outcome::Said {
                epoch,
                seq,
                is_duplicate,
            } => Answer::Said {
                seq,
                epoch,
                is_duplicate,
            },
            Outcome::Whispered { is_duplicate } => Answer::Done { is_duplicate },
            Outcome::Conflict => ItemError::Conflict.into(),
            Outcome::Refused(error) => error.into(),
            Outcome::Relayed | Outcome::Expelled { .. } | Outcome::Dismissed { .. } => {
                unreachable!("nothing like it was asked for")
            }
        };
        let waiting = &mut self.answers[self.heard..];
        let next = waiting.iter().position(Option::is_none);
        let next = self.heard + next.expect("nothing comes that is not under way");
        self.answers[next] = Some(answer);
        self.heard = next + 1;
        self.awaited -= 1;
        Ok(())
    }

    /// Whether the others are to be asked for now, as nothing came of the first that tells not to.
    pub(super) fn has_more(&self) -> bool {
        self.rest.is_some() && self.awaited == 0
    }

    /// Asks for them. Returns the bytes that were said.
    pub(super) fn go_on(
        &mut self,
        client: ClientId,
        world: &mut World,
    ) -> Result<usize, HttpError> {
        match self.rest.take() {
            Some(body) => self.ask_for(body, client, world),
            None => Ok(0),
        }
    }

    /// Asks for what in a body was not asked for yet. Returns the bytes that were said.
    fn ask_for(
        &mut self,
        body: Vec<u8>,
        client: ClientId,
        world: &mut World,
    ) -> Result<usize, HttpError> {
        let key = self.publish.key.as_ref();
        let request = key.map_or([0; 16], |_| digest(&[&body]));
        let is_tried = key.is_some() && self.asked == 0;
        let most = world.config.max_message_bytes;
        let mut said = 0;
        let items = items(&body, self.publish.form).map_err(|error| HttpError::bad_body(&error))?;
        self.items = items.len();
        for raw in &items[self.answers.len()..] {
            let (place, is_first) = (self.answers.len(), self.asked == 0);
            match self.publish.deed(raw, place, request, is_first, most) {
                Ok(deed) => {
                    world.metrics.messages_received[DialectName::Chat as usize] += 1;
                    said += world.commons.call(client, deed);
                    self.answers.push(None);
                    self.asked += 1;
                    self.awaited += 1;
                }
                Err(error) => self.answers.push(Some(error.into())),
            }
            if is_tried && self.asked > 0 {
                break;
            }
        }
        if self.answers.len() < items.len() {
            self.rest = Some(body);
        }
        Ok(said)
    }

    /// What is answered, if that is known, and how many outcomes are to come that nobody waits for. It is told once.
    pub(super) fn answer(&mut self, metrics: &mut Metrics) -> Option<(Response, usize)> {
        // Whether the key is that of something else is told even those who wait for nothing.
        let is_tried = self.publish.key.is_some() && self.asked == 1;
        let waits = self.publish.waits || is_tried;
        if self.rest.is_some() || waits && self.awaited > 0 {
            return None;
        }
        let status = if self.publish.waits {
            StatusCode::OK
        } else {
            StatusCode::ACCEPTED
        };
        for answer in self.answers.iter().flatten() {
            metrics.count_published_item(answer.result());
        }
        let is_duplicate = false;
        let answers = self.answers.drain(..);
        let answers = answers.map(|answer| answer.unwrap_or(Answer::Done { is_duplicate }));
        let answers: Vec<_> = answers.collect();
        Some((Response::json(status, &answers), self.awaited))
    }

    /// Bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let rest = self.rest.as_ref().map_or(0, Vec::capacity);
        of_list::<Option<Answer>>(self.answers.capacity()) + rest
    }
}

/// By what a request is to be known, so that it is done once.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, HttpError> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = keys.next().map(|key| key.to_str().unwrap_or_default());
    if keys.next().is_some() || key.is_some_and(|key| !is_idempotency_key(key)) {
        return Err(HttpError::bad_idempotency_key());
    }
    Ok(key)
}

/// What a key is the key of.
#[derive(Clone, Copy, Debug)]
enum Scope {
    /// One item.
    Item,
    /// A whole request.
    Request,
}
