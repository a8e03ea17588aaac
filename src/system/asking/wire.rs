//! The way to a server: a socket of either kind, perhaps with TLS over it, for the library that speaks HTTP.

use std::io::{self, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use http::Uri;
use rustls::{ClientConnection, StreamOwned};
use socket2::Socket;
use ureq::{
    Error as Failure, Timeout,
    config::Config,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport},
    },
};

use super::{ANSWER_WAIT, error::Unreached};
use crate::system::{client::target::Place, clock::Clock, tls::client::Tls};

/// How the name of a server's host is looked up. One whose host is not found was asked nothing.
#[derive(Debug, Default)]
pub(super) struct Names(DefaultResolver);

/// How a server is reached.
#[derive(Debug)]
pub(super) struct Wire {
    place: Place,
    tls: Option<Tls>,
}

/// A connection to it.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    buffers: LazyBuffers,
}

#[derive(Debug)]
enum Stream {
    Plain(Timely),
    Secure(Box<StreamOwned<ClientConnection, Timely>>),
}

/// A socket on which nothing lasts beyond a moment, however many steps it takes: a record of TLS may come byte by byte.
#[derive(Debug)]
struct Timely {
    socket: Socket,
    clock: Clock,
    /// That moment, by the clock.
    ends_at: Duration,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Failure> {
        let found = self.0.resolve(uri, config, timeout);
        found.map_err(|failure| unreached(Unreached::Host(failure.into_io())))
    }
}

impl Wire {
    /// A server at this place, with which TLS is spoken or not.
    pub(super) fn new(place: Place, tls: Option<Tls>) -> Self {
        Self { place, tls }
    }

    fn dial(&self, details: &ConnectionDetails) -> io::Result<Socket> {
        if let Place::Unix(path) = &self.place {
            return Ok(UnixStream::connect(path)?.into());
        }
        let mut failure = None;
        let addresses = &details.addrs;
        let share = left(details.timeout) / u32::try_from(addresses.len()).unwrap_or(1).max(1);
        for address in addresses {
            match TcpStream::connect_timeout(address, share) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream.into());
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| ErrorKind::NotFound.into()))
    }

    fn secure(&self, socket: Timely) -> Result<Stream, Unreached> {
        let (Some(tls), Place::Tcp { host, .. }) = (&self.tls, &self.place) else {
            return Ok(Stream::Plain(socket));
        };
        let mut stream = StreamOwned::new(tls.greet(host)?, socket);
        while stream.conn.is_handshaking() {
            let done = stream.conn.complete_io(&mut stream.sock);
            done.map_err(|error| match error {
                error if is_late(&error) => Unreached::Connect(ErrorKind::TimedOut.into()),
                error => Unreached::Tls(error.into()),
            })?;
        }
        Ok(Stream::Secure(Box::new(stream)))
    }
}

impl Connector for Wire {
    type Out = Connection;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Connection>, Failure> {
        let clock = Clock::start();
        let ends_at = left(details.timeout);
        let socket = self.dial(details);
        let socket = socket.map_err(|cause| unreached(Unreached::Connect(cause)))?;
        let socket = Timely {
            socket,
            clock,
            ends_at,
        };
        let (inbound, outbound) = (
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        Ok(Some(Connection {
            stream: self.secure(socket).map_err(unreached)?,
            buffers: LazyBuffers::new(inbound, outbound),
        }))
    }
}

impl Stream {
    fn socket(&self) -> &Timely {
        match self {
            Self::Plain(socket) => socket,
            Self::Secure(stream) => &stream.sock,
        }
    }

    /// Lets what comes next last for so long.
    fn allow(&mut self, timeout: NextTimeout) {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Secure(stream) => &mut stream.sock,
        };
        socket.ends_at = socket.clock.monotonic() + left(timeout);
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Secure(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Secure(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }
}

impl Timely {
    /// How long there is still to wait.
    fn left(&self) -> io::Result<Duration> {
        let left = self.ends_at.saturating_sub(self.clock.monotonic());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(left)
    }
}

impl Read for Timely {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.left()?))?;
        self.socket.read(buffer)
    }
}

impl Write for Timely {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.left()?))?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Failure> {
        self.stream.allow(timeout);
        let output = &self.buffers.output()[..amount];
        self.stream.write_all(output).map_err(failed)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Failure> {
        self.stream.allow(timeout);
        let input = self.buffers.input_append_buf();
        let read = loop {
            match self.stream.read(input) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(failed)?,
            }
        };
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        let Timely { socket, .. } = self.stream.socket();
        // Whoever says something unasked says no more.
        let peeked = socket
            .set_nonblocking(true)
            .and_then(|()| socket.peek(&mut [MaybeUninit::uninit()]));
        let is_silent = peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        is_silent && socket.set_nonblocking(false).is_ok()
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Secure(_))
    }
}

fn unreached(cause: Unreached) -> Failure {
    Failure::Other(Box::new(cause))
}

/// How long there is still to wait.
fn left(timeout: NextTimeout) -> Duration {
    timeout.not_zero().map_or(ANSWER_WAIT, |left| *left)
}

fn failed(error: io::Error) -> Failure {
    if is_late(&error) {
        Failure::Timeout(Timeout::Global)
    } else {
        Failure::Io(error)
    }
}

/// Whether it was waited for too long, which a socket says in another way than others (socket(7), `SO_RCVTIMEO`).
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use ureq::Agent;

    use super::*;
    use crate::system::{agent::manners, tls::client::Trust};

    /// The address of one who answers with these bytes, and then ever again with one of them, and whose patience ends only long
    /// after that of anybody who asks.
    fn trickling(first: &'static [u8], then: u8) -> (String, Place) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            stream.write_all(first).unwrap();
            for _ in 0..400 {
                thread::sleep(Duration::from_millis(10));
                if stream.write_all(&[then]).is_err() {
                    return;
                }
            }
        });
        let place = Place::Tcp {
            host: "localhost".to_owned(),
            port,
        };
        (format!("localhost:{port}"), place)
    }

    /// Why there is no answer, of one who waits for a part of a second.
    fn failure(url: &str, place: Place, tls: Option<Tls>) -> Failure {
        let config = manners(Duration::from_millis(200)).build();
        let agent = Agent::with_parts(config, Wire::new(place, tls), Names::default());
        let answer = agent.get(url).call();
        let answer = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        answer.unwrap_err()
    }

    #[test]
    fn an_answer_that_trickles_for_ever_is_not_waited_for() {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
        for first in [&b"HTTP/1.1 200 OK\r\nx: "[..], head] {
            let (address, place) = trickling(first, b'a');
            let failure = failure(&format!("http://{address}"), place, None);
            assert!(matches!(failure, Failure::Timeout(_)), "{failure}");
        }
    }

    #[test]
    fn nor_is_a_handshake_that_does() {
        // The header of a record that says how long it is (RFC 8446, section 5.1).
        let (address, place) = trickling(b"\x16\x03\x03\x20\x00", 2);
        let tls = Tls::trusting(&Trust::Anyone).unwrap();
        let failure = failure(&format!("https://{address}"), place, Some(tls));
        let Failure::Other(cause) = failure else {
            panic!("{failure}");
        };
        let cause = cause.downcast::<Unreached>().unwrap();
        assert!(
            matches!(&*cause, Unreached::Connect(cause) if is_late(cause)),
            "{cause}"
        );
    }
}
