//! The user's side, over all connections: what is typed, what is printed, and what is told beside.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::time::Duration;

use tungstenite::Message;

use super::{
    dialogue::Dialogue,
    ending::EndError,
    input::{Input, Next},
    said::Said,
};
use crate::vocabulary::visible::visible;

/// Standard input, output and error.
#[derive(Debug)]
pub struct Console {
    input: Input,
    dialogue: Dialogue,
    /// None once nobody reads it any more.
    out: Option<BufWriter<StdoutLock<'static>>>,
    /// Whether the user wants the end.
    is_leaving: bool,
    /// Whether some of the input was not sent, or may not have been.
    has_skipped: bool,
}

/// What is next to be sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// This.
    Text(String),
    /// Nothing yet, nor until then if nothing happens.
    Nothing(Option<Duration>),
    /// Nothing ever again.
    End,
}

impl Console {
    /// What is typed goes through this dialogue, and what is printed.
    pub fn new(input: Input, dialogue: Dialogue) -> Self {
        Self {
            input,
            dialogue,
            out: Some(BufWriter::new(io::stdout().lock())),
            is_leaving: false,
            has_skipped: false,
        }
    }

    /// The next text to send on this connection.
    pub fn next_text(&mut self, now: Duration) -> Typed {
        loop {
            if let Some(request) = self.dialogue.request(now) {
                return Typed::Text(request);
            }
            if self.dialogue.is_full() || self.is_leaving {
                return Typed::Nothing(self.dialogue.deadline());
            }
            match self.input.take() {
                Next::Line(Ok(line)) => match self.dialogue.understand(line) {
                    Said::Send(text) => return Typed::Text(text),
                    Said::Hint(hint) => tell(&hint),
                    Said::Nothing => {}
                    Said::Quit => self.leave(),
                },
                Next::Line(Err(error)) => self.skip(&error),
                Next::Nothing => return Typed::Nothing(self.dialogue.deadline()),
                Next::End => return Typed::End,
            }
        }
    }

    /// Prints a message.
    ///
    /// # Errors
    /// There is nowhere to print to.
    pub fn print(&mut self, message: &Message) -> Result<(), EndError> {
        self.write(|dialogue, out| dialogue.print(message, out))?;
        self.tell_unknown();
        Ok(())
    }

    /// Shows what was printed.
    ///
    /// # Errors
    /// There is nowhere to print to.
    pub fn flush(&mut self) -> Result<(), EndError> {
        self.write(|_, out| out.flush())
    }

    /// Tells why something is not sent, or may not have been. What follows is, as far as it can be.
    pub fn skip(&mut self, reason: &dyn Display) {
        tell(reason);
        self.has_skipped = true;
    }

    /// The user wants the end.
    pub fn leave(&mut self) {
        self.is_leaving = true;
    }

    /// Whether the user wants the end.
    pub fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// The connection is lost; there may be another.
    pub fn lose(&mut self) {
        self.dialogue.lose();
        self.tell_unknown();
    }

    /// Holds what is typed while there is no connection.
    pub fn hold(&mut self) {
        self.is_leaving |= self.input.hold(|line| self.dialogue.is_quit(line));
    }

    /// Whether nothing is left for which another connection is needed: no more will be typed, and all that was said is
    /// answered.
    pub fn is_done(&self) -> bool {
        self.input.is_over() && !self.dialogue.is_waiting()
    }

    /// Tells that there is another connection.
    pub fn tell_back(&self) {
        tell(&self.dialogue.back());
    }

    /// Tells what will never be known, now that all is over.
    ///
    /// # Errors
    /// It ended like that, or well, but some of the input was not sent.
    pub fn end(&mut self, end: Result<(), EndError>) -> Result<(), EndError> {
        self.dialogue.end();
        self.tell_unknown();
        match self.input.held() {
            0 => {}
            1 => self.skip(&"a line was not sent: there was no connection"),
            lines => self.skip(&format_args!(
                "{lines} lines were not sent: there was no connection"
            )),
        }
        match end {
            Ok(()) if self.has_skipped => Err(EndError::Skipped),
            end => end,
        }
    }

    fn tell_unknown(&mut self) {
        while let Some(what) = self.dialogue.unknown() {
            let what = visible(&what, &[]);
            self.skip(&format_args!("it is unknown whether this was said {what}"));
        }
    }

    /// Writes to standard output. Nobody reading there any more is a wish to leave.
    fn write(
        &mut self,
        write: impl FnOnce(&mut Dialogue, &mut BufWriter<StdoutLock<'static>>) -> io::Result<()>,
    ) -> Result<(), EndError> {
        let Some(out) = &mut self.out else {
            return Ok(());
        };
        match write(&mut self.dialogue, out) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.out = None;
                self.leave();
                Ok(())
            }
            written => written.map_err(EndError::Output),
        }
    }
}

/// Tells the user something, beside what is printed.
pub(super) fn tell(hint: &dyn Display) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "hubbub: {hint}");
}
