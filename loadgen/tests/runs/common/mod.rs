//! How a run is made, and what is asked of its result.

pub(crate) mod chat;
pub(crate) mod echo;
pub(crate) mod entrance;
pub(crate) mod proxy;
pub(crate) mod relay;
pub(crate) mod room;
pub(crate) mod wrapper;

use std::{
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long anything is waited for before a test gives up; it only guards against hanging.
const PATIENCE: Duration = Duration::from_mins(1);

/// The load generator with these flags, and with a small load wherever they do not say otherwise.
pub(crate) fn loadgen(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(small(flags)).stdin(Stdio::null());
    command
}

/// A line of flags, none of which has a space in it.
pub(crate) fn words(flags: &str) -> Vec<&str> {
    flags.split(' ').collect()
}

/// Flags, with what a small load needs beside them.
pub(crate) fn small<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    let traffic = [
        ("--publishers", "1"),
        ("--warmup", "100ms"),
        ("--settle", "1s"),
        ("--rate", "100"),
    ];
    let (duration, traffic) = match flags.first() {
        // Only the handshakes count, and these are soon done.
        Some(&"connect") => ("10ms", &[][..]),
        Some(&"idle") => ("300ms", &[][..]),
        Some(&"saturate") => ("300ms", &traffic[..3]),
        _ => ("300ms", &traffic[..]),
    };
    let whole = [("--clients", "5"), ("--duration", duration)];
    let missing = whole.iter().chain(traffic);
    let has = |flag| flags.contains(&flag);
    // Stages say how long they are, and perhaps with how many clients they begin.
    let said_by_stages = |flag| match flag {
        "--duration" => has("--stage"),
        "--clients" => flags.iter().any(|word| word.contains("clients=")),
        _ => false,
    };
    let missing = missing.filter(|(flag, _)| !has(*flag) && !said_by_stages(*flag));
    let missing = missing.flat_map(|&(flag, value)| [flag, value]);
    flags.iter().copied().chain(missing).collect()
}

/// A run that came to a result.
#[derive(Debug)]
pub(crate) struct Run {
    /// Its exit status.
    pub(crate) code: Option<i32>,
    /// Its table, with the verdict in a sentence at the end.
    pub(crate) table: String,
    /// Its result.
    pub(crate) result: Value,
}

/// Runs the load generator.
pub(crate) fn run(flags: &[&str]) -> Run {
    let to_stdout = ["--json", "-"];
    Run::of(&loadgen(&[flags, &to_stdout].concat()).output().unwrap())
}

/// Runs the load generator against a server.
pub(crate) fn against(url: &str, flags: &[&str]) -> Run {
    // The mode, if there is one, stays in front.
    run(&[flags, &["--url", url]].concat())
}

/// Runs the load generator against the nodes of a hub.
pub(crate) fn against_all(urls: &[String], flags: &[&str]) -> Run {
    let urls = urls.iter().flat_map(|url| ["--url", url]);
    run(&[flags, &urls.collect::<Vec<_>>()].concat())
}

impl Run {
    /// What a run told whose result went to stdout.
    pub(crate) fn of(output: &Output) -> Self {
        let table = String::from_utf8(output.stderr.clone()).unwrap();
        Self {
            code: output.status.code(),
            result: serde_json::from_slice(&output.stdout).expect(&table),
            table,
        }
    }

    /// Fails unless nothing went wrong. A busy machine may keep the load generator from its schedule, and then it must
    /// say so.
    pub(crate) fn good(self) -> Self {
        let valid = self.result["valid"] == true;
        assert_eq!(valid, self.result["invalid_reason"].is_null(), "{self:#?}");
        assert_eq!(self.code, Some(if valid { 0 } else { 3 }), "{self:#?}");
        if self.result["messages"].is_object() {
            assert_eq!(self.wrongs(), [0; 4], "{self:#?}");
            assert_eq!(self.message("disordered"), 0, "{self:#?}");
        }
        self
    }

    /// Fails unless exactly so many messages were lost, duplicated and reordered, and so many clients disconnected.
    pub(crate) fn broken(self, wrongs: [u64; 4]) -> Self {
        assert_eq!((self.code, self.wrongs()), (Some(1), wrongs), "{self:#?}");
        assert!(self.table.contains("\nBROKEN: "), "{}", self.table);
        self
    }

    /// Lost, duplicated, reordered and disconnects.
    fn wrongs(&self) -> [u64; 4] {
        ["lost", "duplicated", "reordered", "disconnects"].map(|figure| self.message(figure))
    }

    /// One figure of what became of the messages.
    pub(crate) fn message(&self, figure: &str) -> u64 {
        self.count(&format!("messages.{figure}"))
    }

    /// A count by its path.
    pub(crate) fn count(&self, path: &str) -> u64 {
        let value = self.at(path).as_u64();
        value.unwrap_or_else(|| panic!("{path} is no count: {self:#?}"))
    }

    /// A figure by its path.
    pub(crate) fn figure(&self, path: &str) -> f64 {
        let value = self.at(path).as_f64();
        value.unwrap_or_else(|| panic!("{path} is no figure: {self:#?}"))
    }

    /// Whatever is at a path; null if there is nothing.
    pub(crate) fn at(&self, path: &str) -> &Value {
        let steps = path.split('.');
        steps.fold(&self.result, |value, step| match step.parse::<usize>() {
            Ok(place) if value.is_array() => &value[place],
            _ => &value[step],
        })
    }
}

/// The exit status and the sentence of a run that had no result.
pub(crate) fn refused_by(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), told)
}

/// The sentence of a run that could not begin.
pub(crate) fn refusal(flags: &[&str]) -> String {
    let (code, told) = refused_by(&mut loadgen(flags));
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "one sentence: {told}");
    told
}

/// Looks every so often until something is so, and fails by the name of it if it never is.
pub(crate) fn wait_until(what: &str, interval: Duration, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(interval);
    }
}
