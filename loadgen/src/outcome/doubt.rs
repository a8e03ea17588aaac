//! Why figures say nothing of the server, in words.

use thiserror::Error;

use crate::figures::words::{counted, time};

/// The part of the time without a core from which on that is worth telling.
const WAITING_TOLD: f64 = 0.01;
/// Of fewer messages one that is late is the p99.
const FEW: u64 = 100;

/// Why figures say nothing of the server. The text says what to change.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum Doubt {
    /// There was nothing to measure.
    #[error(
        "nothing was due in the measured time, so that nothing was measured; raise --rate or --duration"
    )]
    NothingDue,
    /// The same in a closed loop.
    #[error(
        "nothing came back that would have let a publisher send in the measured time, so that nothing was measured; \
         raise --duration"
    )]
    NothingBack,
    /// There was nothing to measure yet when the user ended it.
    #[error("the run was stopped before anything was due that would have been measured")]
    Stopped,
    /// Nothing came, and the server was free not to send it.
    #[error(
        "nothing of what was sent in the measured time came to a client, so that nothing was measured; is there anyone \
         who should get it?"
    )]
    NothingCame,
    /// It was not there for too much of the time to say what the server can do.
    #[error(
        "the load generator itself stood still for {} of {}, as if it or its machine had been stopped; run it again",
        time(*stood_seconds * 1e6), time(*seconds * 1e6)
    )]
    StoodStill {
        /// For how long.
        stood_seconds: f64,
        /// Of how many seconds.
        seconds: f64,
    },
    /// Most messages were sent late, and so in bursts. CPU times are the server's, but of another load.
    #[error(
        "the load generator sent most messages late, half of them by more than {}{}; {}",
        time(*half_us), waited(*waiting_share), remedy(*due)
    )]
    MostlyLate {
        /// Messages that were due.
        due: u64,
        /// The median of its slip, in microseconds.
        half_us: f64,
        /// The part of the time that it waited for a core.
        waiting_share: Option<f64>,
    },
    /// So much was sent late that it shows in the latency. CPU times are the server's all the same.
    #[error(
        "the load generator sent late: the p99 is {} from when messages should have been sent, and would be {} if they \
         had been{}; {}",
        time(*p99_us), time(*prompt_p99_us), waited(*waiting_share), remedy(*due)
    )]
    Late {
        /// Messages that were due.
        due: u64,
        /// The p99 of the latency, in microseconds.
        p99_us: f64,
        /// What it would be if the load generator had not been late.
        prompt_p99_us: f64,
        /// The part of the time that it waited for a core.
        waiting_share: Option<f64>,
    },
    /// There was no more to be had from the load generator, but from the server.
    #[error("the load generator's core was full ({:.0} %){}", own_share * 100.0, beside(*server_share))]
    Full {
        /// The part of a core that its busiest thread used.
        own_share: f64,
        /// The part of a core that the server used, if it was watched.
        server_share: Option<f64>,
    },
    /// Others had the core of the load generator, which would have taken all of it.
    #[error(
        "others took the load generator's core: it waited for it {:.0} % of the time, and had it {:.0} %{}",
        waiting_share * 100.0, own_share * 100.0, beside(*server_share)
    )]
    CrowdedOut {
        /// The part of a core that its busiest thread used.
        own_share: f64,
        /// The part of the time that a thread waited for one.
        waiting_share: f64,
        /// The part of a core that the server used, if it was watched.
        server_share: Option<f64>,
    },
}

/// What to do where messages were sent late.
fn remedy(due: u64) -> String {
    if due < FEW {
        format!(
            "raise --duration, as of {} each counts for much, or lower --clients, or give it a core of its own",
            counted(due, "message")
        )
    } else {
        "lower --rate or --clients, or give it a core of its own".to_owned()
    }
}

/// Whether others had the core in the time in which messages were late.
fn waited(share: Option<f64>) -> String {
    let told = share.filter(|share| *share >= WAITING_TOLD);
    told.map_or_else(String::new, |share| {
        format!(
            " (it waited for a core {:.0} % of the time, so others took it)",
            share * 100.0
        )
    })
}

/// What else is known where the core of the load generator was full.
fn beside(server_share: Option<f64>) -> String {
    match server_share {
        Some(share) => format!(
            " while the server used only {:.0} % of its own; raise --threads, lower --clients, or give it a core of its own",
            share * 100.0
        ),
        None => ", and nobody knows how busy the server was; name its process with --server-pid, or raise --threads"
            .to_owned(),
    }
}
