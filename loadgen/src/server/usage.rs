//! What a process uses of the machine.

use std::{collections::BTreeSet, time::Duration};

use nix::{
    time::clock_getcpuclockid,
    unistd::{Pid, gettid},
};
use procfs::{WithCurrentSystemInfo, process::Process};
use rustix::time::{ClockId, clock_gettime};
use thiserror::Error;

use crate::figures;

/// The server's processes, one for each node or one alone, watched from outside.
#[derive(Debug)]
pub struct Watched {
    processes: Vec<Process>,
}

impl Watched {
    /// Watches processes by their ids, each once.
    ///
    /// # Errors
    /// If there is no such process, or it may not be looked at.
    pub fn new(pids: impl IntoIterator<Item = i32>) -> Result<Self, UsageError> {
        let pids = BTreeSet::from_iter(pids).into_iter();
        let process = |pid| Process::new(pid).map_err(|source| UsageError { pid, source });
        Ok(Self {
            processes: pids.map(process).collect::<Result<_, _>>()?,
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.processes.len()
    }

    /// CPU seconds so far, user and system, of all their threads, those that have ended too; exact to a nanosecond. `None`
    /// once one of them has ended.
    pub fn cpu_seconds(&self) -> Option<f64> {
        self.processes.iter().map(cpu_seconds).sum()
    }

    /// Bytes of resident memory now. `None` once one of them has ended.
    pub fn rss_bytes(&self) -> Option<u64> {
        self.processes.iter().map(rss_bytes).sum()
    }
}

fn cpu_seconds(process: &Process) -> Option<f64> {
    let clock = clock_getcpuclockid(Pid::from_raw(process.pid())).ok()?;
    let time = Duration::from(nix::time::clock_gettime(clock).ok()?);
    Some(time.as_secs_f64())
}

/// Counted page by page where the kernel does that (`/proc/PID/smaps_rollup`): what `/proc/PID/stat` says lags by some
/// pages for each core, which is much when it is divided among a thousand small connections.
fn rss_bytes(process: &Process) -> Option<u64> {
    let counted = process.smaps_rollup().ok();
    let maps = counted.iter().flat_map(|rollup| &rollup.memory_map_rollup);
    let resident: Option<u64> = maps.map(|map| map.extension.map.get("Rss").copied()).sum();
    resident
        .filter(|&bytes| bytes > 0)
        .or_else(|| Some(process.stat().ok()?.rss_bytes().get()))
}

/// CPU seconds of the calling thread so far.
pub fn thread_cpu_seconds() -> f64 {
    figures::seconds(thread_cpu_ns())
}

/// Seconds so far that the calling thread was ready to run and waited for a core (`/proc/thread-self/schedstat`); `None` where
/// the kernel does not count them.
pub fn thread_waiting_seconds() -> Option<f64> {
    let task = Process::myself().ok()?.task_from_tid(gettid().as_raw());
    let schedule = task.ok()?.schedstat().ok()?;
    // Whoever asks has run; where nothing is counted all of it is nothing.
    (schedule.sum_exec_runtime > 0).then(|| figures::seconds(schedule.run_delay))
}

fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// CPU time of the calling thread from a moment on.
#[derive(Debug)]
pub struct Stopwatch {
    begun_ns: u64,
    /// What looking at the clock takes, measured just before: it would count else.
    look_ns: u64,
}

impl Stopwatch {
    /// From now on.
    pub fn start() -> Self {
        let before_ns = thread_cpu_ns();
        let begun_ns = thread_cpu_ns();
        Self {
            begun_ns,
            look_ns: begun_ns - before_ns,
        }
    }

    /// Nanoseconds up to now.
    pub fn ns(&self) -> u64 {
        (thread_cpu_ns() - self.begun_ns).saturating_sub(self.look_ns)
    }
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
    use std::{
        process::{Command, Stdio},
        sync::Barrier,
        thread,
    };

    use super::*;

    #[test]
    fn what_a_thread_used_still_counts_once_it_has_ended() {
        let own = i32::try_from(std::process::id()).unwrap();
        let watched = Watched::new([own]).unwrap();
        let before = watched.cpu_seconds().unwrap();
        let busy = thread::spawn(|| {
            let start = thread_cpu_seconds();
            while thread_cpu_seconds() < start + 0.02 {}
        });
        busy.join().unwrap();
        assert!(watched.cpu_seconds().unwrap() >= before + 0.02);
    }

    #[test]
    fn of_more_threads_than_cores_some_wait() {
        let count = 2 * thread::available_parallelism().unwrap().get();
        let all = Barrier::new(count);
        let waited = || {
            all.wait();
            let (used, before) = (thread_cpu_seconds(), thread_waiting_seconds());
            while thread_cpu_seconds() < used + 0.03 {}
            Some(thread_waiting_seconds()? - before?)
        };
        let waited: Option<f64> = thread::scope(|scope| {
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(waited)).collect();
            threads.into_iter().map(|one| one.join().unwrap()).sum()
        });
        // Half of them, while the others used the cores.
        assert!(waited.is_none_or(|seconds| seconds > 0.01), "{waited:?}");
    }

    #[test]
    fn processes_add_up_each_once_and_are_unknown_once_one_has_ended() {
        let own = i32::try_from(std::process::id()).unwrap();
        let mut cat = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let other = i32::try_from(cat.id()).unwrap();
        let [one, two] = [vec![own, own], vec![own, other]].map(|pids| Watched::new(pids).unwrap());
        assert_eq!((one.count(), two.count()), (1, 2));
        let alone = Watched::new([other]).unwrap().rss_bytes().unwrap();
        let both = two.rss_bytes().unwrap();
        assert!(alone > 0 && both > alone, "{alone} of {both}");
        drop(cat.stdin.take());
        cat.wait().unwrap();
        assert_eq!((two.cpu_seconds(), two.rss_bytes()), (None, None));
    }
}
