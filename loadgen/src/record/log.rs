//! Every delivery as a line, for those who want to calculate for themselves.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{plan::stamp::Stamp, record::place::Place};

/// What stands in the first line.
const HEADER: &str = "# client publisher sequence intended_ns sent_ns received_ns counted";
/// What follows there, if there are stages.
const STAGE: &str = " stage";
/// Bytes that one thread gathers before it writes.
const CHUNK_BYTES: usize = 64 << 10;

/// The file, which all threads write whole lines to.
#[derive(Debug)]
pub struct DeliveryLog(Mutex<Open>);

#[derive(Debug)]
struct Open {
    place: Place,
    has_stages: bool,
    /// What is there, once there is something to write.
    file: Option<File>,
    /// The first failure, after which nothing is written any more: the file is not whole.
    failure: Option<io::Error>,
}

/// One thread's lines that are not written yet.
#[derive(Debug)]
pub struct Lines<'run> {
    log: &'run DeliveryLog,
    text: String,
}

impl DeliveryLog {
    /// One in this place: at once, unless it is a file, which has what it had until there is something to write.
    ///
    /// # Errors
    /// The system's: nothing can be written there.
    pub fn new(place: Place, has_stages: bool) -> io::Result<Self> {
        let is_stream = place.is_stream();
        let mut open = Open {
            place,
            has_stages,
            file: None,
            failure: None,
        };
        if is_stream {
            open.write("")?;
        }
        Ok(Self(Mutex::new(open)))
    }

    /// Why the file is not whole, if it is not.
    pub fn failure(&self) -> Option<io::Error> {
        self.open().failure.take()
    }

    /// Where one thread writes.
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            log: self,
            text: String::with_capacity(CHUNK_BYTES + 256),
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn write(&mut self, lines: &str) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.write_all(lines.as_bytes());
        }
        let stage = if self.has_stages { STAGE } else { "" };
        let file = self.file.insert(self.place.begin()?);
        file.write_all(format!("{HEADER}{stage}\n{lines}").as_bytes())
    }
}

impl Lines<'_> {
    /// Adds the delivery of a message to a client; whether it counted among the latencies, and of which stage it is, if there
    /// are any.
    pub fn add(
        &mut self,
        client: usize,
        stamp: Stamp,
        received_ns: u64,
        counted: bool,
        stage: Option<usize>,
    ) {
        let Stamp {
            publisher,
            sequence,
            intended_ns,
            delay_ns,
            ..
        } = stamp;
        let sent_ns = intended_ns + delay_ns;
        let counted = u8::from(counted);
        write!(
            self.text,
            "{client} {publisher} {sequence} {intended_ns} {sent_ns} {received_ns} {counted}"
        )
        .and_then(|()| match stage {
            Some(stage) => writeln!(self.text, " {stage}"),
            None => writeln!(self.text),
        })
        .expect("a string takes all that is written to it");
        if self.text.len() >= CHUNK_BYTES {
            self.write();
        }
    }

    /// Writes what is left, or that there is nothing.
    pub fn finish(&mut self) {
        self.write();
    }

    fn write(&mut self) {
        let mut log = self.log.open();
        if log.failure.is_none() {
            log.failure = log.write(&self.text).err();
        }
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::{os::fd::AsRawFd, path::Path};

    use super::*;

    const STAMP: Stamp = Stamp {
        publisher: 1,
        sequence: 2,
        intended_ns: 3,
        delay_ns: 4,
        was_blocked: false,
    };

    #[test]
    fn a_file_that_takes_no_more_is_told_once_and_costs_nothing_else() {
        let (reader, writer) = io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
        let place = Place::find(Path::new(&path)).unwrap();
        let log = DeliveryLog::new(place, false).unwrap();
        drop(reader);
        for _ in 0..2 {
            let mut lines = log.lines();
            lines.add(0, STAMP, 9, true, None);
            lines.finish();
        }
        assert_eq!(log.failure().unwrap().kind(), io::ErrorKind::BrokenPipe);
    }
}
