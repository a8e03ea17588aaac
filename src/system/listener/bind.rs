//! Listening where an address says: at each address of a name, at all of this machine, or at a path.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use mio::net::{TcpListener, UnixListener};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use thiserror::Error;

use super::{
    Listener,
    file::{Identity, SocketFile},
    hold_little,
};
use crate::vocabulary::{
    address::Address,
    config::{Config, LISTEN_BACKLOG_MAX, LISTENERS_MAX},
};

/// How often a free port is looked for that is free at each address of a name.
const FREE_PORT_ATTEMPTS_MAX: usize = 16;

/// Why nothing listens. The operator's to mend.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The address does not resolve, is taken, or is not ours to take.
    #[error("cannot listen on {address}: {cause}; choose another with {flag}")]
    Address {
        /// The flag that names it.
        flag: &'static str,
        /// What it says.
        address: Address,
        /// What the system says.
        cause: io::Error,
    },
    /// Another process listens on the unix socket.
    #[error(
        "cannot listen on {address}: another process does; choose another path with {flag} unix:PATH"
    )]
    InUse {
        /// The flag that names it.
        flag: &'static str,
        /// What it says.
        address: Address,
    },
    /// A socket that was handed over is of no use.
    #[error(
        "cannot serve on socket {number} of those that were handed over (LISTEN_FDS): {cause}; hand over sockets that \
         listen, of streams"
    )]
    Inherited {
        /// Which one, of 1 and up.
        number: usize,
        /// What is wrong with it.
        cause: io::Error,
    },
    /// More sockets than a server has descriptors in reserve for.
    #[error("cannot listen with more than {LISTENERS_MAX} sockets: leave out some of {flag}")]
    TooMany {
        /// The flag that names the first that is too much.
        flag: &'static str,
    },
    /// Whoever reaches the operator's listener could do everything there.
    #[error(
        "{flag} {address} is reached from elsewhere, and nobody needs a key there: add --api-key FILE (or --token-key), or \
         listen at a loopback address or unix:PATH"
    )]
    Open {
        /// The flag that names it.
        flag: &'static str,
        /// What it says.
        address: Address,
    },
    /// The path of the unix socket is something else.
    #[error(
        "cannot listen on {address}: the path exists and is not a socket; choose another with {flag} unix:PATH"
    )]
    NotASocket {
        /// The flag that names it.
        flag: &'static str,
        /// What it says.
        address: Address,
    },
}

/// Listens at an address that this flag names: with one socket, or one for each address of a name. A unix socket's file that
/// nobody listens on any more is replaced.
///
/// # Errors
/// Names the address and what is wrong with it.
pub fn bind(
    flag: &'static str,
    address: &Address,
    config: &Config,
) -> Result<Vec<Listener>, ListenError> {
    let bound = match address {
        Address::Everywhere(port) => everywhere(*port, config).map(|listener| vec![listener]),
        Address::Tcp { host, port } => each_of(host, *port, config),
        Address::Unix(path) => match clear(path) {
            Ok(Obstacle::None) => unix(path, config).map(|listener| vec![listener]),
            Ok(Obstacle::Server) => {
                let address = address.clone();
                return Err(ListenError::InUse { flag, address });
            }
            Ok(Obstacle::File) => {
                let address = address.clone();
                return Err(ListenError::NotASocket { flag, address });
            }
            Err(error) => Err(error),
        },
    };
    bound.map_err(|cause| ListenError::Address {
        flag,
        address: address.clone(),
        cause,
    })
}

/// One socket for IPv6 and IPv4, or for the latter alone where the machine has no other.
fn everywhere(port: u16, config: &Config) -> io::Result<Listener> {
    let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let bound = stream_socket(Domain::IPV6).and_then(|socket| {
        socket.set_only_v6(false)?;
        tcp(socket, both, config)
    });
    match bound {
        Err(error) if is_missing(&error) => tcp_at((Ipv4Addr::UNSPECIFIED, port).into(), config),
        bound => bound,
    }
}

/// One socket for each address of a host, all with the same port.
fn each_of(host: &str, port: u16, config: &Config) -> io::Result<Vec<Listener>> {
    let mut addresses = Vec::new();
    for address in (host, port).to_socket_addrs()? {
        // A file of hosts may name one twice.
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let mut attempts = 0;
    loop {
        match all_of(&addresses, config) {
            // The port that was free at one address is taken at another.
            Err(error) if port == 0 && is_taken(&error) && attempts < FREE_PORT_ATTEMPTS_MAX => {
                attempts += 1;
            }
            bound => return bound,
        }
    }
}

/// One socket for each of these addresses, except those that this machine does not have at all, unless that is all.
fn all_of(addresses: &[SocketAddr], config: &Config) -> io::Result<Vec<Listener>> {
    let mut listeners = Vec::<Listener>::new();
    let mut missing = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for mut address in addresses.iter().copied() {
        if let Some(Ok(Some(port))) = listeners.first().map(Listener::port) {
            address.set_port(port);
        }
        match tcp_at(address, config) {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_missing(&error) => missing = error,
            Err(error) => return Err(error),
        }
    }
    if listeners.is_empty() {
        return Err(missing);
    }
    Ok(listeners)
}

fn tcp_at(address: SocketAddr, config: &Config) -> io::Result<Listener> {
    tcp(
        stream_socket(Domain::for_address(address))?,
        address,
        config,
    )
}

fn tcp(socket: Socket, address: SocketAddr, config: &Config) -> io::Result<Listener> {
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(config.reuse_port)?;
    // Accepted sockets inherit it on Linux, which saves a system call for each.
    socket.set_tcp_nodelay(true)?;
    if config.bounds_lag() {
        hold_little(&SockRef::from(&socket))?;
    }
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG_MAX)?;
    Ok(Listener::Tcp(TcpListener::from_std(socket.into())))
}

fn unix(path: &Path, config: &Config) -> io::Result<Listener> {
    let address = SockAddr::unix(path)?;
    let socket = stream_socket(Domain::UNIX)?;
    socket.bind(&address)?;
    let file = SocketFile::of(path)?;
    if let Some(mode) = config.unix_mode {
        // Nobody can connect yet.
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    socket.listen(LISTEN_BACKLOG_MAX)?;
    let listener = UnixListener::from_std(socket.into());
    Ok(Listener::Unix(Some(file), listener))
}

/// What is in the way of a unix socket.
enum Obstacle {
    None,
    /// Someone listens there.
    Server,
    /// A file that is no socket.
    File,
}

/// Removes the file of a unix socket that nobody listens on, and says what is in the way still.
fn clear(path: &Path) -> io::Result<Obstacle> {
    let found = match Identity::at(path) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Obstacle::File),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Obstacle::None),
        Err(error) => return Err(error),
    };
    // It never waits, as for one whose backlog is full.
    match stream_socket(Domain::UNIX)?.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            found.remove(path)?;
            Ok(Obstacle::None)
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
        _ => Ok(Obstacle::Server),
    }
}

/// A stream socket that never waits.
fn stream_socket(domain: Domain) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whether this machine does not have the address, or its whole family.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT)
    )
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrInUse
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(address: &Address) -> Result<Vec<Listener>, ListenError> {
        bind("--addr", address, &Config::default())
    }

    /// The socket that is accepted from a client.
    fn accepted(listener: &Listener) -> (crate::system::socket::Socket, Option<std::net::IpAddr>) {
        loop {
            match listener.accept() {
                Ok(accepted) => return accepted,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }

    #[test]
    fn accepted_sockets_send_small_messages_at_once() {
        let listeners = listen(&Address::loopback(0)).unwrap();
        let url = listeners[0].url("http").unwrap();
        let _client = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let (crate::system::socket::Socket::Tcp(stream), _) = accepted(&listeners[0]) else {
            panic!("TCP was accepted");
        };
        assert!(stream.nodelay().unwrap());
    }

    #[test]
    fn a_port_of_all_addresses_hears_ipv4_and_says_so_as_ipv4_does() {
        let listeners = listen(&Address::Everywhere(0)).unwrap();
        let port = listeners[0].port().unwrap().unwrap();
        let _client = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let (_, peer) = accepted(&listeners[0]);
        assert_eq!(peer, Some(Ipv4Addr::LOCALHOST.into()));
    }

    #[test]
    fn each_address_of_a_name_has_the_same_port() {
        let addresses = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)];
        let addresses = addresses.map(|address| SocketAddr::from((address, 0)));
        let listeners = all_of(&addresses, &Config::default()).unwrap();
        let ports = listeners.iter().map(|listener| listener.port().unwrap());
        let ports: Vec<_> = ports.collect();
        assert_eq!(ports.len(), 2);
        assert_eq!(ports[0], ports[1]);
    }

    #[test]
    fn an_address_that_this_machine_does_not_have_is_passed_over_unless_it_is_the_only_one() {
        let config = Config::default();
        let missing = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 0));
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        assert_eq!(all_of(&[missing, loopback], &config).unwrap().len(), 1);
        assert!(all_of(&[missing], &config).is_err_and(|error| is_missing(&error)));
        assert!(all_of(&[loopback, loopback], &config).is_err_and(|error| is_taken(&error)));
    }

    #[test]
    fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hubbub.sock");
        let address = Address::Unix(path.clone());
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let listener = listen(&address).unwrap();
        assert!(matches!(listen(&address), Err(ListenError::InUse { .. })));
        drop(listener);
        assert!(!path.exists());
        fs::write(&path, "not a socket").unwrap();
        assert!(matches!(
            listen(&address),
            Err(ListenError::NotASocket { .. })
        ));
    }

    #[test]
    fn a_file_that_has_taken_the_place_of_its_own_outlives_a_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hubbub.sock");
        let address = Address::Unix(path.clone());
        let older = listen(&address).unwrap();
        fs::remove_file(&path).unwrap();
        let newer = listen(&address).unwrap();
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
        let busy = stream_socket(Domain::UNIX).unwrap();
        busy.bind(&address).unwrap();
        busy.listen(0).unwrap();
        let waiting = stream_socket(Domain::UNIX).unwrap();
        waiting.connect(&address).unwrap();
        assert!(matches!(
            listen(&Address::Unix(path)),
            Err(ListenError::InUse { .. })
        ));
    }

    #[test]
    fn a_unix_socket_has_the_mode_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hubbub.sock");
        let config = Config {
            unix_mode: Some(0o660),
            ..Config::default()
        };
        let _listener = bind("--addr", &Address::Unix(path.clone()), &config).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o660);
    }
}
