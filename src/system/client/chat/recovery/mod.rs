//! What one has of each channel, so that each message is shown once and in order, and what is missing is told.

use serde_json::{Value, json};

use super::{
    event::{Event, Joined},
    position::{Loss, Position},
    sends::Sends,
};

/// Messages of history that are looked through for what one said, the most that the server gives.
const LOOK_MESSAGES: u64 = 100;

/// The channels that one is in, or was in when the connection was lost.
#[derive(Debug)]
pub(super) struct Recovery {
    pub(super) sends: Sends,
    channels: Vec<Channel>,
}

#[derive(Debug)]
struct Channel {
    name: String,
    position: Position,
    /// Whether the connection that there is has joined.
    is_in: bool,
    /// Whether what is in doubt can be settled.
    doubt: Doubt,
}

/// Where one stands with what one said and has not seen come back.
#[derive(Debug, PartialEq, Eq)]
enum Doubt {
    /// All that is unanswered is under way.
    None,
    /// It is over when everything up to this number has come.
    Until(u64),
    /// History is asked under this `ref`, and since then more was lost or not. Its answer comes after all that was said
    /// before has its number.
    Looking { reference: String, is_stale: bool },
}

/// What becomes of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// Whether it is none that was shown already, nor an answer to what the user never asked.
    pub(super) is_shown: bool,
    /// Whether it is about a channel that one was in when the connection was lost.
    pub(super) is_back: bool,
    /// What is missing from now on: before it, but behind the answer to a join.
    pub(super) losses: Vec<Loss>,
    /// What to ask the server.
    pub(super) request: Option<Value>,
}

impl Recovery {
    /// No channels yet. By `chance` it is known from other clients.
    pub(super) fn new(chance: u64) -> Self {
        Self {
            sends: Sends::new(chance),
            channels: Vec::new(),
        }
    }

    /// How much of a channel one has.
    pub(super) fn position(&self, channel: &str) -> Option<Position> {
        let channel = self.channels.iter().find(|known| known.name == channel)?;
        Some(channel.position)
    }

    /// The connection is lost, and these channels will be joined again.
    pub(super) fn lose(&mut self, wanted: &[String]) {
        self.channels.retain(|known| wanted.contains(&known.name));
        for channel in &mut self.channels {
            channel.is_in = false;
            channel.doubt = Doubt::None;
        }
        self.sends
            .lose(|channel| wanted.iter().any(|wanted| wanted == channel));
    }

    /// A channel cannot be joined.
    pub(super) fn refuse(&mut self, name: &str) {
        self.channels
            .retain(|known| known.name != name || known.is_in);
        if self.position(name).is_none() {
            self.sends.settle(name);
        }
    }

    /// Takes in an object.
    pub(super) fn heed(&mut self, event: &Event) -> Heard {
        let shown = Heard {
            is_shown: true,
            ..Heard::default()
        };
        match event {
            Event::Welcome { client, .. } => {
                self.sends.welcome(&client.id);
                shown
            }
            Event::Joined(answer) => self.join(answer),
            Event::Left { channel } => {
                self.channels.retain(|known| known.name != *channel);
                self.sends.settle(channel);
                shown
            }
            Event::SendPrivate { .. } => {
                self.acknowledge(event);
                shown
            }
            Event::SendMessage { target, seq, .. } => {
                self.acknowledge(event);
                match (find(&mut self.channels, target), seq) {
                    (Some(channel), Some(seq)) => {
                        let (is_shown, loss) = channel.position.advance(*seq);
                        Heard {
                            is_shown,
                            ..self.lost(target, loss)
                        }
                    }
                    _ => shown,
                }
            }
            Event::Gap {
                channel,
                epoch,
                from,
                to,
            } => {
                let all = Loss::Messages(to.saturating_sub(*from).saturating_add(1));
                self.miss(channel, all, |position| position.skip(*epoch, *to))
            }
            Event::Epoch { channel, epoch } => {
                self.miss(channel, Loss::End, |position| position.restart(*epoch))
            }
            Event::History {
                channel,
                messages,
                reference,
            } => {
                for message in messages {
                    self.acknowledge(message);
                }
                match reference {
                    Some(reference) if self.sends.is_look(reference) => {
                        let last = messages.last().and_then(number);
                        self.looked(channel, reference, last)
                    }
                    _ => shown,
                }
            }
            Event::Error {
                reference: Some(reference),
                ..
            } if self.sends.is_look(reference) => {
                let mut channels = self.channels.iter();
                let looking = channels.find(|known| known.is_looking(reference));
                let name = looking.map(|channel| channel.name.clone());
                name.map_or_else(Heard::default, |name| self.looked(&name, reference, None))
            }
            Event::Error {
                reference: Some(reference),
                ..
            } => {
                self.sends.refuse(reference);
                shown
            }
            Event::Error { .. } | Event::Members { .. } | Event::Channels { .. } => shown,
        }
    }

    fn join(&mut self, answer: &Joined) -> Heard {
        let name = &answer.channel;
        let mut heard = Heard {
            is_shown: true,
            ..Heard::default()
        };
        match find(&mut self.channels, name) {
            // Asked for twice: what it says of earlier messages may be under way still.
            Some(Channel { is_in: true, .. }) => return heard,
            Some(channel) => {
                heard.is_back = true;
                heard.losses = channel.position.join(answer);
            }
            None => {
                let Some((position, losses)) = Position::first(answer) else {
                    self.sends.settle(name);
                    return heard;
                };
                heard.losses = losses;
                self.channels.push(Channel {
                    name: name.clone(),
                    position,
                    is_in: true,
                    doubt: Doubt::None,
                });
            }
        }
        if let Some(channel) = find(&mut self.channels, name) {
            channel.is_in = true;
            // What the log has no longer, history has not either.
            channel.doubt = Doubt::Until(answer.seq.unwrap_or_default());
        }
        self.progress(name);
        heard
    }

    /// The copy of what one said oneself, wherever it turns up.
    fn acknowledge(&mut self, event: &Event) {
        if let Event::SendMessage {
            sender: Some(sender),
            reference: Some(reference),
            ..
        }
        | Event::SendPrivate {
            sender,
            reference: Some(reference),
            ..
        } = event
        {
            self.sends.copy(&sender.id, reference);
        }
    }

    /// Takes in what the server says to be missing: of a channel without a position all of it, of others what was not known.
    fn miss(
        &mut self,
        name: &str,
        all: Loss,
        skip: impl FnOnce(&mut Position) -> Option<Loss>,
    ) -> Heard {
        match find(&mut self.channels, name) {
            Some(channel) => {
                let loss = skip(&mut channel.position);
                self.lost(name, loss)
            }
            None => Heard {
                losses: vec![all],
                ..Heard::default()
            },
        }
    }

    /// Takes in what is missing of a channel, if anything: what one said may be among it, and history may show that.
    fn lost(&mut self, name: &str, loss: Option<Loss>) -> Heard {
        let mut request = None;
        if loss.is_some()
            && self.sends.doubt(name)
            && let Some(channel) = find(&mut self.channels, name)
        {
            match &mut channel.doubt {
                Doubt::Looking { is_stale, .. } => *is_stale = true,
                Doubt::None | Doubt::Until(_) => request = Some(channel.look(&mut self.sends)),
            }
        }
        self.progress(name);
        Heard {
            losses: loss.into_iter().collect(),
            request,
            ..Heard::default()
        }
    }

    /// Takes in how far history goes that was looked through.
    fn looked(&mut self, name: &str, reference: &str, last: Option<u64>) -> Heard {
        let mut request = None;
        if let Some(channel) = find(&mut self.channels, name)
            && channel.is_looking(reference)
        {
            if let Doubt::Looking { is_stale: true, .. } = channel.doubt {
                request = Some(channel.look(&mut self.sends));
            } else {
                channel.doubt = Doubt::Until(last.unwrap_or_default());
            }
        }
        self.progress(name);
        Heard {
            request,
            ..Heard::default()
        }
    }

    /// Once everything came that must have, what is in doubt stays unknown.
    fn progress(&mut self, name: &str) {
        if let Some(channel) = find(&mut self.channels, name)
            && let Doubt::Until(seq) = channel.doubt
            && channel.position.seq >= seq
        {
            channel.doubt = Doubt::None;
            self.sends.settle(name);
        }
    }
}

impl Channel {
    /// Asks history for what one said.
    fn look(&mut self, sends: &mut Sends) -> Value {
        let reference = sends.look();
        let request = json!({
            "action": "history", "target": self.name, "limit": LOOK_MESSAGES, "ref": reference
        });
        let is_stale = false;
        self.doubt = Doubt::Looking {
            reference,
            is_stale,
        };
        request
    }

    fn is_looking(&self, asked: &str) -> bool {
        matches!(&self.doubt, Doubt::Looking { reference, .. } if reference == asked)
    }
}

fn find<'a>(channels: &'a mut [Channel], name: &str) -> Option<&'a mut Channel> {
    channels.iter_mut().find(|known| known.name == name)
}

fn number(event: &Event) -> Option<u64> {
    match event {
        Event::SendMessage { seq, .. } => *seq,
        _ => None,
    }
}

#[cfg(test)]
mod tests;
