//! What a process uses of the machine.

use procfs::{WithCurrentSystemInfo, process::Process};
use rustix::time::{ClockId, clock_gettime};
use thiserror::Error;

use crate::figures;

/// The server's process, watched from outside.
#[derive(Debug)]
pub struct Watched {
    process: Process,
}

impl Watched {
    /// Watches a process by its id.
    ///
    /// # Errors
    /// If there is no such process, or it may not be looked at.
    pub fn new(pid: i32) -> Result<Self, UsageError> {
        let process = Process::new(pid).map_err(|source| UsageError { pid, source })?;
        Ok(Self { process })
    }

    /// CPU seconds so far, user and system, of all its threads; exact to a scheduler tick. `None` once it has ended.
    pub fn cpu_seconds(&self) -> Option<f64> {
        let stat = self.process.stat().ok()?;
        Some(figures::ratio(
            stat.utime + stat.stime,
            procfs::ticks_per_second(),
        ))
    }

    /// Bytes of resident memory now. `None` once it has ended.
    pub fn rss_bytes(&self) -> Option<u64> {
        Some(self.process.stat().ok()?.rss_bytes().get())
    }
}

/// CPU seconds of this process so far.
pub fn own_cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    figures::seconds(time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned())
}

/// A process that cannot be watched. The user's to mend.
#[derive(Debug, Error)]
#[error(
    "cannot watch process {pid} ({source}): give --server-pid the id of a running process of yours, or leave it out"
)]
pub struct UsageError {
    pid: i32,
    source: procfs::ProcError,
}
