//! A connection to Redis in the making, without a wait.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mio::{
    Interest, Registry, Token,
    net::{TcpStream, UnixStream},
};
use socket2::{SockRef, TcpKeepalive};

use super::Route;
use crate::system::{socket::Socket, tls::socket::TlsSocket};

/// How long Redis may be silent before the system asks whether it is there (tcp(7), `TCP_KEEPIDLE`): this alone shows who only
/// reads that a cable is cut.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(2);
/// How long the system then waits for each of a few answers.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(1);
const KEEP_ALIVE_RETRIES: u32 = 3;
/// How long what was sent may go without an acknowledgement (tcp(7), `TCP_USER_TIMEOUT`): this alone shows who only writes.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(4);

const ALL: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A connection that does not stand yet.
#[derive(Debug)]
pub(super) enum Dial {
    Tcp(TcpStream),
    Tls(Box<TlsSocket>),
    Unix(UnixStream),
}

/// What became of it for now.
#[derive(Debug)]
pub(super) enum Dialled {
    /// It stands.
    Connected(Socket),
    /// There is more to wait for.
    Waiting(Dial),
}

impl Dial {
    /// Begins, and watches it under a token.
    ///
    /// # Errors
    /// Those of the system: mostly, nobody listens there.
    pub(super) fn begin(
        route: &Route,
        turn: usize,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        match route {
            Route::Unix(path) => {
                let mut stream = UnixStream::connect(path)?;
                registry.register(&mut stream, token, ALL)?;
                Ok(Self::Unix(stream))
            }
            Route::Tcp { addresses, .. } => {
                let mut stream = connect(addresses[turn % addresses.len()])?;
                registry.register(&mut stream, token, ALL)?;
                Ok(Self::Tcp(stream))
            }
        }
    }

    /// Goes on after an event.
    ///
    /// # Errors
    /// Nobody answers there, or not in TLS.
    pub(super) fn go_on(self, route: &Route) -> io::Result<Dialled> {
        match self {
            Self::Unix(stream) => Ok(Dialled::Connected(Socket::Unix(stream))),
            Self::Tcp(stream) => {
                if let Some(error) = stream.take_error()? {
                    return Err(error);
                }
                match (stream.peer_addr(), route) {
                    (Err(error), _) if error.kind() == ErrorKind::NotConnected => {
                        Ok(Dialled::Waiting(Self::Tcp(stream)))
                    }
                    (Err(error), _) => Err(error),
                    (
                        Ok(_),
                        Route::Tcp {
                            tls: Some(tls),
                            host,
                            ..
                        },
                    ) => {
                        let socket = tls.connect(host, stream).map_err(io::Error::other)?;
                        Self::Tls(Box::new(socket)).go_on(route)
                    }
                    (Ok(_), _) => Ok(Dialled::Connected(Socket::Tcp(stream))),
                }
            }
            Self::Tls(mut socket) => match socket.shake_hands() {
                Ok(()) => Ok(Dialled::Connected(Socket::Tls(socket))),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    Ok(Dialled::Waiting(Self::Tls(socket)))
                }
                Err(error) => Err(error),
            },
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    let keep_alive = TcpKeepalive::new()
        .with_time(KEEP_ALIVE_AFTER)
        .with_interval(KEEP_ALIVE_INTERVAL)
        .with_retries(KEEP_ALIVE_RETRIES);
    socket.set_tcp_keepalive(&keep_alive)?;
    socket.set_tcp_user_timeout(Some(ACKNOWLEDGED_WITHIN))?;
    Ok(stream)
}
