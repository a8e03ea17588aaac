//! Where a result goes. All places are tried before the first client connects, so that a path that cannot be written is
//! found out then; whatever cannot be written later, the table is still printed.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    fs,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;

use crate::{
    args::Args,
    outcome::{Outcome, curves::Curves},
    record::{log::DeliveryLog, place::Place},
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

/// One place, by the flag that names it.
#[derive(Debug)]
struct Destination {
    flag: &'static str,
    path: PathBuf,
    place: Place,
}

impl Files {
    /// Finds where they go. Nothing is there yet that was not before.
    ///
    /// # Errors
    /// The user's: a path that cannot be written.
    pub fn open(args: &Args) -> Result<Self, Unwritten> {
        let json_to_stdout = args.json.as_deref() == Some(Path::new("-"));
        let json = args.json.as_ref().filter(|_| !json_to_stdout);
        let open = |flag, path: Option<&PathBuf>| {
            let opened = path.map(|path| Destination::open(flag, path));
            opened.transpose()
        };
        let mut all = [
            open("--json", json)?,
            open("--hdr", args.hdr.as_ref())?,
            open("--report", args.report.as_ref())?,
            open("--log", args.log.as_ref())?,
        ];
        are_apart(all.iter().flatten())?;
        let places = all.iter_mut().flatten();
        places.for_each(|to| to.place.clear());
        let [json, hdr, report, log] = all;
        let log = log.map(|Destination { path, place, .. }| {
            match DeliveryLog::new(place, !args.stage.is_empty()) {
                Ok(log) => Ok((path, Arc::new(log))),
                Err(source) => Err(Unwritten::at("--log", &path, source)),
            }
        });
        Ok(Self {
            json,
            hdr,
            report,
            log: log.transpose()?,
            json_to_stdout,
        })
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
        let place = Place::find(path).map_err(|source| Unwritten::at(flag, path, source))?;
        let path = path.to_owned();
        Ok(Self { flag, path, place })
    }
}

/// Checks that no result would take the place of another.
fn are_apart<'a>(all: impl Iterator<Item = &'a Destination>) -> Result<(), Unwritten> {
    let mut taken = BTreeMap::new();
    for Destination { flag, path, .. } in all {
        let file = fs::metadata(path).map_err(|source| Unwritten::at(flag, path, source))?;
        let other = taken.insert((file.dev(), file.ino()), flag);
        if let Some(other) = other.filter(|_| file.is_file()) {
            let cause = io::Error::other(format!("{other} goes there"));
            return Err(Unwritten::at(flag, path, cause));
        }
    }
    Ok(())
}

fn write(to: Option<Destination>, text: impl FnOnce() -> String) -> Result<(), Unwritten> {
    let Some(mut to) = to else {
        return Ok(());
    };
    to.place
        .write(&text())
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
