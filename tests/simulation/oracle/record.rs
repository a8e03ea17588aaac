//! What was said in the channels of the chat, put together from what everyone heard: `(channel, epoch, seq)` names the
//! same bytes for everyone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::peer::{
    chat::{Chat, Heard},
    fields::{listed, number, text},
};

/// All that was said.
pub struct Record {
    rooms: HashMap<(String, u64), Room>,
}

/// One life of a channel.
#[derive(Default)]
pub struct Room {
    messages: BTreeMap<u64, Heard>,
    /// If a witness was in it: how much was said before, and who was there when it had come.
    witnessed: Option<(u64, BTreeSet<String>)>,
}

impl Record {
    /// # Errors
    /// Two have heard something else under the same number, or it does not go on as it must.
    pub fn new<'a>(
        people: impl IntoIterator<Item = &'a Chat>,
        witness: &Chat,
    ) -> Result<Self, String> {
        let mut record = Self {
            rooms: HashMap::new(),
        };
        for chat in people {
            for heard in &chat.heard {
                record.note(heard)?;
                heard
                    .history()
                    .iter()
                    .try_for_each(|heard| record.note(heard))?;
            }
        }
        for heard in &witness.heard {
            let body = &heard.body;
            if text(body, "action") == "joined" {
                let room = record.room_mut(text(body, "channel"), number(body, "epoch"));
                room.witnessed = Some((number(body, "seq"), listed(body)));
            }
        }
        record.rooms.values().try_for_each(Room::check)?;
        Ok(record)
    }

    fn note(&mut self, heard: &Heard) -> Result<(), String> {
        let Some(epoch) = heard.epoch else {
            return Ok(());
        };
        let seq = number(&heard.body, "seq");
        let room = self.room_mut(text(&heard.body, "target"), epoch);
        let known = room.messages.entry(seq);
        let known = known.or_insert_with(|| heard.clone());
        if known.text == heard.text {
            Ok(())
        } else {
            Err(format!("{} is for others {}", known.text, heard.text))
        }
    }

    fn room_mut(&mut self, channel: &str, epoch: u64) -> &mut Room {
        self.rooms.entry((channel.to_owned(), epoch)).or_default()
    }

    /// One life of a channel, of which someone heard something.
    pub fn room(&self, channel: &str, epoch: u64) -> Option<&Room> {
        self.rooms.get(&(channel.to_owned(), epoch))
    }

    /// All lives of a channel that the witness was in.
    pub fn witnessed(&self, channel: &str) -> impl Iterator<Item = &Room> {
        let rooms = self.rooms.iter().filter(move |((of, _), _)| of == channel);
        rooms
            .map(|(_, room)| room)
            .filter(|room| room.witnessed.is_some())
    }

    /// Bytes of all that was said.
    pub fn bytes(&self) -> usize {
        let messages = self.rooms.values().flat_map(|room| room.messages.values());
        messages.map(|heard| heard.text.len()).sum()
    }
}

impl Room {
    /// What was said with this number, if anyone heard it.
    pub fn at(&self, seq: u64) -> Option<&Value> {
        self.messages.get(&seq).map(|heard| &heard.body)
    }

    /// What was said with such numbers, as far as anyone heard it.
    pub fn range(&self, seqs: RangeInclusive<u64>) -> impl DoubleEndedIterator<Item = &Heard> {
        let is_empty = seqs.is_empty();
        let range = if is_empty { 0..=0 } else { seqs };
        self.messages.range(range).map(|(_, heard)| heard)
    }

    /// The number of the last that anyone heard.
    pub fn last(&self) -> u64 {
        let before = self.witnessed.as_ref().map_or(0, |&(before, _)| before);
        let newest = self.messages.last_key_value();
        newest.map_or(before, |(&seq, _)| seq).max(before)
    }

    /// Whether a witness heard all that was said since a number.
    pub fn is_witnessed_since(&self, seq: u64) -> bool {
        self.witnessed
            .as_ref()
            .is_some_and(|&(before, _)| seq >= before)
    }

    /// What was said since the witness came.
    pub fn witnessed(&self) -> impl Iterator<Item = &Value> {
        let before = self.witnessed.as_ref().map_or(0, |&(before, _)| before);
        self.range(before + 1..=u64::MAX).map(|heard| &heard.body)
    }

    /// Who was there after so many messages and notices; a witness must have been.
    pub fn members(&self, seq: u64) -> BTreeSet<String> {
        let (before, founders) = self.witnessed.as_ref().expect("a witness was there");
        let mut members = founders.clone();
        for heard in self.range(before + 1..=seq) {
            let member = text(&heard.body["member"], "name");
            match heard.body["event"].as_str() {
                Some("joined") => members.insert(member.to_owned()),
                Some(_) => members.remove(member),
                None => false,
            };
        }
        members
    }

    fn check(&self) -> Result<(), String> {
        let mut last_time = 0;
        for (seq, heard) in &self.messages {
            let time = number(&heard.body, "time");
            let end = format!(",\"seq\":{seq},\"time\":{time}}}");
            if !heard.text.ends_with(&end) || time < last_time {
                return Err(format!("after {last_time}: {}", heard.text));
            }
            last_time = time;
        }
        self.check_counts()
    }

    /// A summary counts those who are there: all who came and went, as they were told of.
    fn check_counts(&self) -> Result<(), String> {
        let Some((before, founders)) = &self.witnessed else {
            return Ok(());
        };
        let mut members = i64::try_from(founders.len()).expect("a few");
        // Those who came before the witness may be told of only now.
        let mut is_certain = members == 1;
        for heard in self.range(before + 1..=u64::MAX) {
            let body = &heard.body;
            match body["event"].as_str() {
                Some("joined") => members += 1,
                Some("left") => members -= 1,
                Some(_) => {
                    let number = |field: &str| body[field].as_i64().unwrap_or(i64::MAX);
                    members += number("joined") - number("left");
                    if is_certain && members != number("count") {
                        return Err(format!("there were {members} members: {body}"));
                    }
                    members = number("count");
                    is_certain = true;
                }
                None => {}
            }
        }
        Ok(())
    }
}
