//! Listening sockets, TCP and unix.

mod file;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;

use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use socket2::{Domain, SockAddr, Type};
use thiserror::Error;

use self::file::{Identity, SocketFile};
use super::socket::Socket;
use crate::vocabulary::{address::Address, config::LISTEN_BACKLOG_MAX};

/// A socket that accepts others.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A unix stream. Its file goes first, as long as its number is sure to be its own.
    Unix(SocketFile, UnixListener),
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
                let (file, listener) = unix(path).map_err(failed)?;
                Ok(Self::Unix(file, listener))
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
            Self::Unix(_, listener) => {
                let (stream, _) = listener.accept()?;
                Ok((Socket::Unix(stream), None))
            }
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
            Self::Unix(file, _) => Ok(format!("unix:{}", file.path().display())),
        }
    }
}

fn tcp(host_and_port: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::new(ErrorKind::NotFound, "no such host");
    for address in host_and_port.to_socket_addrs()? {
        match tcp_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn tcp_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(Domain::for_address(address))?;
    socket.set_reuse_address(true)?;
    // Accepted sockets inherit it on Linux, which saves a system call for each.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG_MAX)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn unix(path: &Path) -> io::Result<(SocketFile, UnixListener)> {
    let address = SockAddr::unix(path)?;
    let socket = socket(Domain::UNIX)?;
    socket.bind(&address)?;
    let file = SocketFile::of(path)?;
    socket.listen(LISTEN_BACKLOG_MAX)?;
    Ok((file, UnixListener::from_std(socket.into())))
}

/// Removes the file of a unix socket that nobody listens on.
fn clear(path: &Path, address: &Address) -> Result<(), ListenError> {
    let failed = |cause| ListenError::Address {
        address: address.clone(),
        cause,
    };
    let found = match Identity::at(path) {
        Ok(Some(found)) => found,
        Ok(None) => return Err(ListenError::NotASocket(address.clone())),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    // One whose backlog is full would be waited for.
    let probe = socket(Domain::UNIX).map_err(failed)?;
    match probe.connect(&SockAddr::unix(path).map_err(failed)?) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            found.remove(path).map_err(failed)
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(failed(error)),
        _ => Err(ListenError::InUse(address.clone())),
    }
}

/// A stream socket that never waits.
fn socket(domain: Domain) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::fs;

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

    #[test]
    fn a_file_that_has_taken_the_place_of_its_own_outlives_a_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hubbub.sock");
        let address = Address::Unix(path.clone());
        let older = Listener::bind(&address).unwrap();
        fs::remove_file(&path).unwrap();
        let newer = Listener::bind(&address).unwrap();
        drop(older);
        assert!(path.exists());
        drop(newer);
        assert!(!path.exists());
    }

    #[test]
    fn a_socket_that_takes_no_more_for_now_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hubbub.sock");
        let address = SockAddr::unix(&path).unwrap();
        let busy = socket(Domain::UNIX).unwrap();
        busy.bind(&address).unwrap();
        busy.listen(0).unwrap();
        let waiting = socket(Domain::UNIX).unwrap();
        waiting.connect(&address).unwrap();
        assert!(matches!(
            Listener::bind(&Address::Unix(path)),
            Err(ListenError::InUse(_))
        ));
    }
}
