//! What came of it, for people and for pipes.

use std::io::{self, ErrorKind, Write};

use super::error::AskError;

/// Standard output, while somebody reads it.
#[derive(Debug, Default)]
pub(super) struct Out {
    is_closed: bool,
}

impl Out {
    /// Prints something at once. One who reads no more has read enough.
    ///
    /// # Errors
    /// There is nowhere to print to.
    pub(super) fn print(&mut self, text: &str) -> Result<(), AskError> {
        if self.is_closed {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            printed => printed.map_err(AskError::output),
        }
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }
}
