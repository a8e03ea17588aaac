//! Where a server listens: at several addresses, and for its operator.

use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{TcpStream, ToSocketAddrs};

use rustls::ALL_VERSIONS;

use crate::harness::{Authority, HttpConnection, Process, Server, path_text, secured, wait_until};

/// Connections that an operator has at once.
const ADMIN_CONNECTIONS: usize = 64;

#[test]
fn a_server_listens_at_each_address_and_says_so_in_the_order_given() {
    let folder = tempfile::tempdir().unwrap();
    let unix = format!("unix:{}", path_text(&folder.path().join("hubbub.sock")));
    let two = format!("127.0.0.1:0,{unix}");
    let flags = ["--addr", &two, "--addr", ":0"];
    let server = Server::listening_at(3, Process::start(&flags));
    let stdout = server.process().stdout();
    let lines: Vec<_> = stdout.lines().collect();
    assert!(lines[0].starts_with("hubbub listening on http://127.0.0.1:"));
    assert_eq!(lines[1], format!("hubbub listening on {unix}"));
    assert!(lines[2].starts_with("hubbub listening on http://"));
    for place in 0..3 {
        assert_eq!(server.http_at(place).get("/healthz").text(), "ok");
    }
}

#[test]
fn a_server_that_cannot_have_one_of_its_addresses_does_not_listen_at_the_others() {
    let server = Server::start(&[]);
    let taken = server.host_and_port();
    let ended = Process::start(&["--addr", "127.0.0.1:0", "--addr", &taken]).ended();
    assert_eq!((ended.status.code(), &*ended.stdout), (Some(2), ""));
    assert!(ended.stderr.contains(&taken), "{}", ended.stderr);
}

#[test]
fn a_name_is_listened_to_at_each_of_its_addresses_with_the_same_port() {
    let server = Server::listening(Process::start(&["--addr", "localhost:0"]));
    let stdout = server.process().stdout();
    let (_, port) = stdout.trim_end().rsplit_once(':').unwrap();
    for address in format!("localhost:{port}").to_socket_addrs().unwrap() {
        match TcpStream::connect(address) {
            Ok(_) => {}
            // The name may have an address that this machine does not.
            Err(error) => assert_eq!(error.kind(), ErrorKind::AddrNotAvailable, "{address}"),
        }
    }
}

#[test]
fn the_operator_is_listened_to_apart_and_alone_sees_the_metrics() {
    let flags = ["--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"];
    let server = Server::listening_at(2, Process::start(&flags));
    let stdout = server.process().stdout();
    let last = stdout.lines().last().unwrap();
    assert!(
        last.starts_with("hubbub admin listening on http://127.0.0.1:"),
        "{last}"
    );
    let statuses = |place| {
        let paths = ["/healthz", "/metrics", "/"];
        let mut http = server.http_at(place);
        paths.map(|path| http.get(path).status)
    };
    assert_eq!(statuses(0), [200, 404, 200]);
    assert_eq!(statuses(1), [200, 200, 404]);
}

#[test]
fn a_full_server_still_hears_its_operator_but_not_too_many_of_them() {
    let flags = ["--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"];
    let bounds = ["--max-connections", "1", "--handshake-timeout", "60s"];
    let server = Server::listening_at(2, Process::start(&[flags, bounds].concat()));
    let _member = server.connect("/relay");
    assert_eq!(server.get("/healthz").status, 503);
    let mut operators: Vec<_> = (0..ADMIN_CONNECTIONS).map(|_| server.http_at(1)).collect();
    for operator in &mut operators {
        assert_eq!(operator.get("/metrics").status, 200);
    }
    let mut heard = Vec::new();
    // Nothing was read of it, so it may also find the stream reset.
    let _ = server.dial_at(1, |_| ()).read_to_end(&mut heard);
    assert_eq!(heard, b"");
    operators.pop();
    wait_until("there is room for the operator again", || {
        let mut http = server.http_at(1);
        http.send("GET /healthz HTTP/1.1\r\nHost: hubbub\r\nConnection: close\r\n\r\n");
        http.rest()
            .is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200"))
    });
}

#[test]
fn tls_is_spoken_over_tcp_with_the_operator_too_and_not_on_unix_sockets() {
    let authority = Authority::new();
    authority.issue("server", "hubbub.test");
    let file = |name: &str| path_text(&authority.path(name)).to_owned();
    let (cert, key) = (file("server.pem"), file("server.key"));
    let unix = format!("unix:{}", file("hubbub.sock"));
    let addresses = ["--addr", "127.0.0.1:0", "--addr", &unix];
    let files = ["--tls-cert", &cert, "--tls-key", &key];
    let admin = ["--admin-addr", "127.0.0.1:0"];
    let flags = [&addresses[..], &files, &admin].concat();
    let server = Server::listening_at(3, Process::start(&flags));
    let stdout = server.process().stdout();
    let last = stdout.lines().last().unwrap();
    assert!(
        last.starts_with("hubbub admin listening on https://"),
        "{last}"
    );
    let clients = authority.clients(ALL_VERSIONS).into();
    for place in [0, 2] {
        let socket = server.dial_at(place, |_| ());
        let secured = secured(&clients, "hubbub.test", socket);
        assert_eq!(HttpConnection::new(secured).get("/healthz").text(), "ok");
    }
    assert_eq!(server.http_at(1).get("/healthz").text(), "ok");
}

#[test]
fn the_operator_is_listened_to_on_this_machine_alone_unless_there_are_keys() {
    let admin = ["--addr", "127.0.0.1:0", "--admin-addr"];
    let refused = |flags: &[&str], named: &str| {
        let ended = Process::start(flags).ended();
        assert_eq!((ended.status.code(), &ended.stdout[..]), (Some(2), ""));
        assert!(ended.stderr.contains(named), "{}", ended.stderr);
    };
    for everywhere in [":0", "0.0.0.0:0"] {
        refused(&[&admin[..], &[everywhere]].concat(), "--api-key FILE");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    fs::write(&file, "backend 0123456789abcdef").unwrap();
    let file = path_text(&file);
    let flags = [&admin[..], &["0.0.0.0:0", "--api-key", file]].concat();
    let server = Server::listening_at(2, Process::start(&flags));
    assert_eq!(server.http_at(1).get("/healthz").status, 200);
    fs::write(file, "").unwrap();
    refused(&flags, "(--api-key) holds no key");
    refused(&["--api-key", file], "--admin-addr");
    refused(
        &["--admin-addr", "127.0.0.1:0", "--request-timeout", "0s"],
        "--request-timeout",
    );
}
