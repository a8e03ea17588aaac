//! Why a run cannot go on.

use std::{fmt, io, time::Duration};

use thiserror::Error;

use crate::{
    figures::words::counted,
    record::{end::End, heard::Words},
    swarm::dial::DialError,
};

/// Why a run cannot go on.
#[derive(Debug, Error)]
pub enum ShardError {
    /// A client did not come in. The server's fault, or the URL's.
    #[error("cannot connect to {url}: {source}{}", others(*inside))]
    Dial {
        /// Where to.
        url: String,
        /// Clients that came in.
        inside: usize,
        /// What went wrong, and what to look at.
        source: DialError,
    },
    /// A client was let in and sent away before there was a message.
    #[error(
        "{url} let a client in and ended its connection before the first message ({how}): what does the server ask of its \
         clients first?"
    )]
    Dismissed {
        /// Where to.
        url: String,
        /// How it did, in its own words if there are any.
        how: String,
    },
    /// A client was let in, and could not stay in.
    #[error("{url} let a client in, which could not stay until the first message: {fault}")]
    Faulty {
        /// Where to.
        url: String,
        /// What the server did.
        fault: String,
    },
    /// The server accepts no more, or answers no more.
    #[error(
        "only {inside} of {} could connect, and none in the last {patience:?}: client {client} at {url} waits for \
         {awaited}; is what is there a WebSocket server that speaks this --protocol at this path, and below its limit of \
         connections?{}", counted(*wanted as u64, "client"), first(heard.as_deref())
    )]
    Stalled {
        /// Where one goes to that is not in.
        url: String,
        /// Clients that came in, wherever.
        inside: usize,
        /// Clients that should.
        wanted: usize,
        /// How long none has come in.
        patience: Duration,
        /// That client.
        client: usize,
        /// What it waits for.
        awaited: &'static str,
        /// The first frame that nobody waited for.
        heard: Option<String>,
    },
    /// The server does not say what a script waits for.
    #[error(
        "only {inside} of {} are in, and none came in the last {patience:?}: client {client} at {url} \
         waits for {awaited}, {}", counted(*wanted as u64, "client"), after_all(last.as_deref())
    )]
    Silent {
        /// Where one goes to that is not in.
        url: String,
        /// Clients that are in, wherever.
        inside: usize,
        /// Clients that should be.
        wanted: usize,
        /// How long none has come in.
        patience: Duration,
        /// That client.
        client: usize,
        /// What it waits for.
        awaited: String,
        /// What it heard last.
        last: Option<String>,
    },
    /// A signal came before there was anything to report.
    #[error("stopped before measuring began: there is nothing to report")]
    Interrupted,
    /// The system denies what a run needs.
    #[error("the system failed the load generator: {0}")]
    System(#[from] io::Error),
}

impl ShardError {
    /// A client that was let in did not stay, and this is how its connection ended and what was heard.
    pub fn sent_away(url: String, end: End, heard: Words) -> Self {
        match heard.fault {
            Some(fault) => Self::Faulty { url, fault },
            None => Self::Dismissed {
                url,
                how: heard.close.unwrap_or_else(|| end.to_string()),
            },
        }
    }

    /// Why, without where: of a client that did not come in.
    pub fn reason(&self) -> &dyn fmt::Display {
        match self {
            Self::Dial { source, .. } => source,
            _ => self,
        }
    }

    /// Whether the server let no more clients in, rather than this machine or the user.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Dial { source, .. } => source.is_refusal(),
            Self::Dismissed { .. }
            | Self::Faulty { .. }
            | Self::Stalled { .. }
            | Self::Silent { .. } => true,
            Self::Interrupted | Self::System(_) => false,
        }
    }

    /// Clients that came in.
    pub fn inside(&self) -> usize {
        match self {
            Self::Dial { inside, .. }
            | Self::Stalled { inside, .. }
            | Self::Silent { inside, .. } => *inside,
            Self::Dismissed { .. } | Self::Faulty { .. } | Self::Interrupted | Self::System(_) => 0,
        }
    }
}

fn others(inside: usize) -> String {
    match inside {
        0 => String::new(),
        inside => format!(" ({} came in)", counted(inside as u64, "client")),
    }
}

fn after_all(last: Option<&str>) -> String {
    match last {
        Some(last) => format!("and the last that it got is {last}"),
        None => "and got nothing at all".to_owned(),
    }
}

fn first(heard: Option<&str>) -> String {
    heard.map_or_else(String::new, |heard| {
        format!(" The first that it said: {heard}")
    })
}
