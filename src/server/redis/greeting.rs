//! How a connection to Redis begins: who we are, who answers, and what that is worth.

use super::{
    outage::{Outage, shown},
    resp::Reply,
    script,
};
use crate::vocabulary::redis::RedisUrl;

/// The oldest version that numbers entries of a stream within an era (`XADD key ERA-*`).
const VERSION_MIN: u32 = 7;
/// Whose password is given where no user is.
const DEFAULT_USER: &str = "default";
/// How the error begins that one answers who has no such command.
const UNKNOWN_COMMAND: &str = "ERR unknown command";
/// `master_replid2` of one that was never the replica of another since it began.
const NEVER_A_REPLICA: char = '0';

/// What answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it calls this run of itself: another one after each start.
    pub run: String,
    /// Its version.
    pub version: String,
    /// What it keeps, if it tells us.
    pub persistence: Option<Persistence>,
    /// Whether it took the place of another, of whose last entries it may not have all.
    pub was_replica: bool,
    /// The digest of the script, by which it is called.
    pub(super) script: String,
}

/// What Redis keeps of what it has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persistence {
    /// Whether all is on its disk before it answers (`appendonly yes`, `appendfsync always`).
    pub is_synced: bool,
    /// Whether it writes down what it takes at all (`appendonly yes`).
    pub is_written: bool,
    /// What it does away with when it is full.
    pub eviction: String,
}

impl Facts {
    /// What that means for what is said.
    pub(super) fn worth(&self) -> Vec<String> {
        let kept = match &self.persistence {
            _ if self.was_replica => {
                "it took the place of another, of which it may not have all: all channels begin anew when it starts again"
            }
            None => {
                "it does not tell what it keeps (CONFIG GET): all channels begin anew when it starts again"
            }
            Some(it) if it.is_synced => "it keeps all that was said, also if it crashes",
            Some(it) if it.is_written => {
                "it may lose the last second if it crashes, and all channels begin anew when it starts again: set \
                 appendfsync always"
            }
            Some(_) => {
                "it keeps nothing of what was said when it starts again: set appendonly yes and appendfsync always"
            }
        };
        let evicting = self.persistence.iter().filter(|it| it.evicts());
        let evicting = evicting.map(|it| {
            format!("it may do away with the journal when it is full (maxmemory-policy {}): set noeviction", it.eviction)
        });
        [kept.to_owned()].into_iter().chain(evicting).collect()
    }

    /// Whether all entries that anybody has seen are there after another start of Redis.
    pub fn keeps_all(&self) -> bool {
        !self.was_replica && self.persistence.as_ref().is_some_and(|it| it.is_synced)
    }
}

impl Persistence {
    /// Whether keys may go that have no end of their own.
    fn evicts(&self) -> bool {
        self.eviction.starts_with("allkeys")
    }
}

/// What is asked at the beginning, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Hello,
    Database,
    Run,
    Replication,
    Persistence,
    Script,
}

/// Questions of which some are answered.
#[derive(Debug)]
pub(super) struct Greeting {
    answered: usize,
    facts: Facts,
    /// Something was to be had only once Redis has loaded its data.
    is_loading: bool,
}

const QUESTIONS: [Question; 6] = [
    Question::Hello,
    Question::Database,
    Question::Run,
    Question::Replication,
    Question::Persistence,
    Question::Script,
];

impl Greeting {
    /// Asks everything at once: what is wrong shows in the first answer that is no good.
    pub(super) fn begin(url: &RedisUrl, mut say: impl FnMut(&[&[u8]])) -> Self {
        for question in QUESTIONS {
            question.ask(url, &mut say);
        }
        Self {
            answered: 0,
            facts: Facts {
                run: String::new(),
                version: String::new(),
                persistence: None,
                was_replica: true,
                script: String::new(),
            },
            is_loading: false,
        }
    }

    /// Takes an answer; after the last one it is known who answers.
    ///
    /// # Errors
    /// It is no Redis that is of use, or not yet.
    pub(super) fn answer(
        &mut self,
        reply: &Reply,
        url: &RedisUrl,
    ) -> Result<Option<Facts>, Outage> {
        let question = QUESTIONS[self.answered];
        self.answered += 1;
        match question.judge(reply, url, &mut self.facts) {
            Err(Outage::Loading) => self.is_loading = true,
            judged => judged?,
        }
        if self.answered < QUESTIONS.len() {
            return Ok(None);
        }
        if self.is_loading {
            return Err(Outage::Loading);
        }
        Ok(Some(self.facts.clone()))
    }
}

impl Question {
    fn ask(self, url: &RedisUrl, say: &mut impl FnMut(&[&[u8]])) {
        match self {
            Self::Hello => {
                let mut words: Vec<&[u8]> = vec![b"HELLO", b"3"];
                if let Some(credentials) = &url.credentials {
                    let user = credentials.user.as_deref().unwrap_or(DEFAULT_USER);
                    let auth = ["AUTH", user, &credentials.password];
                    words.extend(auth.map(str::as_bytes));
                }
                words.extend([b"SETNAME".as_slice(), b"hubbub"]);
                say(&words);
            }
            Self::Database => say(&[b"SELECT", url.database.to_string().as_bytes()]),
            Self::Run => say(&[b"INFO", b"server"]),
            Self::Replication => say(&[b"INFO", b"replication"]),
            Self::Persistence => say(&[
                b"CONFIG",
                b"GET",
                b"appendonly",
                b"appendfsync",
                b"maxmemory-policy",
            ]),
            Self::Script => say(&[b"SCRIPT", b"LOAD", script::SOURCE.as_bytes()]),
        }
    }

    /// Notes what an answer says.
    fn judge(self, reply: &Reply, url: &RedisUrl, facts: &mut Facts) -> Result<(), Outage> {
        if let Reply::Error(error) = reply {
            return match (self, Outage::told(error)) {
                // Only Redis 6 and later know it.
                (Self::Hello, Outage::Unexpected(told)) if told.starts_with(UNKNOWN_COMMAND) => {
                    Err(Outage::TooOld("before 6".to_owned()))
                }
                (Self::Database, Outage::Unexpected(_)) => Err(Outage::NoDatabase(url.database)),
                (Self::Persistence, told) if told != Outage::Loading => Ok(()),
                (_, told) => Err(told),
            };
        }
        match self {
            Self::Hello => {
                let said = |name| reply.get(name).and_then(Reply::text).ok_or(self.odd());
                match said("mode")? {
                    "cluster" => return Err(Outage::Cluster),
                    "sentinel" => return Err(Outage::Sentinel),
                    _ => {}
                }
                let version = said("version")?;
                let major = version.split('.').next().and_then(|text| text.parse().ok());
                if major.is_none_or(|major: u32| major < VERSION_MIN) {
                    return Err(Outage::TooOld(shown(version.as_bytes())));
                }
                facts.version = version.into();
            }
            Self::Database => {}
            Self::Run => facts.run = self.line(reply, "run_id")?.into(),
            Self::Replication => {
                let former = self.line(reply, "master_replid2")?;
                facts.was_replica = former.contains(|char| char != NEVER_A_REPLICA);
            }
            Self::Persistence => {
                let said = |name| reply.get(name).and_then(Reply::text).unwrap_or_default();
                let is_written = said("appendonly") == "yes";
                facts.persistence = Some(Persistence {
                    is_synced: is_written && said("appendfsync") == "always",
                    is_written,
                    eviction: said("maxmemory-policy").to_owned(),
                });
            }
            Self::Script => facts.script = reply.text().ok_or(self.odd())?.into(),
        }
        Ok(())
    }

    /// What `INFO` says under a name.
    fn line<'a>(self, reply: &'a Reply, name: &str) -> Result<&'a str, Outage> {
        let mut lines = reply.text().unwrap_or_default().lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.ok_or(self.odd())
    }

    /// An answer that makes no sense.
    fn odd(self) -> Outage {
        Outage::unexpected(format!("at the beginning, of {self:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::redis::testing::{greetings, replies, settings};

    /// What comes of these answers.
    fn greet(answers: &str) -> Result<Option<Facts>, Outage> {
        let mut greeting = Greeting::begin(&settings().url, |_| ());
        for reply in replies(answers) {
            let greeted = greeting.answer(&reply, &settings().url);
            if !matches!(greeted, Ok(None)) {
                return greeted;
            }
        }
        Ok(None)
    }

    #[test]
    fn a_redis_that_greets_well_is_known_by_its_run() {
        let facts = greet(&greetings()).unwrap().unwrap();
        assert_eq!(facts.run, "run-1");
        assert_eq!(facts.version, "7.0.15");
        assert!(facts.keeps_all());
    }

    #[test]
    fn one_that_keeps_less_or_does_not_tell_may_not_have_all() {
        let with = |from: &str, to: &str| {
            let answers = greetings();
            assert!(answers.contains(from));
            greet(&answers.replace(from, to)).unwrap().unwrap()
        };
        assert!(!with("always\r\n", "nosync\r\n").keeps_all());
        assert!(!with("%3\r\n+appendonly\r\n+yes", "%3\r\n+appendonly\r\n+no").keeps_all());
        let promoted = with("master_replid2:0000", "master_replid2:abcd");
        assert!(promoted.was_replica && !promoted.keeps_all());
        let (before, after) = greetings().split_once("%3").map(own).unwrap();
        let rest = after.split_once("noeviction\r\n").unwrap().1;
        let denied = format!("{before}-NOPERM no\r\n{rest}");
        let facts = greet(&denied).unwrap().unwrap();
        assert_eq!(facts.persistence, None);
        assert!(!facts.keeps_all());
    }

    fn own((before, after): (&str, &str)) -> (String, String) {
        (before.to_owned(), after.to_owned())
    }

    #[test]
    fn who_is_of_no_use_is_refused_by_name() {
        let refused = |from: &str, to: &str| greet(&greetings().replace(from, to)).unwrap_err();
        assert_eq!(refused("standalone", "cluster"), Outage::Cluster);
        assert_eq!(refused("standalone", "sentinel"), Outage::Sentinel);
        assert_eq!(
            refused("7.0.15", "6.2.15"),
            Outage::TooOld("6.2.15".to_owned())
        );
        assert_eq!(
            greet("-ERR unknown command `HELLO`\r\n"),
            Err(Outage::TooOld("before 6".to_owned()))
        );
        assert_eq!(
            greet("-ERR max number of clients reached\r\n"),
            Err(Outage::TooManyClients)
        );
        let denied = greet("-DENIED Redis is running in protected mode\r\n").unwrap_err();
        assert!(denied.to_string().contains("protected mode"), "{denied}");
        assert_eq!(greet("-WRONGPASS no\r\n"), Err(Outage::WrongPassword));
        assert_eq!(greet("-NOAUTH no\r\n"), Err(Outage::NoPassword));
        assert_eq!(
            refused("+OK\r\n", "-ERR DB index is out of range\r\n"),
            Outage::NoDatabase(0)
        );
        assert!(refused("run_id", "nun_id").to_string().contains("Run"));
    }

    #[test]
    fn who_loads_its_data_is_asked_again() {
        let loading = greetings().replace("+digest\r\n", "-LOADING no\r\n");
        assert_eq!(greet(&loading), Err(Outage::Loading));
    }

    #[test]
    fn the_password_is_said() {
        let mut said = Vec::new();
        Greeting::begin(&settings().url, |words| said.push(words.concat()));
        assert_eq!(said[0], b"HELLO3AUTHdefaultsecretSETNAMEhubbub");
    }
}
