//! A server that listens, and what it says about itself.

use std::collections::BTreeMap;
use std::net::ToSocketAddrs;
use std::path::Path;

use rustix::process::Signal;
use socket2::{Domain, SockAddr, Socket, Type};

use super::process::Ended;
use super::{Client, HttpConnection, PATIENCE, Process, Response, Wire, wait_until};

/// The receive buffer of a peer for which bytes shall soon have to wait.
const NARROW_BYTES: usize = 64 << 10;
const GREETINGS: [&str; 2] = ["hubbub listening on ", "hubbub admin listening on "];

/// A listening `hubbub`, killed when it is dropped.
pub(crate) struct Server {
    process: Process,
    /// Where it listens, in the order in which it says so.
    addresses: Vec<SockAddr>,
}

/// The values of `/metrics` by name and labels, as they are written there.
pub(crate) struct Metrics(BTreeMap<String, String>);

impl Server {
    /// Starts a server on a TCP port that the system picks.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::listening(Process::start(
            &[&["--addr", "127.0.0.1:0"], flags].concat(),
        ))
    }

    /// The same with a hard limit on its descriptors.
    pub(crate) fn start_with_descriptors(limit: u32, flags: &[&str]) -> Self {
        let flags = [&["--addr", "127.0.0.1:0"], flags].concat();
        Self::listening(Process::start_with_descriptors(limit, &flags))
    }

    /// Starts a server on a unix socket.
    pub(crate) fn start_unix(path: &Path, flags: &[&str]) -> Self {
        let address = format!("unix:{}", path.display());
        Self::listening(Process::start(&[&["--addr", &address], flags].concat()))
    }

    /// A server that was started, once it listens.
    pub(crate) fn listening(process: Process) -> Self {
        Self::listening_at(1, process)
    }

    /// The same at so many places.
    pub(crate) fn listening_at(places: usize, process: Process) -> Self {
        let has_all = |stdout: &str| stdout.matches('\n').count() == places;
        wait_until("the server listens", || {
            has_all(&process.stdout()) || process.has_said_all()
        });
        let stdout = process.stdout();
        let addresses: Vec<_> = stdout.lines().filter_map(address).collect();
        let is_complete = addresses.len() == places;
        assert!(
            is_complete,
            "said {stdout:?}, and on stderr: {}",
            process.stderr()
        );
        Self { process, addresses }
    }

    /// Where it listens, `HOST:PORT`.
    pub(crate) fn host_and_port(&self) -> String {
        self.host_and_port_at(0)
    }

    /// The same of another of the places where it listens.
    pub(crate) fn host_and_port_at(&self, place: usize) -> String {
        self.addresses[place].as_socket().unwrap().to_string()
    }

    /// A connected socket that has said nothing yet.
    pub(crate) fn dial(&self) -> Socket {
        self.dial_with(|_| ())
    }

    /// The same, with a say in the socket's options before it connects.
    pub(crate) fn dial_with(&self, prepare: impl FnOnce(&Socket)) -> Socket {
        self.dial_at(0, prepare)
    }

    /// The same at another of the places where it listens.
    pub(crate) fn dial_at(&self, place: usize, prepare: impl FnOnce(&Socket)) -> Socket {
        let address = &self.addresses[place];
        let domain = match address.as_socket() {
            Some(address) => Domain::for_address(address),
            None => Domain::UNIX,
        };
        let socket = Socket::new(domain, Type::STREAM, None).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        if domain != Domain::UNIX {
            socket.set_tcp_nodelay(true).unwrap();
        }
        prepare(&socket);
        socket.connect(address).unwrap();
        socket
    }

    /// A WebSocket at `path`, spoken by the library.
    pub(crate) fn connect(&self, path: &str) -> Client {
        Client::upgrade(self.dial(), path)
    }

    /// A WebSocket at `path`, spoken frame by frame.
    pub(crate) fn wire(&self, path: &str) -> Wire {
        Wire::upgrade(self.dial(), path)
    }

    /// The same, with a receive buffer so small that little is on its way when it stops reading.
    pub(crate) fn narrow_wire(&self, path: &str) -> Wire {
        let socket = self.dial_with(|socket| socket.set_recv_buffer_size(NARROW_BYTES).unwrap());
        Wire::upgrade(socket, path)
    }

    /// A plain HTTP connection.
    pub(crate) fn http(&self) -> HttpConnection {
        HttpConnection::new(self.dial())
    }

    /// The same at another of the places where it listens.
    pub(crate) fn http_at(&self, place: usize) -> HttpConnection {
        HttpConnection::new(self.dial_at(place, |_| ()))
    }

    /// What is at `path`, asked for on a connection of its own.
    pub(crate) fn get(&self, path: &str) -> Response {
        self.http().get(path)
    }

    pub(crate) fn metrics(&self) -> Metrics {
        Metrics::of(&self.get("/metrics"))
    }

    /// How many connections have ended for `reason`.
    pub(crate) fn disconnects(&self, reason: &str) -> u64 {
        self.metrics()
            .count(&format!("hubbub_disconnects_total{{reason=\"{reason}\"}}"))
    }

    /// How many messages were left out for `reason`.
    pub(crate) fn skipped(&self, reason: &str) -> u64 {
        self.metrics().count(&format!(
            "hubbub_skipped_messages_total{{reason=\"{reason}\"}}"
        ))
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for the server to end by itself.
    pub(crate) fn ended(self) -> Ended {
        self.process.ended()
    }

    /// Sees that it still serves, and ends well when it is told to.
    pub(crate) fn serves_to_its_end(self) {
        let mut client = self.connect("/relay");
        client.say("still here");
        assert_eq!(client.hear_text(), "still here");
        client.leave();
        self.signal(Signal::TERM);
        assert_eq!(self.ended().status.code(), Some(0));
    }
}

impl Metrics {
    /// Reads the page of `/metrics`.
    pub(crate) fn of(page: &Response) -> Self {
        assert_eq!(page.status, 200);
        let lines = page.text().lines();
        let values = lines.filter(|line| !line.starts_with('#')).map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.to_owned())
        });
        Self(values.collect())
    }

    /// The value of a metric that counts.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.value(name).parse().unwrap()
    }

    /// CPU time that the server has used.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.value("process_cpu_seconds_total").parse().unwrap()
    }

    fn value(&self, name: &str) -> &str {
        let value = self.0.get(name);
        value.unwrap_or_else(|| panic!("no {name} in {:#?}", self.0))
    }
}

/// The address in a line that says where a server listens.
fn address(line: &str) -> Option<SockAddr> {
    let url = GREETINGS
        .iter()
        .find_map(|greeting| line.strip_prefix(greeting))?;
    if let Some(path) = url.strip_prefix("unix:") {
        return SockAddr::unix(path).ok();
    }
    let (_, host_and_port) = url.split_once("://")?;
    let address = host_and_port.to_socket_addrs().ok()?.next()?;
    Some(address.into())
}
