//! What is particular to each client where all are told to say the same: its number, its topic, its line of a file.

use std::{fs::File, io::Read, path::Path};

use thiserror::Error;

use crate::args::Args;

/// Bytes of a file of values at most: a line of a few hundred for each of as many clients as there can be.
const VALUES_BYTES_MAX: u64 = 64 << 20;

/// The topic of all, unless the flags name one.
const TOPIC: &str = "loadgen";

/// What is particular to the clients of a run.
#[derive(Clone, Default)]
pub struct Particulars {
    /// By channel.
    topics: Vec<String>,
    /// By client. They may be secrets, so that nothing shows them.
    values: Vec<String>,
}

/// A file with what each client says of its own that does not do. The user's to mend.
#[derive(Debug, Error)]
#[error("cannot use --values {path}: {reason}")]
pub struct ValuesError {
    path: String,
    reason: String,
}

/// What is particular to one of them.
#[derive(Clone, Copy, Default)]
pub struct Own<'a> {
    /// Its number in the whole run.
    pub client: usize,
    /// The topic of its channel.
    pub topic: &'a str,
    /// Its line of the file of values; empty without one.
    pub value: &'a str,
}

impl Particulars {
    /// As the flags say, for so many clients that may be there at the same time.
    ///
    /// # Errors
    /// The user's: a file that cannot be read, has too few lines, or such as cannot be said.
    pub fn new(args: &Args, clients: usize) -> Result<Self, ValuesError> {
        let topic = args.script.topic.as_deref().unwrap_or(TOPIC);
        let topics = match args.channels {
            1 => vec![topic.to_owned()],
            several => (0..several).map(|at| format!("{topic}-{at}")).collect(),
        };
        let values = match &args.script.values {
            Some(path) => values(path, clients)?,
            None => Vec::new(),
        };
        Ok(Self { topics, values })
    }

    /// What is particular to a client of a channel.
    pub fn of(&self, client: usize, channel: usize) -> Own<'_> {
        Own {
            client,
            topic: self.topics.get(channel).map_or("", String::as_str),
            value: self.values.get(client).map_or("", String::as_str),
        }
    }

    /// Whether each client has a value.
    pub fn has_values(&self) -> bool {
        !self.values.is_empty()
    }
}

impl std::fmt::Debug for Particulars {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Particulars")
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}

fn values(path: &Path, clients: usize) -> Result<Vec<String>, ValuesError> {
    let of = |reason: String| ValuesError {
        path: path.display().to_string(),
        reason,
    };
    // What is no file does not say how large it is.
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(VALUES_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| of(error.to_string()))?;
    if bytes.len() as u64 > VALUES_BYTES_MAX {
        let most = VALUES_BYTES_MAX >> 20;
        return Err(of(format!("it is larger than {most} MiB")));
    }
    let text = String::from_utf8(bytes).map_err(|_| of("it is not UTF-8".to_owned()))?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.len() < clients {
        let has = lines.len();
        return Err(of(format!(
            "it has {has} lines for {clients} clients: give it as many, or lower --clients"
        )));
    }
    let unsayable = |line: &String| line.is_empty() || line.chars().any(char::is_control);
    if let Some(at) = lines.iter().take(clients).position(unsayable) {
        return Err(of(format!(
            "its line {} is empty or has a control character in it",
            at + 1
        )));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;
    use crate::plan::{Plan, error::PlanError};

    fn file(lines: &str) -> (NamedTempFile, String) {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        (file, path)
    }

    fn plan(flags: &[&str]) -> Result<Plan, PlanError> {
        Plan::new(&Args::read([&["loadgen"], flags].concat()).unwrap())
    }

    #[test]
    fn each_client_has_its_channels_topic_and_its_own_value() {
        let (_file, path) = file("a\nb\nc\n");
        let flags = ["--clients", "3", "--topic", "x", "--values", &path];
        let url = ["--url", "ws://127.0.0.1/%t/%v"];
        let one = plan(&[&flags[..], &url].concat()).unwrap();
        let own = one.particulars.of(2, 0);
        assert_eq!((own.client, own.topic, own.value), (2, "x", "c"));
        let several = plan(&[&flags[..], &url, &["--channels", "2"]].concat()).unwrap();
        assert_eq!(several.particulars.of(1, 1).topic, "x-1");
        assert!(!format!("{one:?}").contains("\"c\""));
    }

    #[test]
    fn one_of_several_servers_may_be_the_one_that_is_told_values() {
        let (_file, path) = file("a\nb\n");
        let relay = ["compare", "--target", "a=ws://127.0.0.1:1/"];
        let other = ["--target", "b=raw+ws://127.0.0.1:2/", "--hello", "%v"];
        let flags = ["--clients", "2", "--values", &path];
        assert!(plan(&[&relay[..], &other, &flags].concat()).is_ok());
        assert!(plan(&[&relay[..], &flags].concat()).is_err());
    }

    #[test]
    fn a_file_that_does_not_do_is_refused_without_its_lines() {
        for (lines, reason) in [
            ("secret\n", "1 lines for 2 clients"),
            ("secret\n\n", "line 2"),
            ("secret\na\x1bb\n", "line 2"),
        ] {
            let (_file, path) = file(lines);
            let error = plan(&["--clients", "2", "--values", &path]).unwrap_err();
            let told = error.to_string();
            assert!(told.contains(reason) && !told.contains("secret"), "{told}");
        }
        let error = plan(&["--values", "/nowhere"]).unwrap_err().to_string();
        assert!(error.contains("/nowhere"), "{error}");
        let error = plan(&["--values", "/dev/zero"]).unwrap_err().to_string();
        assert!(error.contains("larger than 64 MiB"), "{error}");
    }
}
