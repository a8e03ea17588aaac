//! A server that others started and that others follow: sockets that are handed over, what a supervisor is told, and
//! restarts in which nobody is turned away.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::harness::{Door, Process, Server, path_text, wait_until};

const SECRET: &str = "a secret of thirty-two bytes or so\n";

/// One who is told how it goes with a server.
struct Supervisor {
    folder: TempDir,
    told: UnixDatagram,
}

impl Supervisor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        told.set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Self { folder, told }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The next thing that it is told.
    fn hear(&self) -> String {
        let mut words = [0; 256];
        let length = self.told.recv(&mut words).unwrap();
        str::from_utf8(&words[..length]).unwrap().trim().to_owned()
    }
}

#[test]
fn a_socket_that_is_handed_over_takes_the_place_of_the_default_address_and_outlives_the_server() {
    let supervisor = Supervisor::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let socket = listener.try_clone().unwrap();
    let flags = ["--drain-timeout", "10m"];
    let process = Process::start_supervised(socket, &supervisor.path("notify"), &flags);
    let server = Server::listening(process);
    assert_eq!(
        server.process().stdout(),
        format!("hubbub listening on {url}\n")
    );
    assert_eq!(supervisor.hear(), "READY=1");
    let mut client = server.connect("/relay");
    client.say("hello");
    assert_eq!(client.hear_text(), "hello");
    server.signal(Signal::TERM);
    assert_eq!(supervisor.hear(), "STOPPING=1");
    // Whoever comes now waits for the next server.
    let newcomer = server.dial();
    let (_, peer) = listener.accept().unwrap();
    let own = newcomer.local_addr().unwrap();
    assert_eq!(Some(peer), own.as_socket());
}

#[test]
fn a_unix_socket_that_is_handed_over_keeps_its_file_and_addresses_may_be_added() {
    let supervisor = Supervisor::new();
    let path = supervisor.path("hubbub.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let flags = ["--addr", "127.0.0.1:0"];
    let process = Process::start_supervised(listener, &supervisor.path("notify"), &flags);
    let server = Server::listening_at(2, process);
    let first = format!("hubbub listening on unix:{}\n", path_text(&path));
    assert!(server.process().stdout().starts_with(&first));
    for place in 0..2 {
        assert_eq!(server.http_at(place).get("/healthz").text(), "ok");
    }
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status.code(), Some(0));
    assert!(path.exists());
}

#[test]
fn what_is_handed_over_and_does_not_listen_is_refused() {
    let supervisor = Supervisor::new();
    let (connected, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let null = File::open("/dev/null").unwrap();
    let notify = supervisor.path("notify");
    for process in [
        Process::start_supervised(connected, &notify, &[]),
        Process::start_supervised(null, &notify, &[]),
    ] {
        let ended = process.ended();
        assert_eq!((ended.status.code(), &*ended.stdout), (Some(2), ""));
        for word in ["socket 1", "LISTEN_FDS"] {
            assert!(ended.stderr.contains(word), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_supervisor_is_told_when_files_are_read_again_and_when_that_is_done() {
    let supervisor = Supervisor::new();
    let key = supervisor.path("secret");
    fs::write(&key, SECRET).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let flags = ["--token-key", path_text(&key)];
    let process = Process::start_supervised(listener, &supervisor.path("notify"), &flags);
    assert_eq!(supervisor.hear(), "READY=1");
    process.signal(Signal::HUP);
    let reloading = supervisor.hear();
    let since = reloading
        .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
        .unwrap();
    assert!(since.parse::<u64>().is_ok(), "{reloading}");
    assert_eq!(supervisor.hear(), "READY=1");
}

#[test]
fn the_next_server_listens_at_the_same_port_and_gets_all_who_come_once_the_first_is_told_to_end() {
    let flags = ["--reuse-port", "--drain-timeout", "10m"];
    let older = Server::start(&flags);
    let _client = older.connect("/relay");
    let same = ["--addr", &older.host_and_port()];
    let newer = Server::listening(Process::start(&[&same, &flags[..]].concat()));
    older.signal(Signal::TERM);
    wait_until("it has left the port", || {
        older.process().stderr().contains("draining")
    });
    for _ in 0..20 {
        assert_eq!(newer.get("/healthz").status, 200);
    }
    let refused = Process::start(&same).ended();
    assert_eq!(refused.status.code(), Some(2), "others do not share it");
}

#[test]
fn the_operators_port_is_shared_with_no_other_server() {
    let door = Door::open(&["--reuse-port"]);
    let admin = door.address();
    let same = [
        "--reuse-port",
        "--addr",
        &door.host_and_port(),
        "--admin-addr",
        &admin,
    ];
    let refused = Process::start(&same).ended();
    assert_eq!(refused.status.code(), Some(2));
    for word in [&admin[..], "--admin-addr"] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
}
