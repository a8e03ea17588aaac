//! The commands that the fake knows: those that the server gives, and those that make trouble for it. Here are those that are
//! about more than one key.

use std::time::Duration;

use bytes::Bytes;

use super::{
    FakeRedis, State, Waiting,
    keys::COUNT,
    reply::{Failure, Reply},
    script,
    store::Store,
    stream::Id,
    words::{Words, text},
};

/// What comes of a command.
pub enum Outcome {
    Answered(Reply),
    /// It is answered once there is something to read.
    Waits(Waiting),
}

pub type Answer = Result<Reply, Failure>;

impl FakeRedis {
    /// Runs a command of one who has said the password or has not.
    pub(super) fn run(&mut self, words: &[Bytes], is_known: &mut bool) -> Outcome {
        let mut words = Words::new(words);
        let name = words.next_upper();
        let refused = self.refused(&name, *is_known);
        let answer = match name.as_str() {
            _ if refused.is_some() => Err(refused.unwrap()),
            "XREAD" => match self.read(&mut words) {
                Ok(outcome) => return outcome,
                Err(failure) => Err(failure),
            },
            "HELLO" => self.hello(&mut words, is_known),
            "AUTH" => self.authenticate(words.rest().last(), is_known),
            "CLIENT" | "SELECT" | "READONLY" => Ok(Reply::OK),
            "PING" => Ok(Reply::Status("PONG")),
            "INFO" => Ok(self.info(&words.next_upper())),
            "CONFIG" => self.configure(&mut words),
            "CLUSTER" => Ok(Reply::Error(
                "ERR This instance has cluster support disabled".to_owned(),
            )),
            "REPLICAOF" => {
                self.refuse((words.next_upper() != "NO").then_some(Failure::ReadOnly));
                Ok(Reply::OK)
            }
            "SCRIPT" => self.manage_scripts(&mut words),
            "EVALSHA" => self.evaluate(&mut words),
            "FLUSHALL" => {
                self.store = Store::default();
                Ok(Reply::OK)
            }
            _ => self.run_on_key(&name, &mut words),
        };
        let is_script = name == "EVALSHA";
        Outcome::Answered(answer.unwrap_or_else(|failure| failure.reply(is_script)))
    }

    /// Why a command is not even looked at.
    fn refused(&self, name: &str, is_known: bool) -> Option<Failure> {
        const GREETINGS: [&str; 2] = ["HELLO", "AUTH"];
        const WHILE_LOADING: [&str; 5] = ["INFO", "CONFIG", "SELECT", "CLIENT", "REPLICAOF"];
        const ADDING: [&str; 4] = ["XADD", "SET", "APPEND", "EVALSHA"];
        const WRITING: [&str; 5] = ["XTRIM", "DEL", "UNLINK", "PEXPIRE", "FLUSHALL"];
        if GREETINGS.contains(&name) {
            return None;
        }
        if !is_known {
            return Some(Failure::NoAuth);
        }
        if self.state == State::Loading && !WHILE_LOADING.contains(&name) {
            return Some(Failure::Loading);
        }
        let (adds, writes) = (ADDING.contains(&name), WRITING.contains(&name));
        self.refusal.filter(|refusal| match refusal {
            Failure::Busy => true,
            Failure::Oom => adds,
            _ => adds || writes,
        })
    }

    fn hello(&mut self, words: &mut Words, is_known: &mut bool) -> Answer {
        if words.next() != Some(&Bytes::from("3")) {
            return Ok(Reply::Error("NOPROTO this fake speaks RESP3".to_owned()));
        }
        if words.next_upper() == "AUTH" {
            self.authenticate(words.rest().get(1), is_known)?;
        }
        if !*is_known {
            return Err(Failure::NoAuth);
        }
        Ok(Reply::map([
            ("server", Reply::text("redis")),
            ("version", Reply::text("7.0.15")),
            ("proto", Reply::Number(3)),
            ("id", Reply::Number(1)),
            ("mode", Reply::text("standalone")),
            ("role", Reply::text("master")),
            ("modules", Reply::List(Vec::new())),
        ]))
    }

    fn authenticate(&self, password: Option<&Bytes>, is_known: &mut bool) -> Answer {
        let expected = self.settings.password.as_deref().map(str::as_bytes);
        *is_known = expected.is_none() || expected == password.map(|it| &it[..]);
        if *is_known {
            Ok(Reply::OK)
        } else {
            Err(Failure::WrongPass)
        }
    }

    fn info(&self, section: &str) -> Reply {
        let text = match section {
            "SERVER" => format!(
                "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:{}\r\n",
                self.run_id
            ),
            "REPLICATION" => format!(
                "# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_replid:{}\r\nmaster_replid2:{:0>40}\r\n",
                self.run_id,
                self.former_master.as_deref().unwrap_or_default()
            ),
            "CLUSTER" => "# Cluster\r\ncluster_enabled:0\r\n".to_owned(),
            _ => String::new(),
        };
        Reply::Verbatim(text)
    }

    fn configure(&mut self, words: &mut Words) -> Answer {
        if words.next_upper() == "SET" {
            let refusal = match words.next_upper().as_str() {
                "MAXMEMORY" => Failure::Oom,
                "MIN-REPLICAS-TO-WRITE" => Failure::NoReplicas,
                _ => return Err(Failure::Unknown),
            };
            self.refuse((words.number::<u64>()? > 0).then_some(refusal));
            return Ok(Reply::OK);
        }
        let settings = &self.settings;
        if settings.is_reticent {
            return Err(Failure::NoPerm);
        }
        let pairs = words.rest().iter().filter_map(|name| {
            let value = match &name[..] {
                b"appendonly" if settings.is_written => "yes",
                b"appendonly" => "no",
                b"appendfsync" if settings.is_synced => "always",
                b"appendfsync" => "everysec",
                b"maxmemory-policy" => "noeviction",
                _ => return None,
            };
            Some((Reply::Text(name.clone()), Reply::text(value)))
        });
        Ok(Reply::Map(pairs.collect()))
    }

    fn manage_scripts(&mut self, words: &mut Words) -> Answer {
        match words.next_upper().as_str() {
            "FLUSH" => {
                self.has_script = false;
                Ok(Reply::OK)
            }
            "LOAD" if words.next().is_some_and(|it| it == script::SOURCE) => {
                self.has_script = true;
                Ok(Reply::text(self.digest.clone()))
            }
            _ => Err(Failure::Unknown),
        }
    }

    fn evaluate(&mut self, words: &mut Words) -> Answer {
        let digest = words.next().ok_or(Failure::Unknown)?;
        if !self.has_script || *digest != self.digest {
            return Err(Failure::NoScript);
        }
        let count = words.number()?;
        let (keys, args) = words
            .rest()
            .split_at_checked(count)
            .ok_or(Failure::Unknown)?;
        script::run(&mut self.store, keys, args, self.unix_us)
    }

    /// `XREAD [COUNT n] [BLOCK ms] STREAMS key id`: of one stream.
    fn read(&mut self, words: &mut Words) -> Result<Outcome, Failure> {
        let (mut most, mut block) = (COUNT, None);
        loop {
            match words.next_upper().as_str() {
                "COUNT" => most = words.number()?,
                "BLOCK" => block = Some(words.number()?),
                "STREAMS" => break,
                _ => return Err(Failure::Unknown),
            }
        }
        let [key, id] = words.rest() else {
            return Err(Failure::Unknown);
        };
        let until = match block {
            None | Some(0) => None,
            Some(ms) => Some(self.now + Duration::from_millis(ms)),
        };
        let after = Id::parse(&text(id), 0)?;
        let waiting = Waiting {
            key: key.clone(),
            after,
            most,
            until,
        };
        Ok(match self.look(&waiting)? {
            Some(reply) => Outcome::Answered(reply),
            None if block.is_none() => Outcome::Answered(Reply::Nil),
            None => Outcome::Waits(waiting),
        })
    }

    /// What one who waits is answered, if there is anything.
    pub(super) fn look(&self, waiting: &Waiting) -> Result<Option<Reply>, Failure> {
        let stream = self.store.stream(&waiting.key)?;
        let entries = stream.map(|stream| stream.after(waiting.after, waiting.most));
        let entries = entries.filter(|entries| !entries.is_empty());
        Ok(entries.map(|entries| {
            let key = Reply::Text(waiting.key.clone());
            Reply::Map(vec![(key, Reply::List(entries))])
        }))
    }
}
