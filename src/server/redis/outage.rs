//! Why there is nothing to be had from Redis for now.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::resp::RespError;
use crate::vocabulary::{config::LOGGED_CHARS_MAX, visible::visible};

/// What a user of Redis must be permitted to run: all that is asked of it, and what the script asks. Without the last it is
/// not known what Redis keeps.
const NEEDED_COMMANDS: &str = "+@stream +@hash +hello +select +info +script +evalsha +time +exists +del +get +set +config|get";

/// Why Redis does not serve. Nothing of it is final: all is tried again, what an operator has to mend too.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Outage {
    /// There was no time to ask yet.
    #[error("Redis was not asked yet")]
    Unasked,
    /// No connection came about, or it failed.
    #[error("Redis cannot be reached ({0}): see that it runs, and that --redis names it")]
    Unreachable(String),
    /// TLS came to nothing, mostly since nobody here knows who signed its certificate.
    #[error(
        "no TLS with Redis ({0}): see that --redis names it as its certificate does, and --redis-ca who signed that"
    )]
    Tls(String),
    /// Redis ended the connection.
    #[error("Redis closed the connection")]
    Closed,
    /// It may run and not get on, as when it is stopped or its disk is.
    #[error("Redis did not answer within {0:?}")]
    Silent(Duration),
    /// It has begun and reads what it had written down.
    #[error("Redis is loading its data")]
    Loading,
    /// `-OOM`.
    #[error("Redis has reached its maxmemory: raise it, or keep less with --redis-history")]
    OutOfMemory,
    /// `-READONLY`, `-MASTERDOWN`.
    #[error(
        "this Redis is a replica, which takes nothing: give --redis the address of the primary"
    )]
    ReadOnly,
    /// `-MISCONF`.
    #[error("Redis takes nothing since it cannot save to its disk: see its log ({0})")]
    CannotSave(String),
    /// `-BUSY`.
    #[error("Redis is busy with a script of somebody else's: SCRIPT KILL ends it")]
    Busy,
    /// `-NOREPLICAS`.
    #[error("Redis has fewer replicas than its min-replicas-to-write demands")]
    TooFewReplicas,
    /// What it answers to whoever is one too many.
    #[error("Redis has as many clients as its maxclients permits: raise it")]
    TooManyClients,
    /// `-WRONGPASS`.
    #[error("Redis does not accept the user and the password of --redis: set those that it knows")]
    WrongPassword,
    /// `-NOAUTH`.
    #[error("Redis wants a password: write it into --redis, like redis://:PASSWORD@HOST")]
    NoPassword,
    /// `-NOPERM`, or what Redis 7 answers in its place where it is the script that may not.
    #[error(
        "Redis does not permit its user what a journal needs ({0}): grant it ~{{PREFIX}}* {NEEDED_COMMANDS} with ACL SETUSER"
    )]
    NoPermission(String),
    /// There is no such database.
    #[error("Redis has no database {0}: choose another in --redis, or raise its `databases`")]
    NoDatabase(u32),
    /// It says that it is older than streams with ids that we need.
    #[error("Redis {0} is too old: version 7 or later is needed, or Valkey")]
    TooOld(String),
    /// All keys of a journal lie in one slot, and a cluster spreads slots.
    #[error(
        "Redis Cluster is not supported: name a Redis that is none, or a primary with replicas"
    )]
    Cluster,
    /// It only tells where Redis is.
    #[error("a Sentinel answers, which keeps no data: name the Redis that it watches")]
    Sentinel,
    /// What answers is none.
    #[error("{0}: see that --redis names one, and its scheme (rediss:// where it speaks TLS)")]
    NotRedis(RespError),
    /// `-WRONGTYPE`.
    #[error("a key of the journal is taken by something else: choose another --redis-prefix")]
    KeyTaken,
    /// What it answers makes no sense where it was asked.
    #[error("Redis answers what was not expected ({0})")]
    Unexpected(String),
}

impl Outage {
    /// What came of a call of the system.
    pub(super) fn unreachable(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData {
            return Self::Tls(error.to_string());
        }
        Self::Unreachable(error.to_string())
    }

    /// What makes no sense, and where.
    pub(super) fn unexpected(place: impl Into<String>) -> Self {
        Self::Unexpected(place.into())
    }

    /// What an error says that Redis answers with.
    pub(super) fn told(error: &[u8]) -> Self {
        let text = shown(error);
        match text.split([' ', '\n']).next().unwrap_or_default() {
            "LOADING" => Self::Loading,
            "OOM" => Self::OutOfMemory,
            "READONLY" | "MASTERDOWN" => Self::ReadOnly,
            "MISCONF" => Self::CannotSave(text),
            "BUSY" => Self::Busy,
            "NOREPLICAS" => Self::TooFewReplicas,
            "WRONGPASS" => Self::WrongPassword,
            "NOAUTH" => Self::NoPassword,
            "NOPERM" => Self::NoPermission(text),
            "WRONGTYPE" => Self::KeyTaken,
            "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" => Self::Cluster,
            "ERR" if text.starts_with("ERR max number of clients") => Self::TooManyClients,
            "ERR" if is_denied_to_script(&text) => Self::NoPermission(text),
            _ => Self::Unexpected(text),
        }
    }

    /// Whether it passes without anybody's help, and the connection is as good as before.
    pub(super) fn is_wait(&self) -> bool {
        matches!(
            self,
            Self::Loading
                | Self::OutOfMemory
                | Self::CannotSave(_)
                | Self::Busy
                | Self::TooFewReplicas
        )
    }

    /// Whether it is told before anything is done of what was asked (`journal.lua` is written so).
    pub(super) fn comes_before_all(&self) -> bool {
        self.is_wait() || matches!(self, Self::ReadOnly | Self::KeyTaken)
    }

    /// Whether an operator has to mend something, here or at Redis.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::WrongPassword
                | Self::NoPassword
                | Self::NoPermission(_)
                | Self::NoDatabase(_)
                | Self::TooOld(_)
                | Self::Cluster
                | Self::Sentinel
                | Self::NotRedis(_)
                | Self::Tls(_)
                | Self::KeyTaken
        )
    }
}

impl From<RespError> for Outage {
    fn from(error: RespError) -> Self {
        match error {
            RespError::Garbled(_) => Self::NotRedis(error),
            RespError::TooLarge | RespError::TooDeep => Self::Unexpected(error.to_string()),
        }
    }
}

/// Whether an error says that a script runs something that its user may not: in the words of Redis 7.0, or of those after it.
fn is_denied_to_script(text: &str) -> bool {
    [
        "ERR The user executing the script can't ",
        "ERR ACL failure in script",
    ]
    .iter()
    .any(|begins| text.starts_with(begins))
}

/// What is shown of a text of Redis.
pub(super) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    visible(&text, &[]).chars().take(LOGGED_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_refuses_is_told_with_what_to_do() {
        let told = |text: &str| Outage::told(text.as_bytes());
        assert_eq!(
            told("OOM command not allowed when used memory > 'maxmemory'."),
            Outage::OutOfMemory
        );
        assert_eq!(told("LOADING Redis is loading"), Outage::Loading);
        assert_eq!(told("READONLY You can't write"), Outage::ReadOnly);
        assert!(told("OOM").is_wait() && !told("READONLY").is_wait());
        let denied = told("NOPERM User ada has no permissions to run the 'evalsha' command");
        assert!(denied.is_refusal());
        assert!(denied.to_string().contains("'evalsha'"), "{denied}");
        assert!(denied.to_string().contains("~{PREFIX}* "), "{denied}");
        for of_script in [
            "ERR The user executing the script can't run this command or subcommand script: 1a, on @user_script:88.",
            "ERR ACL failure in script: User ada has no permissions to run the 'exists' command",
        ] {
            assert!(
                matches!(told(of_script), Outage::NoPermission(_)),
                "{of_script}"
            );
        }
        let odd = told("ERR \u{1b}[2J");
        assert_eq!(odd, Outage::Unexpected("ERR \\u{1b}[2J".to_owned()));
        assert!(!odd.is_refusal());
    }

    #[test]
    fn a_certificate_that_nobody_knows_is_told_with_what_to_do() {
        let cause = "invalid peer certificate: UnknownIssuer";
        let outage = |kind| Outage::unreachable(&io::Error::new(kind, cause));
        let told = outage(io::ErrorKind::InvalidData);
        assert!(told.is_refusal());
        let text = told.to_string();
        assert!(
            text.contains(cause) && text.contains("--redis-ca"),
            "{text}"
        );
        assert!(!outage(io::ErrorKind::ConnectionRefused).is_refusal());
    }

    #[test]
    fn what_is_told_of_an_error_is_bounded() {
        let Outage::Unexpected(text) = Outage::told("x".repeat(10_000).as_bytes()) else {
            panic!()
        };
        assert_eq!(text.len(), LOGGED_CHARS_MAX);
    }
}
