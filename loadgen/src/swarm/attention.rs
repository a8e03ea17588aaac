//! What a client listens for beside the messages of its run: an answer that it asked for, what its script awaits, what it
//! replies to. Whoever listens for nothing pays nothing for that.

use std::mem;

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
    /// Nothing, since it goes: what else comes is no news.
    Over,
}

/// How far a client is in its script.
#[derive(Debug, Default)]
pub struct Entry {
    /// The step that is to be done.
    step: usize,
    /// What it heard last, as that is told.
    last: Option<String>,
    /// The end of what it heard before, which may be the begin of what is awaited: some servers send one packet as several
    /// frames.
    before: Vec<u8>,
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
            Self::Over => None,
            Self::Answer => {
                let answer = Protocol::answer(bytes).filter(|_| is_text);
                match answer {
                    Some(Answer::Refused) => record.received_error(bytes, now_ns),
                    Some(_) => record.received_heeded(bytes, now_ns),
                    None => {}
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

    /// Goes on with a script by what was heard, and answers it, awaited or not; of a frame that holds messages of the run, by what is behind the last.
    fn heed(
        &mut self,
        frame: Frame,
        behind: Option<usize>,
        outgoing: &mut Outgoing,
        record: &mut Record,
    ) -> Option<Answer> {
        let (script, own) = record.script(frame.index)?;
        let (mut is_awaited, mut answer) = (false, None);
        if let Self::Entry(entry) = self {
            let step = entry.step;
            let is_over = entry.hear(frame.bytes, script, own, outgoing);
            is_awaited = entry.step > step;
            if is_over {
                *self = Self::inside(script);
                answer = Some(Answer::Joined);
            }
        }
        let said = script.answer(own, frame.bytes, behind);
        if behind.is_none() {
            if is_awaited || said.is_some() {
                record.received_heeded(frame.bytes, frame.now_ns);
            } else {
                record.received_foreign(frame.bytes, frame.now_ns);
            }
        }
        if let Some(said) = said {
            outgoing.answer(said, script.is_binary, fastrand::u32(..).to_ne_bytes());
        }
        answer
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
        let mut heard = mem::take(&mut self.before);
        heard.extend_from_slice(frame);
        let mut rest = &heard[..];
        while let Some(Step::Await(text)) = script.entry.get(self.step) {
            let Some(end) = script::awaited(text, rest) else {
                let kept = rest.len().min(text.len() - 1);
                self.before = rest[rest.len() - kept..].to_vec();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, languages::ProtocolName};

    fn script(flags: &[&str]) -> Script {
        let args = Args::read([&["loadgen", "--protocol", "raw"], flags].concat()).unwrap();
        let protocol = Protocol::new(ProtocolName::Raw, &args).unwrap();
        protocol.script().unwrap().clone()
    }

    /// How many bytes were said after each frame, if the script is not over by then.
    fn said(script: &Script, frames: &[&str]) -> Vec<Option<usize>> {
        let (mut entry, mut outgoing) = (Entry::default(), Outgoing::default());
        entry.go_on(script, Own::default(), &mut outgoing);
        let own = Own::default();
        let hear = |frame: &&str| {
            let is_over = entry.hear(frame.as_bytes(), script, own, &mut outgoing);
            (!is_over).then(|| outgoing.len())
        };
        frames.iter().map(hear).collect()
    }

    #[test]
    fn a_frame_may_hold_more_than_one_thing_that_is_awaited() {
        let script = script(&["--await", "a", "--await", "b"]);
        assert_eq!(said(&script, &["a", "b"]), [Some(0), None]);
        assert_eq!(said(&script, &["ab"]), [None]);
        assert_eq!(said(&script, &["ba", "b"]), [Some(0), None]);
        // What has been awaited is not there any more.
        assert_eq!(said(&script, &["a", "a"]), [Some(0), Some(0)]);
    }

    #[test]
    fn what_is_awaited_may_come_in_pieces() {
        let script = script(&["--await", "abc", "--hello", "", "--await", "d"]);
        assert_eq!(
            said(&script, &["xa", "b", "c", "d"]),
            [Some(0), Some(0), Some(6), None]
        );
        assert_eq!(said(&script, &["ab", "ab", "cd"]), [Some(0), Some(0), None]);
    }
}
