//! The commands that are about one key: those of streams, and of texts.

use std::time::Duration;

use bytes::Bytes;

use super::{
    FakeRedis,
    commands::Answer,
    reply::{Failure, Reply},
    stream::{Id, Stream, Trim, Wish},
    words::{Words, text},
};

/// Entries of an answer if nothing is said of their number.
pub const COUNT: usize = usize::MAX;

impl FakeRedis {
    /// Runs a command that is about a key.
    pub(super) fn run_on_key(&mut self, name: &str, words: &mut Words) -> Answer {
        let is_facts = name == "XINFO";
        if is_facts && words.next_upper() != "STREAM" {
            return Err(Failure::Unknown);
        }
        let key = words.next().ok_or(Failure::Unknown)?.clone();
        let store = &mut self.store;
        Ok(match name {
            "XADD" => return self.add(&key, words),
            "XTRIM" if !store.has(&key) => Reply::Number(0),
            "XTRIM" => {
                let trim = trim(words)?.ok_or(Failure::Unknown)?;
                Reply::count(store.stream_mut(&key)?.trim(trim))
            }
            "XINFO" => match store.stream(&key)? {
                Some(stream) => stream.facts(),
                None => Reply::Error("ERR no such key".to_owned()),
            },
            "XLEN" => Reply::count(store.stream(&key)?.map_or(0, Stream::len)),
            "XRANGE" => {
                let (from, to) = (words.next(), words.next());
                let end = |word: Option<&Bytes>, second| match word.map(|it| text(it)) {
                    None => Err(Failure::Unknown),
                    Some(word) if word == "-" => Ok(Id(0, 0)),
                    Some(word) if word == "+" => Ok(Id(u64::MAX, u64::MAX)),
                    Some(word) => Id::parse(&word, second),
                };
                let range = end(from, 0)?..=end(to, u64::MAX)?;
                let is_counted = words.next_upper() == "COUNT";
                let most = if is_counted { words.number()? } else { COUNT };
                let stream = store.stream(&key)?;
                Reply::List(stream.map(|it| it.range(range, most)).unwrap_or_default())
            }
            "EXISTS" => Reply::Number(store.has(&key).into()),
            "DEL" | "UNLINK" => {
                let keys = [&key].into_iter().chain(words.rest());
                Reply::count(keys.filter(|key| store.remove(key)).count())
            }
            "PEXPIRE" => {
                let until = self.now + Duration::from_millis(words.number()?);
                Reply::Number(store.expire(&key, until).into())
            }
            "GET" => match store.text(&key)? {
                Some(text) => Reply::text(text.clone()),
                None => Reply::Nil,
            },
            "SET" => {
                let value = words.next().ok_or(Failure::Unknown)?.to_vec();
                let until = match words.next_upper().as_str() {
                    "" => None,
                    "PX" => Some(self.now + Duration::from_millis(words.number()?)),
                    "EX" => Some(self.now + Duration::from_secs(words.number()?)),
                    _ => return Err(Failure::Unknown),
                };
                store.set(key, value, until);
                Reply::OK
            }
            "APPEND" => {
                let more = words.next().ok_or(Failure::Unknown)?;
                let text = store.text_mut(&key)?;
                text.extend(more);
                Reply::count(text.len())
            }
            "HGETALL" => {
                let hash = store.hash(&key)?.cloned().unwrap_or_default();
                let pairs = hash.into_iter();
                Reply::Map(
                    pairs
                        .map(|(name, value)| (Reply::text(name), Reply::text(value)))
                        .collect(),
                )
            }
            _ => return Err(Failure::Unknown),
        })
    }

    fn add(&mut self, key: &Bytes, words: &mut Words) -> Answer {
        let makes_stream = !words.skip("NOMKSTREAM");
        let trim = trim(words)?;
        let wish = match text(words.next().ok_or(Failure::Unknown)?).as_str() {
            "*" => Wish::Clock(self.unix_us / 1000),
            id => match id.strip_suffix("-*") {
                Some(first) => Wish::Next(first.parse().map_err(|_| Failure::InvalidId)?),
                None => Wish::Exact(Id::parse(id, 0)?),
            },
        };
        if !makes_stream && !self.store.has(key) {
            return Ok(Reply::Nil);
        }
        let stream = self.store.stream_mut(key)?;
        let id = stream.add(wish, words.rest().to_vec())?;
        if let Some(trim) = trim {
            stream.trim(trim);
        }
        Ok(Reply::text(id.text()))
    }
}

/// `MINID [=|~] id` or `MAXLEN [=|~] length`, if that comes next.
fn trim(words: &mut Words) -> Result<Option<Trim>, Failure> {
    let is_by_id = words.skip("MINID");
    if !is_by_id && !words.skip("MAXLEN") {
        return Ok(None);
    }
    let is_rough = words.skip("~");
    words.skip("=");
    Ok(Some(if is_by_id {
        let id = Id::parse(&text(words.next().ok_or(Failure::Unknown)?), 0)?;
        Trim::Before { id, is_rough }
    } else {
        Trim::Length(words.number()?)
    }))
}
