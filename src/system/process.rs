//! What this process uses of the machine (proc(5)).

use procfs::process::{LimitValue, Process};
use procfs::{ProcResult, WithCurrentSystemInfo};

use crate::state::metrics::ProcessUsage;

/// Reads the usage of this process, unless the system does not tell.
pub fn usage() -> Option<ProcessUsage> {
    read().ok()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "clock ticks since boot are far below 2^52"
)]
fn read() -> ProcResult<ProcessUsage> {
    let process = Process::myself()?;
    let stat = process.stat()?;
    let ticks = procfs::ticks_per_second() as f64;
    Ok(ProcessUsage {
        cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
        resident_bytes: stat.rss_bytes().get(),
        virtual_bytes: stat.vsize,
        open_descriptors: process.fd_count()?,
        max_descriptors: match process.limits()?.max_open_files.soft_limit {
            LimitValue::Value(limit) => limit,
            LimitValue::Unlimited => u64::MAX,
        },
        start_seconds: procfs::boot_time_secs()? as f64 + stat.starttime as f64 / ticks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_uses_memory_and_descriptors() {
        let usage = usage().unwrap();
        assert!(
            usage.resident_bytes > 0 && usage.open_descriptors > 0 && usage.start_seconds > 0.0
        );
    }
}
