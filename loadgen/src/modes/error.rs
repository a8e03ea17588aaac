//! Why a run has no result.

use std::io;

use thiserror::Error;

use crate::{
    outcome::expectation::FigureError,
    plan::{error::PlanError, target::TargetError},
    report::files::Unwritten,
    server::{
        own::{ServeError, ServerError},
        usage::UsageError,
    },
    swarm::shard::ShardError,
};

/// Why there is no result. Each text is a sentence that names the culprit and says what to do.
#[derive(Debug, Error)]
pub enum RunError {
    /// Flags that cannot work.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An expectation of what is not measured.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A URL that cannot be connected to.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The run's own server did not start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// There is nothing to report of a trial.
    #[error(transparent)]
    Trial(#[from] ShardError),
    /// The user ended it too early.
    #[error("stopped before there was anything to report: nothing was measured")]
    Nothing,
    /// A process that cannot be watched.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// As the server: it failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Addresses of this machine lead to this machine only.
    #[error(
        "--source-ips are addresses like 127.0.0.2, from where {url} cannot be reached: leave them out"
    )]
    SourceIps {
        /// Where to.
        url: String,
    },
    /// Ctrl-C could not be heeded.
    #[error("the system failed the load generator: {0}")]
    Signals(io::Error),
    /// The result cannot be written.
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
}

impl RunError {
    /// The exit status: 2, usage or set-up, unless the server let some clients in and not the others.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Trial(error) if error.is_refusal() && error.inside() > 0 => 1,
            _ => 2,
        }
    }
}
