//! A run from its flags to its report.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use thiserror::Error;

use crate::{
    args::{Args, Mode},
    plan::{Plan, PlanError},
    report::{Memory, Report},
    server::{self, ServeError, Server, ServerError},
    swarm::{Swarm, SwarmError},
    table::Shown,
    target::{Target, TargetError},
    usage::{UsageError, Watched},
};

/// Does what the flags say, and writes the result; returns the exit status that says how it came out.
///
/// # Errors
/// When there is nothing to report: wrong flags, or a server that cannot be reached. The text is one sentence that says
/// what to do.
pub fn run(args: &Args) -> Result<u8, RunError> {
    match args.mode {
        Mode::ServeChild => {
            server::serve_child()?;
            Ok(0)
        }
        Mode::Fanout => {
            let mut report = fanout(args)?;
            report.judge(&args.expect);
            write(&report, args.json.as_deref())?;
            Ok(report.verdict().exit_code())
        }
    }
}

fn fanout(args: &Args) -> Result<Report, RunError> {
    let plan = Plan::new(args)?;
    fastrand::seed(plan.seed);
    // Dropped last, and so stopped after all else.
    let own_server = match args.url {
        None => Some(Server::start()?),
        Some(_) => None,
    };
    let own_url = own_server.as_ref().map(Server::url);
    let url = args.url.as_deref().or(own_url).unwrap_or_default();
    let target = Target::new(url, &args.header, args.subprotocol.as_ref())?;
    let watched = args
        .server_pid
        .or(own_server.as_ref().map(Server::pid))
        .map(Watched::new)
        .transpose()?;
    let rss = || watched.as_ref().and_then(Watched::rss_bytes);

    let start = rss();
    let mut swarm = Swarm::new(&plan, &target)?;
    let per_second = swarm.connect()?;
    let idle = rss();
    let traffic = swarm.exchange(watched.as_ref())?;
    let memory = Memory {
        start,
        idle,
        end: rss(),
    };
    swarm.close();
    Ok(Report::fanout(
        &plan,
        args.url.as_deref(),
        per_second,
        swarm.record(),
        &traffic,
        memory,
    ))
}

/// Writes the table to stdout, and the JSON where it is wanted; if that is stdout, the table goes to stderr.
fn write(report: &Report, json: Option<&Path>) -> Result<(), RunError> {
    let table = Shown(report);
    let text = report.to_json() + "\n";
    let failed = |path: &Path, source| RunError::Write {
        path: path.display().to_string(),
        source,
    };
    match json {
        Some(path) if path == Path::new("-") => {
            eprintln!("{table}");
            io::stdout()
                .write_all(text.as_bytes())
                .map_err(|source| failed(path, source))
        }
        Some(path) => {
            println!("{table}");
            fs::write(path, text).map_err(|source| failed(path, source))
        }
        None => {
            println!("{table}");
            Ok(())
        }
    }
}

/// Why there is no result. Each text is a sentence that names the culprit and says what to do.
#[derive(Debug, Error)]
pub enum RunError {
    /// Flags that cannot work.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A URL that cannot be connected to.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The run's own server did not start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The clients did not connect.
    #[error(transparent)]
    Swarm(#[from] SwarmError),
    /// A process that cannot be watched.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// As the server: it failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The result cannot be written.
    #[error(
        "cannot write the result to {path} ({source}): give --json another path, or `-` for stdout"
    )]
    Write {
        /// What `--json` says.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}
