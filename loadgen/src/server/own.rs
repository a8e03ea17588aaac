//! The server that a run starts for itself: this same program, as a process of its own, so that the two can be told
//! apart by what they cost.

use std::{
    env,
    error::Error,
    io::{self, BufRead, BufReader, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use hubbub::{
    system::{reactor::Reactor, signals::Signals},
    vocabulary::{
        address::Address,
        config::{Compression, Config},
    },
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use thiserror::Error;

use crate::plan::protocol::Protocol;

/// The hidden mode that makes this program the server.
const CHILD_MODE: &str = "serve-child";
/// What the server says before its address.
const GREETING: &str = "hubbub listening on http://";
/// How long a server may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server may take to stop: its drain time and some.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);

/// A running server process; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a server on a port of the system's choice, which deflates for those who offer it or does not, and waits until it
    /// listens.
    ///
    /// # Errors
    /// When the process cannot be started or does not come to listen; its own words are on stderr.
    pub fn start(compresses: bool) -> Result<Self, ServerError> {
        let program = env::current_exe().map_err(ServerError::Spawn)?;
        let mut child = Command::new(program)
            .arg(CHILD_MODE)
            .args(compresses.then_some("--compress"))
            // It ends when this pipe does, however we die.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in a terminal reaches a whole group, and is meant for us alone: the server must outlive the run.
            .process_group(0)
            .spawn()
            .map_err(ServerError::Spawn)?;
        let stdout = child.stdout.take().expect("its stdout is piped");
        // Held from here on, so that the process is stopped on errors too.
        let mut server = Self {
            child,
            address: String::new(),
        };
        server.address = address(stdout)?;
        Ok(server)
    }

    /// The URL of the endpoint that speaks a protocol.
    pub fn url(&self, protocol: &Protocol) -> String {
        format!("ws://{}{}", self.address, protocol.endpoint())
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        Pid::from_child(&self.child).as_raw_nonzero().get()
    }

    fn stop(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_none() {
            let handle = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty())?;
            pidfd_send_signal(&handle, Signal::TERM)?;
            if !ready(&handle, STOP_TIMEOUT)? {
                self.child.kill()?;
            }
            self.child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stop().is_err() {
            // The last resort; its end of stdin closes with us in any case.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Is the server, which deflates for those who offer it or does not, until a signal or the end of the parent.
///
/// # Errors
/// When it cannot listen, or the system fails it.
pub fn serve_child(compresses: bool) -> Result<(), ServeError> {
    thread::spawn(|| {
        // The parent never writes: the end of this pipe is the parent's end.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    let config = Config {
        addrs: vec![Address::loopback(0)],
        compression: Compression {
            is_on: compresses,
            ..Compression::default()
        },
        ..Config::default()
    };
    let signals = Signals::hold().map_err(|error| ServeError(error.into()))?;
    let mut reactor = Reactor::bind(config).map_err(|error| ServeError(error.into()))?;
    reactor
        .heed(signals)
        .map_err(|error| ServeError(error.into()))?;
    writeln!(
        io::stdout(),
        "hubbub listening on {}",
        reactor.places()[0].url
    )
    .map_err(|error| ServeError(error.into()))?;
    reactor.run().map_err(|error| ServeError(error.into()))?;
    Ok(())
}

fn address(stdout: ChildStdout) -> Result<String, ServerError> {
    if !ready(&stdout, START_TIMEOUT).map_err(ServerError::Spawn)? {
        return Err(ServerError::Silent);
    }
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .map_err(ServerError::Spawn)?;
    match line.trim().strip_prefix(GREETING) {
        Some(address) => Ok(address.to_owned()),
        None => Err(ServerError::NoAddress { line }),
    }
}

/// Waits until a descriptor is readable or hung up; whether it came to that in time.
fn ready(descriptor: &impl AsFd, timeout: Duration) -> io::Result<bool> {
    let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
    let mut wait = [PollFd::new(descriptor, PollFlags::IN)];
    Ok(rustix::io::retry_on_intr(|| poll(&mut wait, Some(&timeout)))? > 0)
}

/// The run's own server did not come up.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The process could not be started or spoken with.
    #[error("cannot start a server ({0}): give the URL of a running one with --url")]
    Spawn(io::Error),
    /// Nothing was heard of it.
    #[error(
        "the server that was started did not listen within {START_TIMEOUT:?}: give the URL of a running one with --url"
    )]
    Silent,
    /// It ended, or said something else than where it listens.
    #[error(
        "the server that was started said {line:?} instead of where it listens: see above, or give the URL of a running one with --url"
    )]
    NoAddress {
        /// Its first line.
        line: String,
    },
}

/// The server process failed; the text is the server's own.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ServeError(Box<dyn Error + Send + Sync>);
