//! What a process uses of the machine.

use std::time::Duration;

use nix::{time::clock_getcpuclockid, unistd::Pid};
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

    /// CPU seconds so far, user and system, of all its threads, those that have ended too; exact to a nanosecond. `None`
    /// once it has ended.
    pub fn cpu_seconds(&self) -> Option<f64> {
        let clock = clock_getcpuclockid(Pid::from_raw(self.process.pid())).ok()?;
        let time = Duration::from(nix::time::clock_gettime(clock).ok()?);
        Some(time.as_secs_f64())
    }

    /// Bytes of resident memory now. `None` once it has ended.
    ///
    /// Counted page by page where the kernel does that (`/proc/PID/smaps_rollup`): what `/proc/PID/stat` says lags by some
    /// pages for each core, which is much when it is divided among a thousand small connections.
    pub fn rss_bytes(&self) -> Option<u64> {
        let counted = self.process.smaps_rollup().ok();
        let maps = counted.iter().flat_map(|rollup| &rollup.memory_map_rollup);
        let resident: Option<u64> = maps.map(|map| map.extension.map.get("Rss").copied()).sum();
        resident
            .filter(|&bytes| bytes > 0)
            .or_else(|| Some(self.process.stat().ok()?.rss_bytes().get()))
    }
}

/// CPU seconds of the calling thread so far.
pub fn thread_cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_a_thread_used_still_counts_once_it_has_ended() {
        let own = i32::try_from(std::process::id()).unwrap();
        let watched = Watched::new(own).unwrap();
        let before = watched.cpu_seconds().unwrap();
        let busy = thread::spawn(|| {
            let start = thread_cpu_seconds();
            while thread_cpu_seconds() < start + 0.02 {}
        });
        busy.join().unwrap();
        assert!(watched.cpu_seconds().unwrap() >= before + 0.02);
    }
}
