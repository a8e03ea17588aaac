//! Listening sockets, TCP and unix.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use socket2::{Domain, SockAddr, Type};
use thiserror::Error;

use super::socket::Socket;
use crate::vocabulary::{address::Address, config::LISTEN_BACKLOG_MAX};

/// A socket that accepts others.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A unix stream; its file is removed when the listener is dropped.
    Unix(UnixListener, SocketFile),
}

/// Why nothing listens. The operator's to mend.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The address does not resolve, is taken, or is not ours to take.
    #[error("cannot listen on {address}: {cause}; choose another with --addr")]
    Address {
        /// What `--addr` says.
        address: Address,
        /// What the system says.
        cause: io::Error,
    },
    /// Another process listens on the unix socket.
    #[error(
        "cannot listen on {0}: another process does; choose another path with --addr unix:PATH"
    )]
    InUse(Address),
    /// The path of the unix socket is something else.
    #[error(
        "cannot listen on {0}: the path exists and is not a socket; choose another with --addr unix:PATH"
    )]
    NotASocket(Address),
}

impl Listener {
    /// Listens on an address. A unix socket's file that nobody listens on any more is replaced.
    ///
    /// # Errors
    /// Names the address and what is wrong with it.
    pub fn bind(address: &Address) -> Result<Self, ListenError> {
        let failed = |cause| ListenError::Address {
            address: address.clone(),
            cause,
        };
        match address {
            Address::Tcp(host_and_port) => tcp(host_and_port).map(Self::Tcp).map_err(failed),
            Address::Unix(path) => {
                clear(path, address)?;
                let listener = unix(path).map_err(failed)?;
                Ok(Self::Unix(listener, SocketFile(path.clone())))
            }
        }
    }

    /// Accepts one connection, and says from which address; one on a unix socket has none.
    ///
    /// # Errors
    /// `WouldBlock` if none waits; those of accept(2).
    pub fn accept(&self) -> io::Result<(Socket, Option<IpAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                Ok((Socket::Tcp(stream), Some(peer.ip())))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                Ok((Socket::Unix(stream), None))
            }
        }
    }

    /// What a poll watches.
    pub fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(listener) => listener,
            Self::Unix(listener, _) => listener,
        }
    }

    /// Where it listens, for people and scripts: `http://HOST:PORT` or another scheme, or `unix:PATH`.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn url(&self, scheme: &str) -> io::Result<String> {
        match self {
            Self::Tcp(listener) => Ok(format!("{scheme}://{}", listener.local_addr()?)),
            Self::Unix(_, file) => Ok(format!("unix:{}", file.0.display())),
        }
    }
}

/// The file of a unix socket, removed when it is dropped.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody may have removed it before; there is nobody left to tell.
        let _ = fs::remove_file(&self.0);
    }
}

fn tcp(host_and_port: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::new(ErrorKind::NotFound, "no such host");
    for address in host_and_port.to_socket_addrs()? {
        let bound = listening(Domain::for_address(address), &address.into());
        match bound {
            Ok(socket) => return Ok(TcpListener::from_std(socket.into())),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn unix(path: &Path) -> io::Result<UnixListener> {
    let socket = listening(Domain::UNIX, &SockAddr::unix(path)?)?;
    Ok(UnixListener::from_std(socket.into()))
}

fn listening(domain: Domain, address: &SockAddr) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    if domain != Domain::UNIX {
        socket.set_reuse_address(true)?;
        // Accepted sockets inherit it on Linux, which saves a system call for each.
        socket.set_tcp_nodelay(true)?;
    }
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG_MAX)?;
    Ok(socket)
}

/// Removes the file of a unix socket that nobody listens on.
fn clear(path: &Path, address: &Address) -> Result<(), ListenError> {
    let failed = |cause| ListenError::Address {
        address: address.clone(),
        cause,
    };
    let file = match fs::symlink_metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if !file.file_type().is_socket() {
        return Err(ListenError::NotASocket(address.clone()));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(failed(error)),
        _ => Err(ListenError::InUse(address.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_sockets_send_small_messages_at_once() {
        let listener = Listener::bind(&Address::Tcp("127.0.0.1:0".to_owned())).unwrap();
        let url = listener.url("http").unwrap();
        let _client = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let accepted = loop {
            match listener.accept() {
                Ok((socket, _)) => break socket,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        };
        let Socket::Tcp(stream) = accepted else {
            panic!("TCP was accepted");
        };
        assert!(stream.nodelay().unwrap());
    }

    #[test]
    fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hubbub.sock");
        let address = Address::Unix(path.clone());
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let listener = Listener::bind(&address).unwrap();
        assert!(matches!(
            Listener::bind(&address),
            Err(ListenError::InUse(_))
        ));
        drop(listener);
        assert!(!path.exists());
        fs::write(&path, "not a socket").unwrap();
        assert!(matches!(
            Listener::bind(&address),
            Err(ListenError::NotASocket(_))
        ));
    }
}
