//! What someone in the chat asks for: whether it may be done, and how it is.

use std::borrow::Cow;
use std::mem;
use std::rc::Rc;

use serde_json::value::RawValue;

use super::{
    answer,
    looking::{self, Look},
    people::Seat,
    session::{Asked, Session, Waiting},
    write,
};
use crate::{
    state::{batch::Form, channel::Departure, commons::Commons, engine::Deed, hub::ClientId},
    vocabulary::{
        chat::{Action, ChatError, Content, Request, ServerIdentity, Told, reference},
        coding::Coding,
        config::FRAME_BYTES_MAX,
        message::Message,
        pass::{Pass, Rights},
        time::Now,
    },
};

/// Someone in the chat.
#[derive(Debug)]
pub struct Chat {
    client: ClientId,
    /// How what it says names it: encoded once, and not with each message.
    sender: Box<RawValue>,
}

impl Chat {
    /// Takes someone in and says welcome; what concerns them is delivered to `slot`, in their coding. What a pass says of them counts for
    /// more than what they say themselves.
    pub fn enter(
        commons: &mut Commons,
        slot: u32,
        coding: Coding,
        name: &str,
        email: Option<&str>,
        pass: Pass,
        now: Now,
    ) -> Self {
        let Commons { hub, registry, .. } = commons;
        hub.begin_turn(now);
        let client = hub.enter(Some(slot), Form::Joined, coding);
        let Pass {
            id,
            name: given_name,
            rights,
            ..
        } = pass;
        // Nobody shall be able to pass for another's id by calling itself so.
        let name = given_name
            .as_deref()
            .or(id.as_deref())
            .unwrap_or(name)
            .to_owned();
        let identity = Rc::new(registry.identity(&name, email, id));
        let session = Session::new(rights);
        let welcome = Told::Welcome {
            client: &identity,
            server: ServerIdentity::OURS,
            limits: registry.limits,
        };
        answer(hub, client, &welcome);
        let people = &mut registry.people;
        people.expect(client, Rc::clone(&identity), Seat::Here(Box::new(session)));
        let sender = identity.mention().encode();
        commons.act(client, Deed::Enter(identity), Asked::default());
        Self { client, sender }
    }

    /// Which client it is.
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        self.sender.get().len()
    }

    /// Does what a message asks for, or answers why not. Returns the bytes that were said or answered by now.
    pub fn hear(&mut self, message: Message<'_>, commons: &mut Commons, now: Now) -> usize {
        commons.hub.begin_turn(now);
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return self.look(None, Err(ChatError::Binary), None, commons),
        };
        let request = match Request::parse(text) {
            Ok(request) => request,
            Err(error) => {
                return self.look(Some(text), Err(error), reference(text).as_deref(), commons);
            }
        };
        let reference = request.reference();
        let session = commons.registry.people.session(self.client);
        let rights = &session.expect("it is here").rights;
        match read(&request, rights) {
            Ok(Read::Deed(deed, asked)) => commons.act(self.client, deed, asked),
            Ok(Read::Say(to, message)) => self.say(to, message, reference, commons),
            Ok(Read::Look(look)) => self.look(Some(text), Ok(look), reference, commons),
            Err(error) => self.look(Some(text), Err(error), reference, commons),
        }
    }

    fn say(
        &self,
        to: To<'_>,
        message: &str,
        reference: Option<&str>,
        commons: &mut Commons,
    ) -> usize {
        let mut body = mem::take(&mut commons.registry.scratch);
        let content = Content::Message(message);
        let sender = &*self.sender;
        let deed = match to {
            To::Channel(channel) => {
                let told = Told::SendMessage {
                    content,
                    target: channel,
                    sender,
                    reference,
                };
                write(&told, &mut body);
                Deed::Say {
                    channel: Cow::Borrowed(channel),
                    body: Cow::Borrowed(&body),
                }
            }
            To::Person(target) => {
                let told = Told::SendPrivate {
                    content,
                    sender,
                    reference,
                };
                write(&told, &mut body);
                Deed::Private {
                    target: Cow::Borrowed(target),
                    body: Cow::Borrowed(&body),
                }
            }
        };
        let asked = Asked {
            reference,
            ..Asked::default()
        };
        let said = commons.act(self.client, deed, asked);
        body.clear();
        body.shrink_to(FRAME_BYTES_MAX);
        commons.registry.scratch = body;
        said
    }

    /// Answers a request at once, or once all before it is answered.
    fn look(
        &self,
        text: Option<&str>,
        look: Result<Look<'_>, ChatError>,
        reference: Option<&str>,
        commons: &mut Commons,
    ) -> usize {
        let session = commons.registry.people.session(self.client);
        let waiting = &mut session.expect("it is here").waiting;
        if waiting.is_empty() {
            return looking::answer(commons, self.client, look, reference);
        }
        waiting.push_back(Waiting::Look(text.map(Into::into)));
        let bytes = Waiting::look_bytes(text);
        commons.hub.send_off(self.client, bytes);
        0
    }

    /// Leaves all channels and the chat.
    pub fn end(&self, departure: Departure, commons: &mut Commons, now: Now) {
        commons.hub.begin_turn(now);
        commons.hub.part(self.client, departure);
        commons.act(self.client, Deed::Exit, Asked::default());
    }
}

/// A request that may be granted as far as its form and its sender's rights go.
pub(super) enum Read<'a> {
    Deed(Deed<'a>, Asked<'a>),
    /// To say something.
    Say(To<'a>, &'a str),
    Look(Look<'a>),
}

/// To whom something is said.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    /// To all members of a channel.
    Channel(&'a str),
    /// To one person, by id or name.
    Person(&'a str),
}

/// Reads what is asked for, and judges its form and its sender's rights.
///
/// # Errors
/// What is wrong with it, for its sender.
pub(super) fn read<'a>(request: &'a Request<'_>, rights: &Rights) -> Result<Read<'a>, ChatError> {
    let asked = Asked {
        reference: request.reference(),
        ..Asked::default()
    };
    let may_join = |deed, name| {
        let is_allowed = rights.may_join(name).then_some(Cow::Borrowed(name));
        is_allowed.ok_or_else(|| not_allowed(deed, name))
    };
    Ok(match request.action()? {
        Action::Join {
            channel,
            past,
            members,
        } => {
            let asked = Asked {
                past,
                members,
                ..asked
            };
            Read::Deed(Deed::Join(may_join("join", channel)?), asked)
        }
        Action::Leave { channel } => Read::Deed(Deed::Leave(may_join("join", channel)?), asked),
        Action::Send { channel, message } => {
            may_join("join", channel)?;
            if !rights.may_publish(channel) {
                return Err(not_allowed("send to", channel));
            }
            Read::Say(To::Channel(channel), message)
        }
        Action::SendPrivate { target, message } => {
            if !rights.may_speak() {
                return Err(ChatError::ListenOnly);
            }
            Read::Say(To::Person(target), message)
        }
        Action::ListMembers {
            channel,
            after,
            limit,
        } => {
            may_join("look into", channel)?;
            Read::Look(Look::Members {
                channel,
                after,
                limit,
            })
        }
        Action::ListChannels => Read::Look(Look::Channels),
        Action::History {
            channel,
            epoch,
            before,
            limit,
        } => {
            may_join("look into", channel)?;
            Read::Look(Look::History {
                channel,
                epoch,
                before,
                limit,
            })
        }
    })
}

fn not_allowed(deed: &'static str, channel: &str) -> ChatError {
    ChatError::NotAllowed {
        deed,
        channel: channel.to_owned(),
    }
}
