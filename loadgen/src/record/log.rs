//! Every delivery as a line, for those who want to calculate for themselves.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::Mutex,
};

use crate::swarm::stamp::Stamp;

/// What stands in the first line.
const HEADER: &str = "# client publisher sequence intended_ns sent_ns received_ns counted\n";
/// Bytes that one thread gathers before it writes.
const CHUNK_BYTES: usize = 64 << 10;

/// The file, which all threads write whole lines to.
#[derive(Debug)]
pub struct DeliveryLog(Mutex<File>);

/// One thread's lines that are not written yet.
#[derive(Debug)]
pub struct Lines<'run> {
    log: &'run DeliveryLog,
    text: String,
    failed: Option<io::Error>,
}

impl DeliveryLog {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// The system's: the path is wrong, or not writable.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = File::create(path)?;
        file.write_all(HEADER.as_bytes())?;
        Ok(Self(Mutex::new(file)))
    }

    /// Where one thread writes.
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            log: self,
            text: String::with_capacity(CHUNK_BYTES + 256),
            failed: None,
        }
    }
}

impl Lines<'_> {
    /// Adds the delivery of a message to a client; whether it counted among the latencies.
    pub fn add(&mut self, client: usize, stamp: Stamp, received_ns: u64, counted: bool) {
        let Stamp {
            publisher,
            sequence,
            intended_ns,
            delay_ns,
        } = stamp;
        let sent_ns = intended_ns + delay_ns;
        let counted = u8::from(counted);
        writeln!(
            self.text,
            "{client} {publisher} {sequence} {intended_ns} {sent_ns} {received_ns} {counted}"
        )
        .expect("a string takes all that is written to it");
        if self.text.len() >= CHUNK_BYTES {
            self.write();
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The first that was met since the beginning: the file is not whole.
    pub fn finish(&mut self) -> io::Result<()> {
        self.write();
        self.failed.take().map_or(Ok(()), Err)
    }

    fn write(&mut self) {
        if self.failed.is_none() {
            let mut file = self
                .log
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            self.failed = file.write_all(self.text.as_bytes()).err();
        }
        self.text.clear();
    }
}
