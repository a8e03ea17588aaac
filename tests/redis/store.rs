//! What Redis holds: keys and their values.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::{reply::Failure, stream::Stream};

pub type Hash = BTreeMap<String, String>;

/// All keys. A clone is what a file would hold.
#[derive(Clone, Debug, Default)]
pub struct Store(BTreeMap<Bytes, Held>);

#[derive(Clone, Debug)]
struct Held {
    value: Value,
    /// When it goes, by the monotonic clock.
    until: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Value {
    Stream(Stream),
    Hash(Hash),
    Text(Vec<u8>),
}

/// Two ways to look at the value of a key, which is made where it is missing.
macro_rules! views {
    ($($kind:ident $type:ty: $look:ident $make:ident;)*) => { $(
        pub fn $look(&self, key: &[u8]) -> Result<Option<&$type>, Failure> {
            match self.0.get(key).map(|held| &held.value) {
                None => Ok(None),
                Some(Value::$kind(value)) => Ok(Some(value)),
                Some(_) => Err(Failure::WrongType),
            }
        }

        pub fn $make(&mut self, key: &Bytes) -> Result<&mut $type, Failure> {
            let empty = || Held { value: Value::$kind(Default::default()), until: None };
            match &mut self.0.entry(key.clone()).or_insert_with(empty).value {
                Value::$kind(value) => Ok(value),
                _ => Err(Failure::WrongType),
            }
        }
    )* };
}

impl Store {
    views! {
        Stream Stream: stream stream_mut;
        Hash Hash: hash hash_mut;
        Text Vec<u8>: text text_mut;
    }

    pub fn set(&mut self, key: Bytes, text: Vec<u8>, until: Option<Duration>) {
        let value = Value::Text(text);
        self.0.insert(key, Held { value, until });
    }

    pub fn has(&self, key: &[u8]) -> bool {
        self.0.contains_key(key)
    }

    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.0.remove(key).is_some()
    }

    /// Sets when a key goes, and says whether it is there.
    pub fn expire(&mut self, key: &[u8], until: Duration) -> bool {
        let held = self.0.get_mut(key);
        held.map(|held| held.until = Some(until)).is_some()
    }

    /// Lets go what has expired.
    pub fn pass(&mut self, now: Duration) {
        self.0
            .retain(|_, held| held.until.is_none_or(|until| until > now));
    }
}
