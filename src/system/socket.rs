//! Sockets as streams of the server.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};

use super::tls::socket::TlsSocket;
use crate::server::stream::Stream;

/// A connected socket.
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsSocket>),
    /// A unix stream.
    Unix(UnixStream),
}

impl Socket {
    /// What a poll watches.
    pub fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.source(),
            Self::Unix(stream) => stream,
        }
    }
}

/// Calls the same method of whichever socket it is.
macro_rules! either {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Tcp($stream) => $call,
            Socket::Tls($stream) => $call,
            Socket::Unix($stream) => $call,
        }
    };
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(self, stream => stream.read(buffer))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, stream => stream.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, stream => stream.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        either!(self, stream => stream.flush())
    }
}

impl Stream for Socket {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Tls(stream) => stream.held_bytes(),
            Self::Tcp(_) | Self::Unix(_) => 0,
        }
    }

    fn push_held(&mut self) -> io::Result<()> {
        match self {
            Self::Tls(stream) => stream.push(),
            Self::Tcp(_) | Self::Unix(_) => Ok(()),
        }
    }

    fn take_toll(&mut self) -> usize {
        match self {
            Self::Tls(stream) => stream.take_toll(),
            Self::Tcp(_) | Self::Unix(_) => 0,
        }
    }

    fn begin<'a>(&mut self, rest: &'a [u8]) -> io::Result<&'a [u8]> {
        match self {
            Self::Tls(stream) => stream.begin(rest).map(|()| &[][..]),
            Self::Tcp(_) | Self::Unix(_) => Ok(rest),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Tls(stream) => stream.heap_bytes(),
            Self::Tcp(_) | Self::Unix(_) => 0,
        }
    }

    fn short_read_drains(&self) -> bool {
        !matches!(self, Self::Tls(_))
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Tls(stream) => stream.shutdown_write(),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}
