//! An open WebSocket between standard input and output.

use std::io::ErrorKind;
use std::time::Duration;

use tungstenite::{
    Error as WebSocketError, Message, Utf8Bytes, WebSocket,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{
    console::{Console, Typed},
    ending::EndError,
    inflating::Inflating,
    input::InputError,
    watch::Watch,
};
use crate::system::socket::Socket;

/// How long nothing may have arrived after the end of input before we close.
const QUIET: Duration = Duration::from_secs(1);
/// How long our close waits for the server's.
const CLOSE_GRACE: Duration = Duration::from_secs(2);
/// Messages received, and lines sent, before the other direction and the signals have their turn.
const TURN_MESSAGES_MAX: usize = 64;

/// What joins a WebSocket to standard input and output.
#[expect(
    missing_debug_implementations,
    reason = "the library's signal source has none"
)]
pub struct Session<'a> {
    socket: WebSocket<Inflating<&'a mut Socket>>,
    watch: &'a mut Watch,
    console: &'a mut Console,
    /// Until when there is nothing to say, if nothing happens.
    silent_until: Option<Duration>,
    stage: Stage,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Both sides talk.
    Open,
    /// All input is sent; we close at that time unless something arrives.
    Quiet { until: Duration },
    /// We have closed; the server has until then to do so too.
    Closing { until: Duration },
}

/// How far one direction got in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Until something happens there is no more to do.
    Blocked,
    /// There may be more to do at once.
    More,
    /// There will never be more.
    Ended,
}

impl<'a> Session<'a> {
    /// A session of this user.
    pub fn new(
        socket: WebSocket<Inflating<&'a mut Socket>>,
        watch: &'a mut Watch,
        console: &'a mut Console,
    ) -> Self {
        Self {
            socket,
            watch,
            console,
            silent_until: None,
            stage: Stage::Open,
        }
    }

    /// Talks until one side closes and the other has answered or is given up.
    ///
    /// # Errors
    /// It ended otherwise than by a normal close.
    pub fn run(mut self) -> Result<(), EndError> {
        self.watch.heed();
        let end = self.talk();
        self.console.flush()?;
        end
    }

    fn talk(&mut self) -> Result<(), EndError> {
        loop {
            let heard = self.hear()?;
            self.console.flush()?;
            if self.watch.is_interrupted() {
                self.console.leave();
            }
            let said = self.say();
            if self.console.is_leaving() {
                self.close();
            }
            if heard == Progress::Ended || self.is_given_up() {
                return Ok(());
            }
            let deadline = if [heard, said].contains(&Progress::More) {
                Some(Duration::ZERO)
            } else {
                self.deadline()
            };
            self.watch.wait(deadline).map_err(EndError::System)?;
        }
    }

    /// Prints what has arrived.
    fn hear(&mut self) -> Result<Progress, EndError> {
        for _ in 0..TURN_MESSAGES_MAX {
            match self.socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    if let Stage::Quiet { .. } = self.stage {
                        self.begin_quiet();
                    }
                    self.console.print(&message)?;
                }
                Ok(Message::Close(None)) if self.is_closing() => return Ok(Progress::Ended),
                Ok(Message::Close(frame)) => {
                    // The answer is staged. If it cannot leave now, the server is not reading, and needs none.
                    let _ = self.socket.flush();
                    return EndError::of_close(frame).map(|()| Progress::Ended);
                }
                Ok(_) => {}
                Err(WebSocketError::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Progress::Blocked);
                }
                // Much came that is nothing to read.
                Err(WebSocketError::Io(error)) if error.kind() == ErrorKind::Interrupted => break,
                Err(_) if self.is_closing() => return Ok(Progress::Ended),
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(Progress::More)
    }

    /// Sends what was typed, a line at a time: the next is taken when the one before has left, so that little waits.
    fn say(&mut self) -> Progress {
        self.silent_until = None;
        for _ in 0..TURN_MESSAGES_MAX {
            // A socket that is broken blocks for ever here; reading tells how it ended.
            if self.socket.flush().is_err() || self.stage != Stage::Open {
                return Progress::Blocked;
            }
            let text = match self.console.next_text(self.watch.now()) {
                Typed::Text(text) => text,
                Typed::Nothing(until) => {
                    self.silent_until = until;
                    return Progress::Blocked;
                }
                Typed::End => {
                    self.begin_quiet();
                    return Progress::Blocked;
                }
            };
            match self.socket.write(Message::text(text)) {
                // What the socket does not take is kept, for the next flush to send; how it broke, reading tells.
                Ok(()) | Err(WebSocketError::Io(_)) => {}
                Err(WebSocketError::WriteBufferFull(_)) => self.console.skip(&InputError::TooLong),
                Err(error) => self.console.skip(&error),
            }
        }
        Progress::More
    }

    fn begin_quiet(&mut self) {
        let until = self.watch.now() + QUIET;
        self.stage = Stage::Quiet { until };
    }

    fn close(&mut self) {
        self.console.leave();
        if !self.is_closing() {
            let until = self.watch.now() + CLOSE_GRACE;
            self.stage = Stage::Closing { until };
            self.send_close(CloseCode::Normal);
        }
    }

    fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. })
    }

    /// Ends the quiet when it has lasted, and says whether the server was waited for long enough.
    fn is_given_up(&mut self) -> bool {
        let now = self.watch.now();
        match self.stage {
            Stage::Quiet { until } if now >= until => {
                self.close();
                false
            }
            Stage::Closing { until } => now >= until,
            Stage::Open | Stage::Quiet { .. } => false,
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self.stage {
            Stage::Open => self.silent_until,
            Stage::Quiet { until } | Stage::Closing { until } => Some(until),
        }
    }

    /// Closes on a server that broke the rules, and says how it all ended.
    fn fail(&mut self, error: WebSocketError) -> EndError {
        let end = EndError::of_error(error);
        if let EndError::Fault { code, .. } = end {
            self.send_close(code.into());
        }
        end
    }

    fn send_close(&mut self, code: CloseCode) {
        let reason = Utf8Bytes::default();
        // What the socket does not take is kept, for the next flush to send.
        let _ = self.socket.close(Some(CloseFrame { code, reason }));
    }
}
