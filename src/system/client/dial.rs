//! From a target to an open WebSocket.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use http::HeaderValue;
use mio::net::{TcpStream, UnixStream};
use socket2::{SockRef, TcpKeepalive};
use thiserror::Error;
use tungstenite::{
    WebSocket,
    protocol::{Role, WebSocketConfig},
};

use super::{
    MESSAGE_BYTES_MAX,
    console::tell,
    inflating::Inflating,
    target::{Place, Target},
    watch::Watch,
};
use crate::{
    server::stream::Stream,
    system::{
        opening::{
            Opened, Opening, OpeningError, Progress,
            request::{Header, offer_deflate, request},
        },
        socket::Socket,
        tls::{client::Tls, failure::TlsFailure},
    },
    vocabulary::visible::visible,
};

/// Bytes that may wait to be sent: a message, its header, and answers to pings.
const UNSENT_BYTES_MAX: usize = MESSAGE_BYTES_MAX + (64 << 10);

/// How long a server may be silent before the system asks whether it is still there (tcp(7), `TCP_KEEPIDLE`). One who only
/// listens would not notice otherwise that a network is gone.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(45);
/// How long the system then waits for each answer, a few times.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Why there is no connection. The user's to mend: the text says how.
#[derive(Debug, Error)]
pub enum DialError {
    /// The name of the host has no address.
    #[error("cannot find the host {host} ({cause}); check its name")]
    Host {
        /// The name.
        host: String,
        /// What the resolver said.
        cause: io::Error,
    },
    /// Nobody answers there.
    #[error(
        "cannot connect to {place} ({cause}); check the address, and that a server listens there"
    )]
    Connect {
        /// Where that is.
        place: Place,
        /// What the system said.
        cause: io::Error,
    },
    /// There is no TLS with it.
    #[error("cannot speak TLS with {place}: {}", visible(&cause.to_string(), &[]))]
    Tls {
        /// Where that is.
        place: Place,
        /// What went wrong.
        cause: TlsFailure,
    },
    /// It took too long.
    #[error(
        "{place} did not open a WebSocket within {}; check that a WebSocket server listens there, or give it longer \
         with --handshake-timeout", humantime::format_duration(*.timeout)
    )]
    Timeout {
        /// Where that is.
        place: Place,
        /// How long it was waited for.
        timeout: Duration,
    },
    /// No WebSocket was opened.
    #[error("cannot open a WebSocket at {place}: {cause}")]
    Opening {
        /// Where that is.
        place: Place,
        /// Why not.
        cause: OpeningError,
    },
    /// The system refused what every client needs.
    #[error(
        "the system refused to wait for events ({0}); end something else that runs, and try again"
    )]
    System(#[from] io::Error),
}

/// What to connect to, and how.
#[derive(Debug)]
pub struct Dial<'a> {
    /// The server and the endpoint.
    pub target: &'a Target,
    /// How TLS is spoken, if it is.
    pub tls: Option<&'a Tls>,
    /// What the `Authorization` header is to say, unless `headers` has one.
    pub authorization: Option<&'a HeaderValue>,
    /// What the handshake has to say beside.
    pub headers: &'a [Header],
    /// Whether the server may deflate what it sends.
    pub compresses: bool,
    /// From the first attempt to connect to an open WebSocket.
    pub timeout: Duration,
}

/// A deadline, and how long it was when it began.
#[derive(Clone, Copy, Debug)]
struct Patience {
    timeout: Duration,
    until: Duration,
}

impl Dial<'_> {
    /// Connects a socket, makes the handshakes on it and hands the WebSocket to `then`.
    ///
    /// # Errors
    /// There is no connection, or the server opens no WebSocket on it, before the timeout is over or, once they are
    /// [heeded](Watch::heed), a signal asks for the end.
    pub fn then<T>(
        &self,
        watch: &mut Watch,
        then: impl FnOnce(WebSocket<Inflating<&mut Socket>>, &mut Watch) -> T,
    ) -> Result<T, DialError> {
        let patience = Patience {
            timeout: self.timeout,
            until: watch.now().saturating_add(self.timeout),
        };
        let place = self.target.place();
        let mut socket = connect(place, watch, patience)?;
        if let Some(tls) = self.tls {
            socket = secure(socket, tls, place, watch, patience)?;
        }
        let websocket = self.open(&mut socket, watch, patience)?;
        let done = then(websocket, watch);
        // It is over either way.
        let _ = socket.shutdown_write();
        Ok(done)
    }

    /// Makes the handshake of a WebSocket.
    fn open<'a>(
        &self,
        socket: &'a mut Socket,
        watch: &mut Watch,
        patience: Patience,
    ) -> Result<WebSocket<Inflating<&'a mut Socket>>, DialError> {
        let place = self.target.place();
        let failed = |cause| DialError::Opening {
            place: place.clone(),
            cause,
        };
        let request = request(self.target.uri(), self.authorization, self.headers);
        let mut request = request.map_err(failed)?;
        if self.compresses {
            offer_deflate(request.headers_mut());
        }
        let mut opening = Opening::new(request).map_err(failed)?;
        loop {
            match opening.advance(socket).map_err(failed)? {
                Progress::Open(Opened { behind, context }) => {
                    if self.compresses && context.is_none() {
                        tell(&"--compress: the server declined it, and sends messages as they are");
                    }
                    let config = WebSocketConfig::default()
                        .max_message_size(Some(MESSAGE_BYTES_MAX))
                        .max_frame_size(Some(MESSAGE_BYTES_MAX))
                        .write_buffer_size(0)
                        .max_write_buffer_size(UNSENT_BYTES_MAX);
                    let stream = Inflating::new(socket, &behind, context);
                    return Ok(WebSocket::from_raw_socket(
                        stream,
                        Role::Client,
                        Some(config),
                    ));
                }
                Progress::Waiting => patience
                    .wait(watch, place)
                    .map_err(|error| opening.refused().map_or(error, failed))?,
            }
        }
    }
}

fn connect(place: &Place, watch: &mut Watch, patience: Patience) -> Result<Socket, DialError> {
    let failed = |cause| DialError::Connect {
        place: place.clone(),
        cause,
    };
    match place {
        Place::Unix(path) => {
            let mut socket = Socket::Unix(UnixStream::connect(path).map_err(failed)?);
            watch.add(&mut socket)?;
            Ok(socket)
        }
        Place::Tcp { host, port } => {
            let connected = connect_first(&resolve(host, *port)?, watch, patience.until);
            connected
                .map_err(failed)?
                .ok_or_else(|| patience.lost(place))
        }
    }
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    let addresses = (host, port).to_socket_addrs().map_err(|cause| {
        let host = host.to_owned();
        DialError::Host { host, cause }
    })?;
    let mut addresses = addresses.collect::<Vec<_>>();
    // `localhost` is both, and more servers listen at 127.0.0.1 than at ::1.
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}

/// A socket that is connected to the first address that answers, or none if the time is over. Each address has an equal
/// share of the time that is left, as one may swallow what is sent to it.
fn connect_first(
    addresses: &[SocketAddr],
    watch: &mut Watch,
    until: Duration,
) -> io::Result<Option<Socket>> {
    let mut outcome = Err(ErrorKind::AddrNotAvailable.into());
    let shares = (1..=u32::try_from(addresses.len()).unwrap_or(u32::MAX)).rev();
    for (address, shares) in addresses.iter().zip(shares) {
        let now = watch.now();
        outcome = connect_tcp(*address, watch, now + until.saturating_sub(now) / shares);
        if let Ok(Some(_)) = outcome {
            break;
        }
    }
    outcome
}

/// A connected socket, or none if the time is over.
fn connect_tcp(
    address: SocketAddr,
    watch: &mut Watch,
    until: Duration,
) -> io::Result<Option<Socket>> {
    let mut socket = Socket::Tcp(TcpStream::connect(address)?);
    watch.add(&mut socket)?;
    let Socket::Tcp(stream) = &socket else {
        unreachable!("it was just made")
    };
    loop {
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => break,
            Err(error) if error.kind() != ErrorKind::NotConnected => return Err(error),
            Err(_) if watch.is_over(until) => return Ok(None),
            Err(_) => watch.wait(Some(until))?,
        }
    }
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new()
        .with_time(KEEP_ALIVE_AFTER)
        .with_interval(KEEP_ALIVE_INTERVAL);
    SockRef::from(stream).set_tcp_keepalive(&keep_alive)?;
    Ok(Some(socket))
}

/// The socket with TLS on it, its handshake done.
fn secure(
    socket: Socket,
    tls: &Tls,
    place: &Place,
    watch: &mut Watch,
    patience: Patience,
) -> Result<Socket, DialError> {
    let failed = |cause| DialError::Tls {
        place: place.clone(),
        cause,
    };
    let (Socket::Tcp(stream), Place::Tcp { host, .. }) = (socket, place) else {
        unreachable!("only a URL has a scheme that says so")
    };
    let mut socket = tls.connect(host, stream).map_err(failed)?;
    loop {
        match socket.shake_hands() {
            Ok(()) => return Ok(Socket::Tls(Box::new(socket))),
            Err(error) if error.kind() == ErrorKind::WouldBlock => patience.wait(watch, place)?,
            Err(error) => return Err(failed(error.into())),
        }
    }
}

impl Patience {
    /// Waits until something may have happened.
    fn wait(self, watch: &mut Watch, place: &Place) -> Result<(), DialError> {
        if watch.is_over(self.until) {
            return Err(self.lost(place));
        }
        Ok(watch.wait(Some(self.until))?)
    }

    fn lost(self, place: &Place) -> DialError {
        DialError::Timeout {
            place: place.clone(),
            timeout: self.timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{self, Ipv4Addr};

    use socket2::{Domain, Type};

    use super::*;

    /// An address that swallows what is sent to it for as long as these sockets are there.
    fn swallow() -> (SocketAddr, socket2::Socket, Vec<net::TcpStream>) {
        let listener = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        listener.bind(&any.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let (mut waiting, mut swallowed) = (Vec::new(), 0);
        // One that was merely late is none that was swallowed.
        while swallowed < 3 {
            match net::TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
                Ok(stream) => waiting.push(stream),
                Err(_) => swallowed += 1,
            }
        }
        (address, listener, waiting)
    }

    #[test]
    fn an_address_that_does_not_answer_leaves_the_next_one_its_share_of_the_time() {
        let (silent, _listener, _waiting) = swallow();
        let open = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let open = open.local_addr().unwrap();
        let mut watch = Watch::new().unwrap();
        let until = watch.now() + Duration::from_secs(4);
        let socket = connect_first(&[silent, open], &mut watch, until).unwrap();
        let Some(Socket::Tcp(stream)) = socket else {
            panic!("the time was over");
        };
        assert_eq!(stream.peer_addr().unwrap(), open);
    }

    #[test]
    fn a_server_that_is_gone_without_a_word_is_noticed() {
        let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut watch = Watch::new().unwrap();
        let until = watch.now() + Duration::from_secs(4);
        let Ok(Some(Socket::Tcp(stream))) = connect_first(&[address], &mut watch, until) else {
            panic!("not connected");
        };
        let socket = SockRef::from(&stream);
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEP_ALIVE_AFTER);
        assert_eq!(
            socket.tcp_keepalive_interval().unwrap(),
            KEEP_ALIVE_INTERVAL
        );
    }
}
