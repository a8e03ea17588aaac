//! Logs on stderr, as text for people or JSON for machines.
//!
//! A thread of its own writes them, so that a reader who does not read keeps only the log waiting, and not the server. What
//! does not fit is dropped, and told afterwards. The descriptor may be others' too, so that it is not for us to make it
//! non-blocking (fcntl(2), `O_NONBLOCK`).

use std::io::{self, Stderr, Write};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use clap::ValueEnum;
use tracing::{Level, error, warn};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::vocabulary::{
    config::{LOG_FLUSH_TIMEOUT, LOG_LINES_WAITING_MAX},
    visible::visible_json,
};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line of text.
    Text,
    /// One JSON object.
    Json,
}

/// The log of the process. When it is dropped, what was said is written, or given up after [`LOG_FLUSH_TIMEOUT`].
#[derive(Debug)]
pub struct Log {
    mouth: Mouth,
    /// Never dropped: it would wait for longer, and say on stdout that it waited in vain.
    _worker: ManuallyDrop<WorkerGuard>,
}

/// How many lines have come how far.
#[derive(Debug, Default)]
struct Tally {
    /// Lines handed over, those that did not fit included.
    said: AtomicU64,
    /// Lines that were written, or could not be.
    done: Mutex<u64>,
    is_done: Condvar,
    lost: OnceLock<ErrorCounter>,
    /// Lost lines that were told.
    told: AtomicUsize,
}

/// Where lines are handed over. It never waits.
#[derive(Clone, Debug)]
struct Mouth {
    format: Format,
    queue: NonBlocking,
    tally: Arc<Tally>,
}

/// Where the thread writes them.
#[derive(Debug)]
struct Hand {
    stderr: Stderr,
    tally: Arc<Tally>,
}

impl Log {
    /// Sends logs of `level` and above to stderr, for the rest of the process, and a panic's last words with them.
    pub fn install(format: Format, level: Level) -> Self {
        let tally = Arc::<Tally>::default();
        let hand = Hand {
            stderr: io::stderr(),
            tally: Arc::clone(&tally),
        };
        let (queue, worker) = NonBlockingBuilder::default()
            .buffered_lines_limit(LOG_LINES_WAITING_MAX)
            .thread_name("log")
            .finish(hand);
        let _ = tally.lost.set(queue.error_counter());
        let mouth = Mouth {
            format,
            queue,
            tally,
        };
        let log = Self {
            mouth: mouth.clone(),
            _worker: ManuallyDrop::new(worker),
        };
        let lines = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(move || mouth.clone())
            .with_target(false);
        match format {
            Format::Text => lines.init(),
            Format::Json => lines.json().flatten_event(true).init(),
        }
        // It unwinds all the same, so that what must not outlive the process goes with it, such as a unix socket's file.
        panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            let words = panic.payload_as_str();
            error!(place, words, "panicked: this is a bug, please report it");
        }));
        log
    }

    /// Says a line as it is, as the last words of a process that ends.
    pub fn say(&mut self, line: &str) {
        let _ = self.mouth.write_all(format!("{line}\n").as_bytes());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let tally = &self.mouth.tally;
        let done = tally.done.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |done: &mut u64| {
            let lost = tally.lost_lines();
            *done + (lost as u64) < tally.said.load(Ordering::Acquire)
                || tally.told.load(Ordering::Acquire) < lost
        };
        let _ = tally
            .is_done
            .wait_timeout_while(done, LOG_FLUSH_TIMEOUT, waiting);
    }
}

impl Tally {
    fn lost_lines(&self) -> usize {
        self.lost.get().map_or(0, ErrorCounter::dropped_lines)
    }
}

impl Write for Mouth {
    /// Hands over a whole line. In text, values are as Rust shows them; in JSON, what would steer a terminal is left in them.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.tally.said.fetch_add(1, Ordering::AcqRel);
        match (self.format, str::from_utf8(line)) {
            (Format::Json, Ok(json)) => self.queue.write(visible_json(json).as_bytes())?,
            _ => self.queue.write(line)?,
        };
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Hand {
    /// Writes a whole line. That it could not be written, as on a full disk, has no better place to be said.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.stderr.write_all(line);
        let mut done = self
            .tally
            .done
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        self.tally.is_done.notify_one();
        Ok(line.len())
    }

    /// Tells what was lost, when all that waited is written and there is room for it.
    fn flush(&mut self) -> io::Result<()> {
        let lost = self.tally.lost_lines();
        let told = self.tally.told.load(Ordering::Acquire);
        if lost > told {
            warn!("{} lines were lost", lost - told);
            if self.tally.lost_lines() == lost {
                self.tally.told.store(lost, Ordering::Release);
                self.tally.is_done.notify_one();
            }
        }
        Ok(())
    }
}
