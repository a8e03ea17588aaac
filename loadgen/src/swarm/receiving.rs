//! Receiving what a socket has, whatever is spoken on it.

use std::io::{ErrorKind, Read};

use hubbub::{
    server::stream::Stream,
    system::{socket::Socket, tls::failure::TlsFault},
};
use thiserror::Error;

/// What was received at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// How many bytes of the buffer that is: none when there is nothing for now.
    pub bytes: usize,
    /// Whether there is to be read again, as no event may tell of what follows: there was no more room, or the stream has
    /// ended behind these bytes.
    pub has_more: bool,
}

/// Why nothing more is received. The server's doing.
#[derive(Debug, Error)]
pub enum ReceiveError {
    /// The stream ended or broke.
    #[error("the server ended the stream")]
    Ended,
    /// What came is not what was agreed on.
    #[error("the server {0}")]
    Fault(TlsFault),
}

/// Receives once into a buffer. Where this is all that there was, that is so unless the stream is ending.
///
/// # Errors
/// The stream is over, and nothing came before that.
pub fn receive(socket: &mut Socket, buffer: &mut [u8]) -> Result<Received, ReceiveError> {
    let mut bytes = 0;
    let has_more = loop {
        match socket.read(&mut buffer[bytes..]) {
            Ok(more @ 1..) => {
                bytes += more;
                // What is encrypted comes record by record.
                if bytes == buffer.len() || socket.short_read_drains() {
                    break bytes == buffer.len();
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break false,
            // An end is told again to whoever reads again.
            _ if bytes > 0 => break true,
            Ok(_) => return Err(ReceiveError::Ended),
            Err(error) => {
                return Err(TlsFault::of(&error).map_or(ReceiveError::Ended, ReceiveError::Fault));
            }
        }
    };
    Ok(Received { bytes, has_more })
}
