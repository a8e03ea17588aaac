//! How connections end otherwise than well, in words.

use std::{error::Error, io};

use thiserror::Error;
use tungstenite::{Error as WebSocketError, error::ProtocolError, protocol::CloseFrame};

use super::inflating::InflatingError;
use crate::vocabulary::visible::visible;

/// How a session ended otherwise than well.
#[derive(Debug, Error)]
pub enum EndError {
    /// The server closed it, and said why.
    #[error("the server closed the connection: {code}, {}{}", words(*code), quoted(reason))]
    Closed {
        /// The code of the close frame.
        code: u16,
        /// The words in it.
        reason: String,
    },
    /// The server closed it, and did not say why.
    #[error("the server closed the connection and gave no code")]
    ClosedWithoutCode,
    /// It ended without a close frame.
    #[error("the connection was lost without a close: the server or the network failed")]
    Lost,
    /// It broke.
    #[error("the connection was lost without a close: {0}")]
    Broken(io::Error),
    /// The server did what it must not; we closed.
    #[error("closed the connection with {code}, since the server broke the rules: {cause}")]
    Fault {
        /// The code of our close frame.
        code: u16,
        /// What it did.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// It was lost, and there will be no other.
    #[error("the connection was lost, and the end was asked for before it was back")]
    Away,
    /// It ended well, but not all that should have been sent was, for sure.
    #[error("some of the input was not sent, or may not have been, as told above")]
    Skipped,
    /// There is nowhere to print to.
    #[error("cannot write to the standard output: {0}")]
    Output(io::Error),
    /// The system refused to go on.
    #[error("the system refused to wait for events: {0}")]
    System(io::Error),
}

impl EndError {
    /// The end that a close frame of the server brings; good if its code is 1000.
    pub(super) fn of_close(frame: Option<CloseFrame>) -> Result<(), Self> {
        match frame {
            None => Err(Self::ClosedWithoutCode),
            Some(frame) if u16::from(frame.code) == 1000 => Ok(()),
            Some(frame) => Err(Self::Closed {
                code: frame.code.into(),
                reason: frame.reason.to_string(),
            }),
        }
    }

    /// Whether another connection may be better.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Closed { .. }
            | Self::ClosedWithoutCode
            | Self::Lost
            | Self::Broken(_)
            | Self::Fault { .. } => true,
            Self::Away | Self::Skipped | Self::Output(_) | Self::System(_) => false,
        }
    }

    /// The end that a failed read brings.
    pub(super) fn of_error(error: WebSocketError) -> Self {
        let code = match error {
            WebSocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                return Self::Lost;
            }
            WebSocketError::Io(cause) => {
                return match cause.downcast::<InflatingError>() {
                    Ok(fault) => Self::fault(fault.code(), fault),
                    Err(cause) => Self::Broken(cause),
                };
            }
            WebSocketError::Utf8(_) => 1007,
            WebSocketError::Capacity(_) => 1009,
            _ => 1002,
        };
        Self::fault(code, error)
    }

    fn fault(code: u16, cause: impl Error + Send + Sync + 'static) -> Self {
        let cause = Box::new(cause);
        Self::Fault { code, cause }
    }
}

/// What a close code means, and what there is to do (RFC 6455, section 7.4; 4000 and up are Hubbub's).
fn words(code: u16) -> &'static str {
    match code {
        1001 => "going away: it is stopping, so connect again later",
        1002 => "protocol error: it says that this client broke the WebSocket protocol",
        1003 => "unsupported data: it does not take messages of this type",
        1007 => "not UTF-8: it says that this client sent text that is none",
        1008 => "policy: it does not allow what this client did, or not any more",
        1009 => "message too large: send shorter lines",
        1011 => "internal error: it failed, and its log should say how",
        1012 => "service restart: connect again in a moment",
        1013 => "try again later: it has too much to do",
        4001 => "slow consumer: this client did not take its messages in time",
        4002 => "no pong: this client did not answer a ping in time",
        // Of frameworks and of whoever runs a server (RFC 6455, section 7.4.2), as `POST /api/clients/ID/close` takes them.
        3000..=4999 => "a code of its own, or of a program that had it closed",
        _ => "a code that is not known here",
    }
}

fn quoted(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" (it said: {})", visible(reason, &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(code: u16, reason: &'static str) -> String {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        EndError::of_close(Some(frame)).unwrap_err().to_string()
    }

    #[test]
    fn a_close_is_told_by_its_code_in_words_and_by_what_the_server_said() {
        assert_eq!(
            text(4001, "no progress"),
            "the server closed the connection: 4001, slow consumer: this client did not take its messages in time \
             (it said: no progress)"
        );
        assert!(text(1001, "").ends_with("connect again later"));
        for code in [3000, 4003, 4999] {
            assert_eq!(
                text(code, "no more"),
                format!(
                    "the server closed the connection: {code}, a code of its own, or of a program that had it closed \
                     (it said: no more)"
                )
            );
        }
        for code in [2999, 5000] {
            assert!(text(code, "\u{1b}[2J").ends_with("known here (it said: \\u{1b}[2J)"));
        }
    }

    #[test]
    fn known_codes_have_words_of_their_own() {
        let codes = [
            1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 4001, 4002,
        ];
        let mut said = codes.map(words).to_vec();
        said.extend([words(4999), words(5000)]);
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), codes.len() + 2);
    }

    #[test]
    fn only_1000_is_a_good_end() {
        let normal = CloseFrame {
            code: 1000.into(),
            reason: "".into(),
        };
        assert!(EndError::of_close(Some(normal)).is_ok());
        assert!(EndError::of_close(None).is_err());
    }
}
