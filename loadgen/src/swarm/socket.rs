//! One client's socket, whatever is spoken on it: what differs is only how it comes to be.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr},
};

use hubbub::system::{socket::Socket, tls::failure::TlsFailure};
use mio::net::{TcpStream, UnixStream};
use nix::sys::socket::{SetSockOpt, sockopt};
use socket2::{Domain, Protocol as Transport, Type};
use thiserror::Error;

use crate::plan::target::{Place, Target};

/// Begins a connection, from a chosen address if there is one.
///
/// # Errors
/// When the system has no socket for it, or no certificate can be for the host.
pub fn connect(target: &Target, source: Option<Ipv4Addr>) -> Result<Socket, SocketError> {
    match target.place() {
        Place::Unix(path) => Ok(Socket::Unix(UnixStream::connect(path)?)),
        Place::Tcp { address, tls } => {
            let stream = connect_tcp(*address, source)?;
            let Some((tls, host)) = tls else {
                return Ok(Socket::Tcp(stream));
            };
            Ok(Socket::Tls(Box::new(tls.connect(host, stream)?)))
        }
    }
}

/// Has a TCP socket send at once what it gets: a schedule is not kept by one that waits for more.
///
/// # Errors
/// The system's.
pub fn send_at_once(socket: &mut Socket) -> io::Result<()> {
    tcp(socket).map_or(Ok(()), |stream| stream.set_nodelay(true))
}

/// Whether it is connected, and may be spoken on.
///
/// # Errors
/// Why it cannot be.
pub fn is_ready(socket: &mut Socket) -> Result<bool, SocketError> {
    if let Some(stream) = tcp(socket) {
        if let Some(error) = stream.take_error()? {
            return Err(error.into());
        }
        match stream.peer_addr() {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    let Socket::Tls(stream) = socket else {
        return Ok(true);
    };
    match stream.shake_hands() {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(TlsFailure::from(error).into()),
    }
}

/// The TCP under it, if there is one.
fn tcp(socket: &mut Socket) -> Option<&mut TcpStream> {
    match socket {
        Socket::Tcp(stream) => Some(stream),
        Socket::Tls(stream) => Some(stream.source()),
        Socket::Unix(_) => None,
    }
}

fn connect_tcp(address: SocketAddr, source: Option<Ipv4Addr>) -> io::Result<TcpStream> {
    let Some(source) = source else {
        return TcpStream::connect(address);
    };
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking().cloexec(),
        Some(Transport::TCP),
    )?;
    // The port is chosen on connecting, when it has to be free towards this server only (ip(7)).
    sockopt::IpBindAddressNoPort.set(&socket, &true)?;
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    match socket.connect(&address.into()) {
        Err(error)
            if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) =>
        {
            Err(error)
        }
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum SocketError {
    /// The system's reason, or the server's.
    #[error(transparent)]
    System(#[from] io::Error),
    /// There is no TLS with the server.
    #[error(transparent)]
    Tls(#[from] TlsFailure),
}
