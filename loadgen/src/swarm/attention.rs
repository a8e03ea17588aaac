//! What a client listens for beside the messages of its run: an answer that it asked for, what its script awaits, what it
//! replies to. Whoever listens for nothing pays nothing for that.

use crate::{
    plan::{
        particulars::Own,
        protocol::{Answer, Protocol},
        script::{self, Script, Step, text::Filling},
    },
    record::{Record, heard},
    swarm::outgoing::Outgoing,
};

/// What a client listens for.
#[derive(Debug, Default)]
pub enum Attention {
    /// Nothing.
    #[default]
    Nothing,
    /// An answer to what it asked a chat for.
    Answer,
    /// What its script awaits before it is in.
    Entry(Box<Entry>),
    /// What it replies to, now that it is in.
    Replies,
}

/// How far a client is in its script.
#[derive(Debug, Default)]
pub struct Entry {
    /// The step that is to be done.
    step: usize,
    /// What it heard last, as that is told.
    last: Option<String>,
}

/// What a frame meant to a client.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its payload.
    pub bytes: &'a [u8],
    /// Whether it is text.
    pub is_text: bool,
    /// The client, by its number in the thread.
    pub index: usize,
    /// When it came, in nanoseconds since the origin.
    pub now_ns: u64,
}

impl Attention {
    /// Begins a script: says what comes before the first that is awaited. Whether it is over.
    pub fn begin(&mut self, script: &Script, own: Own, outgoing: &mut Outgoing) -> bool {
        let mut entry = Box::<Entry>::default();
        let is_over = entry.go_on(script, own, outgoing);
        *self = if is_over {
            Self::inside(script)
        } else {
            Self::Entry(entry)
        };
        is_over
    }

    /// Whether the server owes something.
    pub fn awaits(&self) -> bool {
        matches!(self, Self::Answer | Self::Entry(_))
    }

    /// What is waited for by a script, and what was heard last.
    pub fn waiting(&self, script: &Script) -> Option<(String, Option<String>)> {
        let Self::Entry(entry) = self else {
            return None;
        };
        let Some(Step::Await(text)) = script.entry.get(entry.step) else {
            return None;
        };
        Some((heard::words(text), entry.last.clone()))
    }

    /// Records a frame, and says what there is to say to it; what it answers, if that was waited for.
    #[inline]
    pub fn hear(
        &mut self,
        frame: Frame,
        outgoing: &mut Outgoing,
        record: &mut Record,
    ) -> Option<Answer> {
        let Frame {
            bytes,
            is_text,
            index,
            now_ns,
        } = frame;
        let (ours, end) = record.received(index, bytes, now_ns);
        if is_text {
            record.followed(index, bytes, now_ns);
        }
        match self {
            Self::Nothing => {
                if ours == 0 {
                    record.received_foreign(bytes, now_ns);
                }
                None
            }
            Self::Answer => {
                let answer = Protocol::answer(bytes).filter(|_| is_text);
                if answer == Some(Answer::Refused) {
                    record.received_error(bytes, now_ns);
                }
                if answer.is_some() {
                    *self = Self::Nothing;
                }
                answer
            }
            Self::Entry(_) | Self::Replies => {
                let behind = (ours > 0).then_some(end);
                self.heed(frame, behind, outgoing, record)
            }
        }
    }

    /// Goes on with a script by what was heard; of a frame that holds messages of the run, by what is behind the last.
    fn heed(
        &mut self,
        frame: Frame,
        behind: Option<usize>,
        outgoing: &mut Outgoing,
        record: &mut Record,
    ) -> Option<Answer> {
        let (script, own) = record.script(frame.index)?;
        if let Self::Entry(entry) = self {
            let step = entry.step;
            if entry.hear(frame.bytes, script, own, outgoing) {
                *self = Self::inside(script);
                return Some(Answer::Joined);
            }
            if entry.step > step {
                return None;
            }
        }
        if let Some(said) = script.answer(own, frame.bytes, behind) {
            outgoing.data(said, script.is_binary, fastrand::u32(..).to_ne_bytes());
        } else if behind.is_none() {
            record.received_foreign(frame.bytes, frame.now_ns);
        }
        None
    }

    fn inside(script: &Script) -> Self {
        if script.has_replies() {
            Self::Replies
        } else {
            Self::Nothing
        }
    }
}

impl Entry {
    /// Goes on by what a frame holds, from its begin to its end; whether the script is over.
    fn hear(&mut self, frame: &[u8], script: &Script, own: Own, outgoing: &mut Outgoing) -> bool {
        self.last = Some(heard::words(frame));
        let mut rest = frame;
        while let Some(Step::Await(text)) = script.entry.get(self.step) {
            let Some(end) = script::awaited(text, rest) else {
                return false;
            };
            rest = &rest[end..];
            self.step += 1;
            if self.go_on(script, own, outgoing) {
                return true;
            }
        }
        false
    }

    /// Says what is to be said before the next that is awaited; whether nothing is.
    fn go_on(&mut self, script: &Script, own: Own, outgoing: &mut Outgoing) -> bool {
        while let Some(Step::Say(text)) = script.entry.get(self.step) {
            let said = text.fill(&Filling {
                own,
                ..Filling::default()
            });
            outgoing.data(said, script.is_binary, fastrand::u32(..).to_ne_bytes());
            self.step += 1;
        }
        self.step == script.entry.len()
    }
}
