//! Lines of standard input, read ahead a little on a thread of their own, since a terminal or a file cannot be polled.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use mio::Waker;
use thiserror::Error;

use super::MESSAGE_BYTES_MAX;

/// Lines that are read before they are asked for; the rest of a long file stays where it is.
const LINES_AHEAD_MAX: usize = 16;
/// What is held while nobody can be told it; beyond, lines stay where they are.
const HELD_LINES_MAX: usize = 1_000;
/// The same in bytes, but for the line that goes beyond.
const HELD_BYTES_MAX: usize = 1 << 20;

/// What was typed, or piped, and not taken yet.
#[derive(Debug)]
pub struct Input {
    lines: Receiver<Result<String, InputError>>,
    held: VecDeque<Result<String, InputError>>,
    held_bytes: usize,
    has_ended: bool,
    /// Held for the thread's last word: a waker that is dropped takes back what it woke for.
    _waker: Arc<Waker>,
}

/// What there is to take.
#[derive(Debug)]
pub enum Next {
    /// A line without its end, or why it cannot be a message.
    Line(Result<String, InputError>),
    /// Nothing yet.
    Nothing,
    /// Nothing ever again.
    End,
}

/// A line that cannot be sent. The user's to mend.
#[derive(Debug, Error)]
pub enum InputError {
    /// A text message is UTF-8.
    #[error("a line was not sent: it is not UTF-8")]
    NotUtf8,
    /// Longer than [`MESSAGE_BYTES_MAX`], as it is or as JSON.
    #[error("a line was not sent: it makes a message longer than 16 MiB")]
    TooLong,
    /// It cannot be read; this is its end.
    #[error("cannot read the standard input: {0}")]
    Read(#[from] io::Error),
}

impl Input {
    /// Begins to read, and wakes the waiter for every line and for the end.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub fn read(waker: Waker) -> io::Result<Self> {
        let (sender, lines) = sync_channel(LINES_AHEAD_MAX);
        let held = Arc::new(waker);
        let waker = Arc::clone(&held);
        thread::Builder::new().spawn(move || {
            pump(&mut io::stdin().lock(), &sender, || waker.wake());
            drop(sender);
            // Nobody is left to wake only when the process ends.
            let _ = waker.wake();
        })?;
        Ok(Self {
            lines,
            held: VecDeque::new(),
            held_bytes: 0,
            has_ended: false,
            _waker: held,
        })
    }

    /// Takes the next line, if it is there.
    pub fn take(&mut self) -> Next {
        match self.held.pop_front() {
            Some(line) => {
                self.held_bytes -= bytes(&line);
                Next::Line(line)
            }
            None => self.receive(),
        }
    }

    /// Holds what was typed until it is taken, as far as there is room, and says whether a line is the last that counts.
    pub fn hold(&mut self, is_last: impl Fn(&str) -> bool) -> bool {
        while self.held.len() < HELD_LINES_MAX && self.held_bytes < HELD_BYTES_MAX {
            let Next::Line(line) = self.receive() else {
                break;
            };
            if line.as_ref().is_ok_and(|line| is_last(line)) {
                return true;
            }
            self.held_bytes += bytes(&line);
            self.held.push_back(line);
        }
        false
    }

    /// How many lines are held.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether all was taken, as far as is known.
    pub fn is_over(&self) -> bool {
        self.has_ended && self.held.is_empty()
    }

    fn receive(&mut self) -> Next {
        match self.lines.try_recv() {
            Ok(line) => Next::Line(line),
            Err(TryRecvError::Empty) => Next::Nothing,
            Err(TryRecvError::Disconnected) => {
                self.has_ended = true;
                Next::End
            }
        }
    }
}

fn bytes(line: &Result<String, InputError>) -> usize {
    line.as_ref().map_or(0, String::len)
}

fn pump(
    input: &mut impl BufRead,
    lines: &SyncSender<Result<String, InputError>>,
    wake: impl Fn() -> io::Result<()>,
) {
    while let Some(line) = line(input).transpose() {
        let is_last = matches!(line, Err(InputError::Read(_)));
        if lines.send(line).is_err() || wake().is_err() || is_last {
            return;
        }
    }
}

/// The next line without its end (`\n` or `\r\n`), or none at the end of input.
///
/// # Errors
/// It is no message, and the next line may be one; or nothing can be read.
pub fn line(input: &mut impl BufRead) -> Result<Option<String>, InputError> {
    let mut line = Vec::new();
    let limit = MESSAGE_BYTES_MAX as u64 + 2;
    input.take(limit).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let is_whole = line.pop_if(|end| *end == b'\n').is_some();
    if is_whole {
        line.pop_if(|end| *end == b'\r');
    }
    if line.len() > MESSAGE_BYTES_MAX {
        if !is_whole {
            input.skip_until(b'\n')?;
        }
        return Err(InputError::TooLong);
    }
    match String::from_utf8(line) {
        Ok(line) => Ok(Some(line)),
        Err(_) => Err(InputError::NotUtf8),
    }
}

#[cfg(test)]
mod tests {
    use mio::{Poll, Token};

    use super::*;

    fn lines(mut input: &[u8]) -> Vec<Result<String, String>> {
        let mut lines = Vec::new();
        while let Some(line) = line(&mut input).transpose() {
            lines.push(line.map_err(|error| error.to_string()));
        }
        lines
    }

    #[test]
    fn a_line_has_no_end_and_the_last_one_needs_none() {
        let expected = ["one", "", "two\r", "three"].map(|line| Ok(line.to_owned()));
        assert_eq!(lines(b"one\n\r\ntwo\r\r\nthree"), expected);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_line_that_cannot_be_a_message_costs_no_other() {
        let lines = lines(b"one\n\xff\ntwo\n");
        assert_eq!(lines.len(), 3);
        assert!(lines[1].as_ref().unwrap_err().contains("UTF-8"));
        assert_eq!(lines[2].as_deref(), Ok("two"));
    }

    #[test]
    fn a_line_may_be_as_long_as_a_message_and_no_longer() {
        let longest = "x".repeat(MESSAGE_BYTES_MAX);
        let input = format!("{longest}\r\n{longest}x\n{longest}more\nlast");
        let lines = lines(input.as_bytes());
        assert!(lines[0].as_deref() == Ok(&longest));
        assert!(lines[1].is_err() && lines[2].is_err());
        assert_eq!(lines[3].as_deref(), Ok("last"));
    }

    /// An input of which this was typed, and no more will be.
    fn input(typed: Vec<String>) -> Input {
        let poll = Poll::new().unwrap();
        let (sender, lines) = sync_channel(typed.len());
        for line in typed {
            sender.send(Ok(line)).unwrap();
        }
        Input {
            lines,
            held: VecDeque::new(),
            held_bytes: 0,
            has_ended: false,
            _waker: Arc::new(Waker::new(poll.registry(), Token(0)).unwrap()),
        }
    }

    fn taken(input: &mut Input) -> Option<String> {
        match input.take() {
            Next::Line(line) => line.ok(),
            Next::Nothing | Next::End => None,
        }
    }

    #[test]
    fn what_is_held_is_taken_first_and_in_order() {
        let mut input = input(["one", "two", "bye", "three"].map(str::to_owned).to_vec());
        assert!(input.hold(|line| line == "bye"));
        assert_eq!(input.held(), 2);
        let rest = [(); 3].map(|()| taken(&mut input).unwrap());
        assert_eq!(rest, ["one", "two", "three"]);
        assert!(!input.is_over());
        assert!(!input.hold(|_| false));
        assert!(input.is_over());
    }

    #[test]
    fn so_much_is_held_and_the_rest_stays_where_it_is() {
        let mut lines = input(vec![String::new(); HELD_LINES_MAX + 1]);
        lines.hold(|_| false);
        assert_eq!(lines.held(), HELD_LINES_MAX);
        let mut long = input(vec!["x".repeat(HELD_BYTES_MAX / 2 + 1); 3]);
        long.hold(|_| false);
        assert_eq!(long.held(), 2);
        taken(&mut long).unwrap();
        long.hold(|_| false);
        assert_eq!(long.held(), 2);
        assert!(!long.is_over());
    }
}
