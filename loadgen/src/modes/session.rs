//! What the trials of a run have in common, and the servers that they run against.

use std::{cell::Cell, sync::Arc};

use hubbub::system::tls::client::Trust;
use tungstenite::http::HeaderValue;

use crate::{
    args::Args,
    modes::error::RunError,
    plan::{
        Plan,
        script::Script,
        target::{Handshake, Target},
    },
    record::log::DeliveryLog,
    report::live::Live,
    server::{find, own::Server, usage::Watched},
    swarm::{
        interrupts::Interrupts,
        shard::ShardError,
        trial::{Stage, Trial},
    },
};

/// What the trials of a run have in common.
#[derive(Debug)]
pub struct Session<'a> {
    /// The command line.
    pub args: &'a Args,
    log: Option<Arc<DeliveryLog>>,
    interrupts: Interrupts,
    live: Live,
}

/// A server under test, of one node or several.
#[derive(Debug)]
pub struct Host {
    targets: Vec<Target>,
    watched: Option<Watched>,
    /// Trials that ran against it.
    trials: Cell<u32>,
    /// The run's own; dropped last, and so stopped after all else.
    _own: Option<Server>,
}

impl<'a> Session<'a> {
    /// Heeds the user's signals from here on.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn begin(args: &'a Args, log: Option<Arc<DeliveryLog>>) -> Result<Self, RunError> {
        Ok(Self {
            args,
            log,
            interrupts: Interrupts::heed().map_err(RunError::Signals)?,
            live: Live::new(args.no_tui),
        })
    }

    /// Says to whoever watches which of several trials comes next, such as `round 3 of 12, mine: `.
    pub fn label(&mut self, label: String) {
        self.live.label(label);
    }

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
        match self.run(Trial::run, plan, host, None) {
            Err(ShardError::Interrupted) => Ok(None),
            trial => Ok(Some(trial?).filter(|trial| !trial.interrupted)),
        }
    }

    /// Runs one trial against a server.
    ///
    /// # Errors
    /// When there is nothing to report of it.
    pub fn trial(&mut self, plan: &Plan, host: &Host) -> Result<Trial, RunError> {
        Ok(self.run(Trial::run, plan, host, self.log.clone())?)
    }

    /// Has clients come and go.
    ///
    /// # Errors
    /// As [`trial`](Self::trial).
    pub fn handshakes(&mut self, plan: &Plan, host: &Host) -> Result<Trial, RunError> {
        Ok(self.run(Trial::handshakes, plan, host, None)?)
    }

    fn run(
        &mut self,
        trial: fn(&Plan, &mut Stage) -> Result<Trial, ShardError>,
        plan: &Plan,
        host: &Host,
        log: Option<Arc<DeliveryLog>>,
    ) -> Result<Trial, ShardError> {
        let mut stage = Stage {
            targets: &host.targets,
            watched: host.watched.as_ref(),
            fresh: host.trials.replace(host.trials.get() + 1) == 0,
            log,
            interrupts: &self.interrupts,
            watcher: &mut |progress| self.live.show(&progress),
        };
        trial(plan, &mut stage)
    }

    /// The server that the flags name, or a new one of our own.
    ///
    /// # Errors
    /// A wrong URL, a process that cannot be watched, or a server that does not start.
    pub fn host(&self, plan: &Plan) -> Result<Host, RunError> {
        self.host_at(plan, &self.args.url, &self.args.server_pid)
    }

    /// A server by its URLs and processes, or a new one of our own if it has no URL.
    ///
    /// # Errors
    /// As [`host`](Self::host).
    pub fn host_at(&self, plan: &Plan, urls: &[String], pids: &[i32]) -> Result<Host, RunError> {
        let own = match urls {
            [] => Some(Server::start(plan.inflating > 0)?),
            _ => None,
        };
        let own_url = own.as_ref().map(|server| server.url(&plan.protocol));
        let args = self.args;
        let script = plan.protocol.script();
        let language = script.and_then(Script::path);
        let endpoint = language.unwrap_or(plan.protocol.endpoint());
        let subprotocol = script.and_then(Script::subprotocol);
        let subprotocol = subprotocol.map(HeaderValue::from_static);
        let handshake = Handshake {
            path: Some(args.path.as_deref().unwrap_or(endpoint)),
            default_path: language.unwrap_or("/"),
            token: args.token.as_ref(),
            headers: &args.header,
            subprotocol: args.subprotocol.as_ref().or(subprotocol.as_ref()),
            trust: Trust::new(args.insecure, args.ca.clone()),
        };
        let urls = urls.iter().chain(&own_url);
        let targets = urls.map(|url| Target::new(url, &handshake));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        if let Some(far) = targets.iter().find(|target| !target.is_near())
            && plan.source_ips.is_some()
        {
            return Err(RunError::SourceIps {
                url: far.url().to_owned(),
            });
        }
        let own_pid = own.as_ref().map(Server::pid);
        let pids: Vec<i32> = pids.iter().copied().chain(own_pid).collect();
        let watched = if pids.is_empty() {
            // Whoever was not named need not be seen either; of some nodes only, the figures would say nothing.
            let found = targets.iter().map(|target| find::listeners(target.place()));
            let found: Option<Vec<Vec<i32>>> = found.collect();
            found.and_then(|pids| Watched::new(pids.concat()).ok())
        } else {
            Some(Watched::new(pids)?)
        };
        Ok(Host {
            targets,
            watched,
            trials: Cell::new(0),
            _own: own,
        })
    }
}
