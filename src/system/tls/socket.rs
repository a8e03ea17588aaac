//! A socket that speaks TLS.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::net::Shutdown;

use mio::net::TcpStream;
use rustls::{Connection, Error, InvalidMessage};

use crate::vocabulary::config::{
    RECEIVE_BYTES_MAX, REQUEST_HEAD_BYTES_MAX, TLS_HANDSHAKE_TOLL_BYTES, TLS_HELD_BYTES_MAX,
};

/// What one is told who speaks plain HTTP.
const PLAIN_HTTP: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
    This port speaks TLS: use https:// or wss://.\n";

/// A connected socket that speaks TLS.
#[derive(Debug)]
pub struct TlsSocket {
    connection: Connection,
    stream: TcpStream,
    held_bytes: usize,
    toll_bytes: usize,
    /// Whether what comes is TLS by now.
    has_begun: bool,
    /// How the peer broke the protocol, which those above learn once they have read what came before.
    failure: Option<Error>,
}

impl TlsSocket {
    /// TLS that is to begin on a socket.
    pub fn new(mut connection: Connection, stream: TcpStream) -> Self {
        connection.set_buffer_limit(Some(TLS_HELD_BYTES_MAX));
        Self {
            connection,
            stream,
            held_bytes: 0,
            toll_bytes: 0,
            has_begun: true,
            failure: None,
        }
    }

    /// The same for a socket on which something else may come first.
    #[must_use]
    pub fn once_begun(self) -> Self {
        Self {
            has_begun: false,
            ..self
        }
    }

    /// Begins TLS, of which these bytes were read already.
    ///
    /// # Errors
    /// `InvalidData` for a peer that breaks the protocol.
    pub fn begin(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.has_begun = true;
        while !bytes.is_empty() {
            match self.connection.read_tls(&mut bytes)? {
                0 => break,
                count => self.decrypt(count).map_err(broken)?,
            }
        }
        Ok(())
    }

    /// What a poll watches.
    pub fn source(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Encrypted bytes that the socket has not taken yet.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Bytes that it takes beside a handle to it; what its keys and buffers take the library does not tell.
    pub fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.held_bytes
    }

    /// What the handshake took of the turn since this was last asked.
    pub fn take_toll(&mut self) -> usize {
        mem::take(&mut self.toll_bytes)
    }

    /// Gets on with the handshake until it is done and all of it is sent.
    ///
    /// The library's `complete_io` would not do: without an error it says that something moved, not that all is done.
    ///
    /// # Errors
    /// That it would block, if it has to wait for the peer; what went wrong otherwise.
    pub fn shake_hands(&mut self) -> io::Result<()> {
        while self.connection.is_handshaking() {
            self.push()?;
            match self.connection.read_tls(&mut self.stream) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.decrypt(count).map_err(broken)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.flush()
    }

    /// Writes encrypted bytes until there are none left or the socket takes no more.
    ///
    /// # Errors
    /// Those of the socket, except that it would block.
    pub fn push(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut self.stream) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.held_bytes = if self.connection.wants_write() {
            let state = self.connection.process_new_packets();
            state.map_or(1, |state| state.tls_bytes_to_write())
        } else {
            0
        };
        Ok(())
    }

    /// Says that nothing more will come (RFC 8446, section 6.1), and shuts the writing side.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room to say so; else the peer is gone already.
    pub fn shutdown_write(&mut self) -> io::Result<()> {
        self.connection.send_close_notify();
        self.push()?;
        if self.held_bytes > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.stream.shutdown(Shutdown::Write)
    }

    /// Decrypts what was received, so many bytes. What the protocol itself has to answer is held back for the next push.
    fn decrypt(&mut self, received: usize) -> Result<(), Error> {
        let is_handshaking = self.connection.is_handshaking();
        let state = match self.connection.process_new_packets() {
            Ok(state) => state,
            Err(error) => {
                self.explain(&error, is_handshaking);
                return Err(error);
            }
        };
        self.held_bytes = state.tls_bytes_to_write();
        self.toll_bytes += received.saturating_sub(state.plaintext_bytes_to_read());
        if is_handshaking {
            self.toll_bytes += TLS_HANDSHAKE_TOLL_BYTES;
        }
        Ok(())
    }

    /// Tells a peer what it did wrong, if it still listens.
    fn explain(&mut self, error: &Error, is_handshaking: bool) {
        let is_server = matches!(self.connection, Connection::Server(_));
        if is_server && is_handshaking && *error == InvalidMessage::InvalidContentType.into() {
            // Perhaps it speaks plain HTTP. What is left unread would reset the stream and take the answer with it.
            let _ = self.stream.read(&mut vec![0; REQUEST_HEAD_BYTES_MAX]);
            let _ = self.stream.write(PLAIN_HTTP);
        } else {
            let _ = self.push();
        }
    }
}

/// A peer that broke the protocol.
fn broken(error: Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

impl Read for TlsSocket {
    /// Reads what was encrypted, or what comes before.
    ///
    /// # Errors
    /// Those of the socket; `InvalidData` for a peer that breaks the protocol, once what came before that is read, or for one
    /// that sends a great deal with nothing in it.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.has_begun {
            return self.stream.read(buffer);
        }
        let mut received = 0;
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // The protocols inside know for themselves whether an end comes too early.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            if let Some(error) = &self.failure {
                return Err(broken(error.clone()));
            }
            if received > RECEIVE_BYTES_MAX {
                return Err(ErrorKind::InvalidData.into());
            }
            let count = self.connection.read_tls(&mut self.stream)?;
            received += count;
            self.failure = self.decrypt(count).err();
        }
    }
}

impl Write for TlsSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    /// Takes bytes only when all that was encrypted before is out, so that little is held here; and none for a peer that broke
    /// the protocol, of which reading tells.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.flush()?;
        if self.failure.is_some() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let taken = self.connection.writer().write_vectored(slices)?;
        self.push()?;
        Ok(taken)
    }

    /// Writes what was encrypted before; that would block as long as the socket does not take it.
    fn flush(&mut self) -> io::Result<()> {
        self.push()?;
        if self.held_bytes > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(())
    }
}
