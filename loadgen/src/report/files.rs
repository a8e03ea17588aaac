//! Where a result goes. All files are opened before the first client connects, so that a path that cannot be written is
//! found out then; whatever cannot be written later, the table is still printed.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;

use crate::{
    args::Args,
    outcome::{Outcome, curves::Curves},
    record::log::DeliveryLog,
    report::{hdr::Percentiles, pages, text::Shown},
};

/// The files that the flags name.
#[derive(Debug)]
pub struct Files {
    json: Option<Destination>,
    hdr: Option<Destination>,
    report: Option<Destination>,
    log: Option<(PathBuf, Arc<DeliveryLog>)>,
    json_to_stdout: bool,
}

/// One file, opened and not emptied yet: a run that comes to nothing leaves an older result alone.
#[derive(Debug)]
struct Destination {
    flag: &'static str,
    path: PathBuf,
    file: File,
    /// Whether it is a new one with nothing in it.
    is_blank: bool,
}

impl Files {
    /// Opens them.
    ///
    /// # Errors
    /// The user's: a path that cannot be written.
    pub fn open(args: &Args) -> Result<Self, Unwritten> {
        let json_to_stdout = args.json.as_deref() == Some(Path::new("-"));
        let open = |flag, path: Option<&PathBuf>| {
            let opened = path.map(|path| Destination::open(flag, path));
            opened.transpose()
        };
        let log = args.log.as_ref().map(|path| {
            let log =
                File::create(path).and_then(|file| DeliveryLog::new(file, !args.stage.is_empty()));
            let log = log.map_err(|source| Unwritten::at("--log", path, source))?;
            Ok((path.clone(), Arc::new(log)))
        });
        let files = Self {
            json: open("--json", args.json.as_ref().filter(|_| !json_to_stdout))?,
            hdr: open("--hdr", args.hdr.as_ref())?,
            report: open("--report", args.report.as_ref())?,
            log: log.transpose()?,
            json_to_stdout,
        };
        files.are_apart()?;
        Ok(files)
    }

    /// Checks that no result would take the place of another.
    fn are_apart(&self) -> Result<(), Unwritten> {
        let log = self.log.iter().map(|(path, _)| ("--log", path));
        let others = [&self.json, &self.hdr, &self.report].into_iter().flatten();
        let mut taken = BTreeMap::new();
        for (flag, path) in log.chain(others.map(|to| (to.flag, &to.path))) {
            let file = fs::metadata(path).map_err(|source| Unwritten::at(flag, path, source))?;
            let other = taken.insert((file.dev(), file.ino()), flag);
            if let Some(other) = other.filter(|_| file.is_file()) {
                let cause = io::Error::other(format!("{other} goes there"));
                return Err(Unwritten::at(flag, path, cause));
            }
        }
        Ok(())
    }

    /// Where every delivery goes, if that is wanted.
    pub fn log(&self) -> Option<Arc<DeliveryLog>> {
        self.log.as_ref().map(|(_, log)| Arc::clone(log))
    }

    /// Writes what is wanted to where it is wanted, and the table to stdout; if JSON goes there, the table goes to stderr.
    ///
    /// # Errors
    /// What could not be written. All else was.
    pub fn write(self, outcome: &Outcome, curves: &Curves) -> Result<(), Unwritten> {
        let json = outcome.to_json() + "\n";
        let table = format!("{}\n", Shown(outcome));
        let mut written = vec![
            write(self.json, || json.clone()),
            write(self.report, || pages::page(outcome, curves).to_html()),
        ];
        if let Some(latency) = curves.latency() {
            written.push(write(self.hdr, || Percentiles(latency).to_string()));
        }
        if let Some((path, source)) = self
            .log
            .and_then(|(path, log)| Some((path, log.failure()?)))
        {
            written.push(Err(Unwritten::at("--log", &path, source)));
        }
        let stdout = if self.json_to_stdout {
            written.push(print("stderr", &table, io::stderr()));
            json
        } else {
            table
        };
        written.push(print("stdout", &stdout, io::stdout()));
        let failures: Vec<Failure> = written
            .into_iter()
            .filter_map(Result::err)
            .flat_map(|Unwritten(failures)| failures)
            .collect();
        if failures.is_empty() {
            Ok(())
        } else {
            Err(Unwritten(failures))
        }
    }
}

impl Destination {
    fn open(flag: &'static str, path: &Path) -> Result<Self, Unwritten> {
        let is_blank = !path.exists();
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false);
        Ok(Self {
            flag,
            path: path.to_owned(),
            file: options
                .open(path)
                .map_err(|source| Unwritten::at(flag, path, source))?,
            is_blank,
        })
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        // What is no file, such as a pipe, has no length.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.is_blank = false;
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if self.is_blank {
            // A file with nothing in it would be taken for a result.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn write(to: Option<Destination>, text: impl FnOnce() -> String) -> Result<(), Unwritten> {
    let Some(mut to) = to else {
        return Ok(());
    };
    to.write(&text())
        .map_err(|source| Unwritten::at(to.flag, &to.path, source))
}

/// Prints to a stream. Whoever does not read it to its end has read enough.
fn print(name: &'static str, text: &str, mut stream: impl Write) -> Result<(), Unwritten> {
    let printed = stream.write_all(text.as_bytes());
    match printed.and_then(|()| stream.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Unwritten::at(name, Path::new(name), error))
        }
        _ => Ok(()),
    }
}

/// Places that a result could not be written to. The user's to mend.
#[derive(Debug, Error)]
pub struct Unwritten(Vec<Failure>);

#[derive(Debug)]
struct Failure {
    /// The flag that named the place, or the stream's name.
    flag: &'static str,
    place: String,
    source: io::Error,
}

impl Unwritten {
    fn at(flag: &'static str, place: &Path, source: io::Error) -> Self {
        Self(vec![Failure {
            flag,
            place: place.display().to_string(),
            source,
        }])
    }
}

impl Display for Unwritten {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let all = |words: fn(&Failure) -> String| {
            let words: Vec<String> = self.0.iter().map(words).collect();
            words.join(" and ")
        };
        write!(
            f,
            "cannot write the result to {}: {}",
            all(|failure| format!("{} ({})", failure.place, failure.source)),
            all(|Failure { flag, .. }| match flag.strip_prefix("--") {
                Some(_) => format!("give {flag} another path"),
                None => format!("send {flag} elsewhere"),
            })
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Destination {
        Destination::open("--json", path).unwrap()
    }

    #[test]
    fn an_older_result_is_replaced_by_a_new_one_and_by_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        drop(open(&path));
        assert!(!path.exists(), "a run that came to nothing");
        open(&path).write("a long result").unwrap();
        drop(open(&path));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a long result");
        open(&path).write("short").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
    }

    #[test]
    fn all_places_are_named_with_what_to_do() {
        let failure =
            |flag| Unwritten::at(flag, Path::new("/p"), io::ErrorKind::StorageFull.into());
        let Unwritten(mut failures) = failure("--json");
        failures.extend(failure("stdout").0);
        let told = Unwritten(failures).to_string();
        assert!(
            told.starts_with("cannot write the result to /p ("),
            "{told}"
        );
        let remedy = "give --json another path and send stdout elsewhere";
        assert!(told.ends_with(remedy), "{told}");
    }
}
