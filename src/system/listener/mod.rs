//! Listening sockets, TCP and unix.

mod bind;
mod file;
mod inherited;

use std::io;
use std::net::IpAddr;

use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use socket2::SockRef;

use self::file::SocketFile;
pub use self::{
    bind::{ListenError, bind},
    inherited::inherited,
};
use super::socket::Socket;
use crate::vocabulary::config::NOTSENT_LOWAT_BYTES;

/// A socket that accepts others.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A unix stream, and its file if that is ours, which goes first, as long as its number is sure to be its own.
    Unix(Option<SocketFile>, UnixListener),
}

impl Listener {
    /// Accepts one connection, and says from which address; one on a unix socket has none.
    ///
    /// # Errors
    /// `WouldBlock` if none waits; those of accept(2).
    pub fn accept(&self) -> io::Result<(Socket, Option<IpAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                // One that listens to IPv6 and IPv4 writes the addresses of both in the form of the former.
                Ok((Socket::Tcp(stream), Some(peer.ip().to_canonical())))
            }
            Self::Unix(_, listener) => {
                let (stream, _) = listener.accept()?;
                Ok((Socket::Unix(stream), None))
            }
        }
    }

    /// Has the kernel hold little that is unsent of each TCP connection accepted from now on.
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn hold_little(&self) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => hold_little(&SockRef::from(listener)),
            Self::Unix(..) => Ok(()),
        }
    }

    /// What a poll watches.
    pub fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(listener) => listener,
            Self::Unix(_, listener) => listener,
        }
    }

    /// Where it listens, for people and scripts: `http://HOST:PORT` or another scheme, or `unix:PATH`.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn url(&self, scheme: &str) -> io::Result<String> {
        match self {
            Self::Tcp(listener) => Ok(format!("{scheme}://{}", listener.local_addr()?)),
            Self::Unix(_, listener) => {
                let address = listener.local_addr()?;
                let path = address.as_pathname();
                Ok(path.map_or_else(
                    || "unix:".to_owned(),
                    |path| format!("unix:{}", path.display()),
                ))
            }
        }
    }

    /// Whether it is reached from this machine alone.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener
                .local_addr()
                .is_ok_and(|address| address.ip().to_canonical().is_loopback()),
            Self::Unix(..) => true,
        }
    }

    /// Its TCP port, if it has one.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn port(&self) -> io::Result<Option<u16>> {
        match self {
            Self::Tcp(listener) => Ok(Some(listener.local_addr()?.port())),
            Self::Unix(..) => Ok(None),
        }
    }
}

/// Bounds what is unsent in the kernel. Accepted sockets inherit it on Linux, which saves a system call for each.
fn hold_little(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_notsent_lowat(NOTSENT_LOWAT_BYTES)
}
