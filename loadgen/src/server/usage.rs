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

    /// CPU seconds so far, user and system, of all its threads. `None` once it has ended.
    ///
    /// Exact to a nanosecond where the kernel keeps count of each thread (`/proc/PID/task/TID/schedstat`), save for
    /// threads that have ended; else to a scheduler tick.
    pub fn cpu_seconds(&self) -> Option<f64> {
        self.scheduled_seconds().or_else(|| {
            let stat = self.process.stat().ok()?;
            let ticks = stat.utime + stat.stime;
            Some(figures::ratio(ticks, procfs::ticks_per_second()))
        })
    }

    fn scheduled_seconds(&self) -> Option<f64> {
        let tasks = self.process.tasks().ok()?;
        let each = tasks.map(|task| Some(task.ok()?.schedstat().ok()?.sum_exec_runtime));
        let total_ns = each.sum::<Option<u64>>().filter(|&total_ns| total_ns > 0)?;
        Some(figures::seconds(total_ns))
    }

    /// Bytes of resident memory now. `None` once it has ended.
    pub fn rss_bytes(&self) -> Option<u64> {
        Some(self.process.stat().ok()?.rss_bytes().get())
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
