//! A socket that speaks TLS.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::net::Shutdown;

use mio::net::TcpStream;
use rustls::{Connection, InvalidMessage};

use crate::vocabulary::config::{RECEIVE_BYTES_MAX, TLS_HANDSHAKE_TOLL_BYTES, TLS_HELD_BYTES_MAX};

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
        }
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
    /// The peer is gone already.
    pub fn shutdown_write(&mut self) -> io::Result<()> {
        self.connection.send_close_notify();
        self.push()?;
        self.stream.shutdown(Shutdown::Write)
    }

    /// Decrypts what was received, and answers what the protocol itself wants answered.
    fn decrypt(&mut self) -> io::Result<()> {
        if self.connection.is_handshaking() {
            self.toll_bytes += TLS_HANDSHAKE_TOLL_BYTES;
        }
        if let Err(error) = self.connection.process_new_packets() {
            let is_begun = !self.connection.is_handshaking();
            let is_server = matches!(self.connection, Connection::Server(_));
            if is_server && !is_begun && error == InvalidMessage::InvalidContentType.into() {
                // Perhaps it speaks plain HTTP. It need not take this.
                let _ = self.stream.write(PLAIN_HTTP);
            } else {
                // The peer is told why, if it still listens.
                let _ = self.push();
            }
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        self.push()
    }
}

impl Read for TlsSocket {
    /// Reads what was encrypted. After many records that held nothing to read this is `Interrupted`: others shall get to
    /// read too.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut budget = RECEIVE_BYTES_MAX;
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // The protocols inside know for themselves whether an end comes too early.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            if budget == 0 {
                return Err(ErrorKind::Interrupted.into());
            }
            let received = self.connection.read_tls(&mut self.stream)?;
            budget = budget.saturating_sub(received);
            self.decrypt()?;
        }
    }
}

impl Write for TlsSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    /// Takes bytes only when all that was encrypted before is out, so that little is held here.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.push()?;
        if self.held_bytes > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let taken = self.connection.writer().write_vectored(slices)?;
        self.push()?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
