//! What one who comes is told of what was said before is true to what a log may hold, and must.

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub::vocabulary::config::{HISTORY_ANSWER_BYTES_MAX, HistoryBounds, Slow};
use serde_json::Value;

use super::record::{Record, Room};
use crate::peer::{
    chat::{Answer, Asked, Chat, Heard},
    fields::{number, reference, span, text},
    recall::Past,
};
use crate::settings::{EPOCH_MS, Settings};

/// How far the time of a message may be from when it was sequenced, and how coarse ages are.
const SLACK_MS: u64 = 200;

/// What logs are held to.
pub struct Bounds<'a> {
    history: &'a HistoryBounds,
    slow: Slow,
    /// Whether all logs together may ever have had too much.
    is_tight: bool,
}

impl<'a> Bounds<'a> {
    /// Those of a server in whose channels so many bytes were ever said.
    pub fn new(settings: &'a Settings, said_bytes: usize) -> Self {
        let history = &settings.config.history;
        Self {
            history,
            slow: settings.config.slow,
            is_tight: said_bytes > history.total_bytes,
        }
    }

    /// Judges what one was told.
    ///
    /// # Errors
    /// What cannot be so.
    pub fn check(&self, chat: &Chat, record: &Record) -> Result<(), String> {
        let mut memberships = BTreeSet::new();
        for heard in &chat.heard {
            let channel = text(&heard.body, "channel");
            let asked = reference(&heard.body).and_then(|number| chat.asked.get(number));
            let judged = match (text(&heard.body, "action"), asked) {
                ("joined", Some(asked)) if memberships.insert(channel) => {
                    self.check_joined(heard, asked, record)
                }
                ("left", _) => {
                    memberships.remove(channel);
                    Ok(())
                }
                ("gap", _) => self.check_gap(heard, record),
                ("history", Some(asked)) => check_history(heard, asked),
                _ => Ok(()),
            };
            judged.map_err(|error| format!("{error}: {}", heard.text))?;
        }
        Ok(())
    }

    fn check_joined(&self, heard: &Heard, asked: &Asked, record: &Record) -> Result<(), String> {
        let body = &heard.body;
        let (seq, oldest) = (number(body, "seq"), number(body, "oldest"));
        self.check_epoch(heard, asked, record)?;
        let keeps_none = self.history.messages == 0;
        let least = if keeps_none { seq + 1 } else { 1 };
        if !(least..=seq + 1).contains(&oldest) {
            return Err("the oldest is not one of those that may be kept".to_owned());
        }
        let Some(room) = record.room(text(body, "channel"), number(body, "epoch")) else {
            return Ok(());
        };
        let kept: Vec<_> = room.range(oldest..=seq).collect();
        if kept.len() as u64 == seq + 1 - oldest {
            self.check_kept(&kept, asked)?;
            check_last(body, asked, &kept)?;
        }
        match room.range(oldest - 1..=oldest - 1).next() {
            Some(dropped) if !keeps_none => self.explain(room, dropped, seq, heard),
            _ => Ok(()),
        }
    }

    /// Who knows another life of a channel is told so only if that one may have been forgotten since: a channel is as long
    /// as someone is in it, and lives on for a while.
    fn check_epoch(&self, heard: &Heard, asked: &Asked, record: &Record) -> Result<(), String> {
        let Answer::Joined {
            past: Past::Since { epoch, .. },
            ..
        } = asked.answer
        else {
            return Ok(());
        };
        let known = record.room(text(&heard.body, "channel"), epoch);
        let newest = known.and_then(|room| room.range(1..=u64::MAX).next_back());
        let Some(newest) = newest.filter(|_| heard.body["reason"] == "epoch") else {
            return Ok(());
        };
        let age = age(newest, heard);
        if age < millis(self.history.age) {
            return Err(format!("forgot it {age} ms after {}", newest.text));
        }
        Ok(())
    }

    /// No more is kept than may be, of what was kept when it was asked for.
    fn check_kept(&self, kept: &[&Heard], asked: &Asked) -> Result<(), String> {
        let bytes: usize = kept.iter().map(|heard| heard.text.len()).sum();
        let messages = kept.iter().filter(|heard| is_message(heard)).count();
        let Some(first) = kept.first() else {
            return Ok(());
        };
        let is_newest = messages == usize::from(is_message(first));
        let allowance = if is_newest { first.text.len() } else { 0 };
        let asked_at = EPOCH_MS + millis(asked.at);
        let age = asked_at.saturating_sub(number(&first.body, "time") + SLACK_MS);
        if messages > self.history.messages
            || bytes - allowance > self.history.bytes
            || age > millis(self.history.age)
        {
            return Err(format!(
                "{messages} messages of {bytes} B are kept, the first for {age} ms"
            ));
        }
        Ok(())
    }

    /// What is no longer kept, though all up to `seq` was said by then, is beyond a bound.
    fn explain(&self, room: &Room, dropped: &Heard, seq: u64, told: &Heard) -> Result<(), String> {
        let number_of = |heard: &Heard| number(&heard.body, "seq");
        let since: Vec<_> = room.range(number_of(dropped)..=seq).collect();
        let age = age(dropped, told);
        let bytes: usize = since.iter().map(|heard| heard.text.len()).sum();
        let messages = since.iter().filter(|heard| is_message(heard)).count();
        let largest = since.iter().map(|heard| heard.text.len()).max();
        let is_explained = self.is_tight
            || self.history.messages == 0
            || since.len() as u64 != seq + 1 - number_of(dropped)
            || messages > self.history.messages
            || bytes > self.history.bytes
            || age >= millis(self.history.age)
            || largest.unwrap_or_default() > self.history.total_bytes / 4;
        if is_explained {
            return Ok(());
        }
        Err(format!(
            "{} is no longer kept, of {messages} messages with {bytes} B in {age} ms: {:?}",
            dropped.text, self.history
        ))
    }

    fn check_gap(&self, heard: &Heard, record: &Record) -> Result<(), String> {
        let body = &heard.body;
        let (_, to) = span(body);
        match text(body, "reason") {
            "slow" if self.slow != Slow::Close => Ok(()),
            // Where two gaps become one, what stood between them is left out too.
            "slow" | "trimmed" => {
                let room = record.room(text(body, "channel"), number(body, "epoch"));
                // Where there is no witness, more may have been said than anyone heard.
                let Some(room) = room.filter(|room| room.is_witnessed_since(to)) else {
                    return Ok(());
                };
                let Some(dropped) = room.range(to..=to).next() else {
                    return Ok(());
                };
                // All that may have been said by then.
                let told_at = EPOCH_MS + millis(heard.at) + SLACK_MS;
                let mut said = room.range(to..=u64::MAX);
                let last = said.rfind(|said| number(&said.body, "time") <= told_at);
                let seq = last.map_or(to, |last| number(&last.body, "seq"));
                self.explain(room, dropped, seq, heard)
            }
            _ => Err("nobody is to go without anything".to_owned()),
        }
    }
}

/// Who asks for the latest is told so many, and all if fewer are kept.
fn check_last(body: &Value, asked: &Asked, kept: &[&Heard]) -> Result<(), String> {
    let Answer::Joined {
        past: Past::Last(wanted),
        ..
    } = asked.answer
    else {
        return Ok(());
    };
    let (from, _) = span(&body["replay"]);
    let told = kept
        .iter()
        .filter(|heard| number(&heard.body, "seq") >= from);
    let told: Vec<_> = told.map(|heard| is_message(heard)).collect();
    let messages = told.iter().filter(|is_message| **is_message).count();
    let all = kept.iter().filter(|heard| is_message(heard)).count();
    let begins_with_message = told.first().is_none_or(|is_message| *is_message);
    if messages == wanted.min(all) && begins_with_message {
        Ok(())
    } else {
        Err(format!("{messages} of the {wanted} latest of {all}"))
    }
}

/// An answer about what was said has what was asked for and no more, without holes.
fn check_history(heard: &Heard, asked: &Asked) -> Result<(), String> {
    let Answer::History { before, limit } = asked.answer else {
        return Err("nobody asked for it".to_owned());
    };
    let messages = heard.history();
    let bytes: usize = messages.iter().map(|heard| heard.text.len()).sum();
    let seqs: Vec<_> = messages
        .iter()
        .map(|heard| number(&heard.body, "seq"))
        .collect();
    let oldest = number(&heard.body, "oldest");
    let epoch = number(&heard.body, "epoch");
    // In another life of the channel there may have been fewer.
    let end = before.filter(|before| before.epoch == epoch);
    let before = before.map_or(u64::MAX, |before| before.last);
    let is_unbroken = seqs.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let is_asked_for = seqs.iter().all(|&seq| seq < before && seq >= oldest);
    let is_whole = end.is_none_or(|end| match seqs.last() {
        Some(last) => last + 1 == end.last,
        None => end.last <= oldest,
    });
    let is_little =
        seqs.len() as u64 <= limit && (bytes <= HISTORY_ANSWER_BYTES_MAX || seqs.len() == 1);
    if is_unbroken && is_asked_for && is_whole && is_little {
        Ok(())
    } else {
        Err(format!("{seqs:?} of {bytes} B, before {before}"))
    }
}

/// How long ago something was said when one was told something else, at most, in milliseconds.
fn age(said: &Heard, told: &Heard) -> u64 {
    let told_at = EPOCH_MS + millis(told.at);
    (told_at + SLACK_MS).saturating_sub(number(&said.body, "time"))
}

fn is_message(heard: &Heard) -> bool {
    heard.body["event"].is_null()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("no such age")
}
