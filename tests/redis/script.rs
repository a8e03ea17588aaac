//! The script `journal.lua`, as the fake runs it: the same answers, in Rust. `tests/script` holds both to one table.

use bytes::Bytes;

use super::{
    reply::{Failure, Reply},
    store::{Hash, Store},
    stream::{Id, Stream, Trim, Wish},
};

/// The script, whose digest is known once it was loaded.
pub const SOURCE: &str = include_str!("../../src/server/redis/journal.lua");
const ERA_MAX: u64 = (1 << 53) - 1;

/// One call.
struct Call<'a> {
    store: &'a mut Store,
    journal: &'a Bytes,
    nodes: &'a Bytes,
    run: String,
    lease_ms: u64,
    clock_ms: u64,
    /// The time of the next entry.
    time_us: u64,
    was_hung: bool,
    /// What stands in the hash.
    held: Hash,
}

type Answer = Result<Reply, Failure>;

/// Runs it. The clock is in µs since the Unix epoch.
pub fn run(store: &mut Store, keys: &[Bytes], args: &[Bytes], unix_us: u64) -> Answer {
    let [journal, nodes] = keys else {
        return Err(Failure::Unknown);
    };
    let words: Vec<_> = args
        .iter()
        .map(|arg| String::from_utf8_lossy(arg))
        .collect();
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    let [operation, era, run, lease_ms, rest @ ..] = &words[..] else {
        return Err(Failure::Unknown);
    };
    let held = store.hash(nodes)?.cloned().unwrap_or_default();
    let lease_ms = number(lease_ms)?;
    let clock_ms = unix_us / 1000;
    let gap_ms = clock_ms.abs_diff(field(&held, "clock").unwrap_or(clock_ms));
    let mut call = Call {
        store,
        journal,
        nodes,
        run: (*run).to_owned(),
        lease_ms,
        clock_ms,
        time_us: unix_us.max(field(&held, "t").map_or(0, |time| time + 1)),
        was_hung: gap_ms * 2 >= lease_ms,
        held,
    };
    let era = number(era)?;
    match (*operation, rest) {
        ("append", [node, number, kind, _, min_id]) => {
            call.append(era, node, number, kind, &args[7], min_id)
        }
        ("hello", [_]) => call.hello(era, &args[4], ""),
        ("hello", [_, useless_id]) => call.hello(era, &args[4], useless_id),
        ("death", [node, target]) => call.death(era, node, target),
        ("era", [read_id, read_time, may_be_kept, _]) => call.era(
            era,
            read_id,
            number(read_time)?,
            *may_be_kept == "1",
            &args[7],
        ),
        _ => Err(Failure::Unknown),
    }
}

impl Call<'_> {
    fn append(
        &mut self,
        era: u64,
        node: &str,
        number_text: &str,
        kind: &str,
        body: &Bytes,
        min_id: &str,
    ) -> Answer {
        if !self.is_current(era) {
            return self.other_era();
        }
        let Some(last) = last_number(&self.held, node) else {
            return Ok(Reply::texts(["buried"]));
        };
        let number: i64 = number_text.parse().map_err(|_| Failure::NotAnInteger)?;
        if number <= last {
            self.note([self.here(node)])?;
            return Ok(Reply::texts(["again".to_owned(), last.to_string()]));
        }
        let trim = match min_id {
            "-" => None,
            id => Some(Id::parse(id, 0)?),
        };
        let Some(id) = self.add(era, (kind, node, number_text), body, trim)? else {
            return self.other_era();
        };
        if kind == "b" {
            self.note([])?;
            self.strike_off(node)?;
            if body.is_empty() && self.knowing()?.is_empty() {
                let hash = self.store.hash_mut(self.nodes)?;
                hash.insert("left".to_owned(), format!("{} {node}", id.text()));
            }
        } else {
            self.note([
                (format!("n:{node}"), number_text.to_owned()),
                self.here(node),
            ])?;
        }
        Ok(self.ok(id, []))
    }

    fn hello(&mut self, era: u64, body: &Bytes, useless_id: &str) -> Answer {
        let held_era = field(&self.held, "era");
        let mut knows = era != 0;
        let is_other_run = held_era.is_some() && self.held.get("run") != Some(&self.run);
        if knows && held_era != Some(era) || is_other_run {
            return self.other_era();
        }
        let living = self.knowing()?;
        let is_deserted = !knows && living.is_empty();
        let mut told: Vec<_> = living.iter().map(u64::to_string).collect();
        if is_deserted {
            told.extend(self.left(useless_id)?);
        }
        let era = match held_era {
            Some(held_era) if !is_deserted || !told.is_empty() => held_era,
            _ => {
                let era = self.open("o", 0, 0, &Bytes::new())?.0;
                self.time_us += 1;
                knows = true;
                era
            }
        };
        let node = (field(&self.held, "next").unwrap_or_default() + 1).to_string();
        let number = if knows { "0" } else { "-1" };
        let Some(id) = self.add(era, ("h", &node, number), body, None)? else {
            return self.other_era();
        };
        self.note([
            ("next".to_owned(), node.clone()),
            (format!("n:{node}"), number.to_owned()),
            self.here(&node),
        ])?;
        Ok(self.ok(id, [node].into_iter().chain(told)))
    }

    /// What the last node has left that knew anything, if that is of any use.
    fn left(&self, useless_id: &str) -> Result<Vec<String>, Failure> {
        let left = self.held.get("left").and_then(|left| left.split_once(' '));
        let Some((id, node)) = left.filter(|(id, _)| *id != useless_id) else {
            return Ok(Vec::new());
        };
        let place = Id::parse(id, 0)?;
        let stream = self.store.stream(self.journal)?;
        let is_there = stream.is_some_and(|stream| !stream.range(place..=place, 1).is_empty());
        let words = ["left", id, node].map(str::to_owned);
        Ok(is_there.then_some(words).into_iter().flatten().collect())
    }

    /// The living nodes that know what there is, ascending.
    fn knowing(&self) -> Result<Vec<u64>, Failure> {
        let hash = self.store.hash(self.nodes)?.cloned().unwrap_or_default();
        let ids = hash.keys().filter_map(|name| name.strip_prefix("n:"));
        let ids = ids.filter(|id| last_number(&hash, id) >= Some(0));
        let mut ids: Vec<u64> = ids.map(number).collect::<Result<_, _>>()?;
        ids.sort_unstable();
        Ok(ids)
    }

    fn death(&mut self, era: u64, node: &str, target: &str) -> Answer {
        let refused = |why| Ok(Reply::texts(["refused", why]));
        if !self.is_current(era) {
            return self.other_era();
        }
        if !self.held.contains_key(&format!("n:{node}")) {
            return Ok(Reply::texts(["buried"]));
        }
        let Some(heard_ms) = field(&self.held, &format!("s:{target}")) else {
            return refused("done");
        };
        if self.clock_ms.abs_diff(heard_ms) < self.lease_ms {
            return refused("heard");
        }
        if self.was_hung || self.clock_ms < field(&self.held, "hung").unwrap_or_default() {
            return refused("hung");
        }
        let body = Bytes::copy_from_slice(target.as_bytes());
        let Some(id) = self.add(era, ("d", node, "0"), &body, None)? else {
            return self.other_era();
        };
        self.note([self.here(node)])?;
        self.strike_off(target)?;
        Ok(self.ok(id, []))
    }

    fn era(
        &mut self,
        era: u64,
        read_id: &str,
        read_time_us: u64,
        may_be_kept: bool,
        body: &Bytes,
    ) -> Answer {
        let held_era = field(&self.held, "era");
        if held_era.is_some_and(|held| era < held) {
            return self.other_era();
        }
        let last = self.last_id()?;
        let goes_on =
            held_era == Some(era) && last != Id::default() && Id::parse(read_id, 0)? <= last;
        if goes_on && self.held.get("run") == Some(&self.run) && last.0 == era {
            return self.other_era();
        }
        let is_kept = goes_on && may_be_kept;
        let kind = if is_kept { "k" } else { "o" };
        let id = self.open(kind, era, read_time_us, body)?;
        let how = if is_kept { "kept" } else { "lost" };
        Ok(self.ok(id, [how.to_owned()]))
    }

    fn open(
        &mut self,
        kind: &str,
        known_era: u64,
        known_time_us: u64,
        body: &Bytes,
    ) -> Result<Id, Failure> {
        let next = field(&self.held, "next").unwrap_or_default();
        let previous = self.last_id()?;
        self.time_us = self.time_us.max(known_time_us + 1);
        let above = previous.0.saturating_add(1);
        let era = self.time_us.max(known_era + 1).max(above);
        if era > ERA_MAX {
            return Err(Failure::NoEra);
        }
        let header = format!("3 {kind} 0 0 {} {}", self.time_us, previous.text());
        let id = self
            .store
            .stream_mut(self.journal)?
            .add(Wish::Exact(Id(era, 0)), fields(header, body))?;
        if kind == "o" {
            self.store.remove(self.nodes);
        }
        self.note([
            ("era".to_owned(), era.to_string()),
            ("run".to_owned(), self.run.clone()),
            ("next".to_owned(), next.to_string()),
        ])?;
        Ok(id)
    }

    /// Whether the caller's era is the one that goes on.
    fn is_current(&self, era: u64) -> bool {
        field(&self.held, "era") == Some(era) && self.held.get("run") == Some(&self.run)
    }

    fn last_id(&self) -> Result<Id, Failure> {
        let stream = self.store.stream(self.journal)?;
        Ok(stream.map(|stream| stream.last).unwrap_or_default())
    }

    fn other_era(&self) -> Answer {
        let held = |name, none: &str| self.held.get(name).cloned().unwrap_or(none.to_owned());
        let [era, run] = [held("era", "0"), held("run", "-")];
        let last = self.last_id()?.text();
        Ok(Reply::texts(["era".to_owned(), era, run, last]))
    }

    /// The new entry's id; nothing if the stream is gone, or an id bars it that is no era of ours.
    fn add(
        &mut self,
        era: u64,
        (kind, node, number): (&str, &str, &str),
        body: &Bytes,
        trim: Option<Id>,
    ) -> Result<Option<Id>, Failure> {
        if !self.store.has(self.journal) {
            return Ok(None);
        }
        let header = format!("3 {kind} {node} {number} {}", self.time_us);
        let stream: &mut Stream = self.store.stream_mut(self.journal)?;
        match stream.add(Wish::Next(era), fields(header, body)) {
            Err(Failure::SmallId | Failure::Exhausted) => Ok(None),
            Err(failure) => Err(failure),
            Ok(id) => {
                if let Some(id) = trim {
                    let is_rough = true;
                    stream.trim(Trim::Before { id, is_rough });
                }
                Ok(Some(id))
            }
        }
    }

    fn note(&mut self, fields: impl IntoIterator<Item = (String, String)>) -> Result<(), Failure> {
        let hash = self.store.hash_mut(self.nodes)?;
        hash.insert("t".to_owned(), self.time_us.to_string());
        hash.insert("clock".to_owned(), self.clock_ms.to_string());
        if self.was_hung {
            let hung = self.clock_ms + self.lease_ms;
            hash.insert("hung".to_owned(), hung.to_string());
        }
        hash.extend(fields);
        Ok(())
    }

    /// What is noted of a node that is heard.
    fn here(&self, node: &str) -> (String, String) {
        (format!("s:{node}"), self.clock_ms.to_string())
    }

    fn strike_off(&mut self, node: &str) -> Result<(), Failure> {
        let hash = self.store.hash_mut(self.nodes)?;
        hash.remove(&format!("n:{node}"));
        hash.remove(&format!("s:{node}"));
        Ok(())
    }

    fn ok(&self, id: Id, rest: impl IntoIterator<Item = String>) -> Reply {
        let words = ["ok".to_owned(), id.text(), self.time_us.to_string()];
        Reply::texts(words.into_iter().chain(rest))
    }
}

fn fields(header: String, body: &Bytes) -> Vec<Bytes> {
    vec!["h".into(), header.into(), "b".into(), body.clone()]
}

fn field(hash: &Hash, name: &str) -> Option<u64> {
    hash.get(name)?.parse().ok()
}

/// The last number that a living node gave.
fn last_number(hash: &Hash, node: &str) -> Option<i64> {
    hash.get(&format!("n:{node}"))?.parse().ok()
}

fn number(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| Failure::NotAnInteger)
}
