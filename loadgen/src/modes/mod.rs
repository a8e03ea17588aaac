//! The modes: each is some trials, and what is made of them.

pub mod broadcast;
pub mod compare;
pub mod connect;
pub mod idle;
pub mod ratio;
pub mod search;
pub mod step;

use std::{
    cell::Cell,
    io::{self, Write},
    sync::Arc,
};

use hubbub::system::tls::client::Trust;
use thiserror::Error;

use crate::{
    args::{Args, Mode},
    live::Live,
    page::Page,
    plan::{
        Plan, PlanError,
        target::{Handshake, Target, TargetError},
    },
    record::{distribution::Distribution, log::DeliveryLog},
    report::{
        Report,
        expect::UnknownFigure,
        files::{Files, Unwritten},
    },
    server::{
        find,
        own::{self, ServeError, Server, ServerError},
        usage::{UsageError, Watched},
    },
    swarm::{interrupts::Interrupts, shard::ShardError},
    trial::{Stage, Trial},
};

/// What a mode comes to.
#[derive(Debug)]
pub struct Outcome {
    /// The result.
    pub report: Report,
    /// The distribution that `--hdr` is for, if this mode has one.
    pub latency: Option<Distribution>,
    /// The result as a page, without what all pages have in common.
    pub page: Page,
}

/// What the trials of a run have in common.
#[derive(Debug)]
pub struct Session<'a> {
    /// The command line.
    pub args: &'a Args,
    log: Option<Arc<DeliveryLog>>,
    interrupts: Interrupts,
    /// The way there, for people.
    pub live: Live,
}

/// A server under test.
#[derive(Debug)]
pub struct Host {
    target: Target,
    watched: Option<Watched>,
    /// Trials that ran against it.
    trials: Cell<u32>,
    /// The run's own; dropped last, and so stopped after all else.
    _own: Option<Server>,
}

/// Does what the flags say, and writes the result; returns the exit status that says how it came out.
///
/// # Errors
/// When there is nothing to report: wrong flags, or a server that cannot be reached. The text is one sentence that says
/// what to do.
pub fn run(args: &Args) -> Result<u8, RunError> {
    if args.mode == Mode::ServeChild {
        own::serve_child()?;
        return Ok(0);
    }
    args.expect
        .iter()
        .try_for_each(|expectation| expectation.check(args.mode))?;
    // What is demanded of each step of a search is demanded of a fan-out.
    args.slo
        .iter()
        .try_for_each(|demand| demand.check(Mode::Fanout))?;
    if args.insecure {
        // Whoever does not listen cannot be warned.
        let _ = writeln!(
            io::stderr(),
            "loadgen: --insecure: the server is not asked for a certificate that proves who it is"
        );
    }
    let files = Files::open(args)?;
    let mut session = Session {
        args,
        log: files.log(),
        interrupts: Interrupts::heed().map_err(RunError::Signals)?,
        live: Live::new(),
    };
    let Outcome {
        mut report,
        latency,
        page,
    } = match args.mode {
        Mode::ServeChild => unreachable!("it has returned"),
        Mode::Fanout | Mode::Saturate => broadcast::run(&mut session)?,
        Mode::Search => search::run(&mut session)?,
        Mode::Idle => idle::run(&mut session)?,
        Mode::Connect => connect::run(&mut session)?,
        Mode::Compare => compare::run(&mut session)?,
    };
    drop(session);
    report.judge(&args.expect);
    files.write(&report, latency.as_ref(), page)?;
    Ok(report.verdict().exit_code())
}

impl Session<'_> {
    /// Plans what all trials have in common.
    ///
    /// # Errors
    /// The user's: flags that do not go together.
    pub fn plan(&self) -> Result<Plan, RunError> {
        let plan = Plan::new(self.args)?;
        fastrand::seed(plan.seed);
        Ok(plan)
    }

    /// Runs one of many trials against a server; `None` if the user ended it before there was anything to report of it.
    ///
    /// # Errors
    /// As [`trial`](Self::trial).
    pub fn next_trial(&mut self, plan: &Plan, host: &Host) -> Result<Option<Trial>, RunError> {
        match Trial::run(plan, &mut self.stage(host, None)) {
            Err(ShardError::Interrupted) => Ok(None),
            trial => Ok(Some(trial?).filter(|trial| !trial.interrupted)),
        }
    }

    /// Runs one trial against a server.
    ///
    /// # Errors
    /// When there is nothing to report of it.
    pub fn trial(&mut self, plan: &Plan, host: &Host) -> Result<Trial, RunError> {
        let log = self.log.clone();
        Ok(Trial::run(plan, &mut self.stage(host, log))?)
    }

    /// Has clients come and go.
    ///
    /// # Errors
    /// As [`trial`](Self::trial).
    pub fn handshakes(&mut self, plan: &Plan, host: &Host) -> Result<Trial, RunError> {
        Ok(Trial::handshakes(plan, &mut self.stage(host, None))?)
    }

    fn stage<'s>(&'s mut self, host: &'s Host, log: Option<Arc<DeliveryLog>>) -> Stage<'s> {
        Stage {
            target: &host.target,
            watched: host.watched.as_ref(),
            fresh: host.trials.replace(host.trials.get() + 1) == 0,
            log,
            interrupts: &self.interrupts,
            live: &mut self.live,
        }
    }

    /// The server that the flags name, or a new one of our own.
    ///
    /// # Errors
    /// A wrong URL, a process that cannot be watched, or a server that does not start.
    pub fn host(&self, plan: &Plan) -> Result<Host, RunError> {
        let pid = self.args.server_pid.first().copied();
        self.host_at(plan, self.args.url.as_deref(), pid)
    }

    /// A server by its URL and process, or a new one of our own if it has no URL.
    ///
    /// # Errors
    /// As [`host`](Self::host).
    pub fn host_at(
        &self,
        plan: &Plan,
        url: Option<&str>,
        pid: Option<i32>,
    ) -> Result<Host, RunError> {
        let own = match url {
            None => Some(Server::start()?),
            Some(_) => None,
        };
        let own_url = own.as_ref().map(|server| server.url(&plan.protocol));
        let url = url.or(own_url.as_deref()).unwrap_or_default();
        let args = self.args;
        let handshake = Handshake {
            path: Some(args.path.as_deref().unwrap_or(plan.protocol.endpoint())),
            token: args.token.as_ref(),
            headers: &args.header,
            subprotocol: args.subprotocol.as_ref(),
            trust: Trust::new(args.insecure, args.ca.clone()),
        };
        let target = Target::new(url, &handshake)?;
        if plan.source_ips.is_some() && !target.is_near() {
            return Err(RunError::SourceIps {
                url: target.url().to_owned(),
            });
        }
        let watched = match pid.or(own.as_ref().map(Server::pid)) {
            Some(pid) => Some(Watched::new(pid)?),
            // Whoever was not named need not be seen either.
            None => find::listener(target.place()).and_then(|pid| Watched::new(pid).ok()),
        };
        Ok(Host {
            target,
            watched,
            trials: Cell::new(0),
            _own: own,
        })
    }
}

/// Why there is no result. Each text is a sentence that names the culprit and says what to do.
#[derive(Debug, Error)]
pub enum RunError {
    /// Flags that cannot work.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An expectation of what is not measured.
    #[error(transparent)]
    Figure(#[from] UnknownFigure),
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
    /// The exit status: 2, usage or set-up, unless the server let some clients in and then failed the others.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Trial(error) if error.is_refusal() && error.inside() > 0 => 1,
            _ => 2,
        }
    }
}
