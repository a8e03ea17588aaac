//! `hubbub connect` over TLS: who is trusted, and what is said about those who are not.

use std::fs;
use std::net::{Shutdown, TcpListener};
use std::thread;

use crate::connect::{assert_not_connected, assert_well, piped};
use crate::harness::{Authority, Process, Server, path_text};
use crate::picky::{ways, without_common_group, without_common_version};

const HOST: &str = "localhost";

/// An authority, and a server that shows a certificate of it for `HOST`.
fn served(flags: &[&str]) -> (Authority, Server) {
    let authority = Authority::new();
    authority.issue("server", HOST);
    let server = authority.serve("server", flags);
    (authority, server)
}

fn url(server: &Server, endpoint: &str) -> String {
    url_by(HOST, server, endpoint)
}

fn url_by(host: &str, server: &Server, endpoint: &str) -> String {
    let host_and_port = server.host_and_port().replace("127.0.0.1", host);
    format!("wss://{host_and_port}{endpoint}")
}

fn ca(authority: &Authority) -> String {
    path_text(&authority.path("ca.pem")).to_owned()
}

#[test]
fn lines_and_long_files_go_through_encrypted() {
    let (authority, server) = served(&["--max-message", "16MiB", "--max-unsent", "64MiB"]);
    let lines = format!("one\n{}\n{}\n", "x".repeat(1 << 20), "y".repeat(1 << 20));
    let trusting = ["--ca", &ca(&authority)];
    for target in [
        url(&server, "/echo"),
        url(&server, "/echo").replace("wss", "https"),
    ] {
        let ended = piped(&target, &trusting, &lines);
        assert_well(&ended);
        assert!(ended.stdout == lines, "{} bytes", ended.stdout.len());
    }
}

#[test]
fn whom_the_system_trusts_needs_no_flag() {
    let (authority, server) = served(&[]);
    let target = url(&server, "/echo");
    let environment = [("SSL_CERT_FILE", &*ca(&authority))];
    let mut client = Process::start_in(&environment, &["connect", &target]);
    client.type_in("hello\n");
    client.end_input();
    let ended = client.ended();
    assert_well(&ended);
    assert_eq!(ended.stdout, "hello\n");
}

#[test]
fn an_address_is_a_host_too() {
    let authority = Authority::new();
    authority.issue("server", "127.0.0.1");
    let server = authority.serve("server", &[]);
    let target = url_by("127.0.0.1", &server, "/echo");
    assert_well(&piped(&target, &["--ca", &ca(&authority)], "hello\n"));
}

#[test]
fn a_stranger_is_not_trusted_whatever_it_shows() {
    let (authority, server) = served(&[]);
    let stranger = Authority::new();
    let host = [&*url(&server, "/echo"), "--ca", &ca(&stranger)];
    assert_not_connected(&host, &["localhost:", "nobody who is trusted", "--ca FILE"]);
    let other_name = url_by("127.0.0.1", &server, "/echo");
    assert_not_connected(
        &[&other_name, "--ca", &ca(&authority)],
        &["127.0.0.1:", "another host", "localhost"],
    );
}

#[test]
fn anyone_is_trusted_on_request_and_that_is_said() {
    let (_authority, server) = served(&[]);
    let stranger = ca(&Authority::new());
    for host in [HOST, "127.0.0.1"] {
        let target = url_by(host, &server, "/echo");
        for flags in [&["--insecure"][..], &["--insecure", "--ca", &stranger]] {
            let ended = piped(&target, flags, "hello\n");
            assert_eq!((ended.status.code(), &*ended.stdout), (Some(0), "hello\n"));
            assert!(ended.stderr.contains("--insecure"), "{}", ended.stderr);
        }
    }
}

#[test]
fn an_environment_says_whom_to_trust_where_that_matters() {
    let (authority, server) = served(&[]);
    let plain = Server::start(&[]);
    let (encrypted, plain) = (
        url(&server, "/echo"),
        format!("ws://{}/echo", plain.host_and_port()),
    );
    for target in [&encrypted, &plain] {
        let environment = [("HUBBUB_CA", &*ca(&authority))];
        let mut client = Process::start_in(&environment, &["connect", target]);
        client.end_input();
        assert_well(&client.ended());
    }
    let mut client = Process::start_in(&[("HUBBUB_INSECURE", "1")], &["connect", &encrypted]);
    client.end_input();
    assert_eq!(client.ended().status.code(), Some(0));
    for flags in [&["--insecure"][..], &["--ca", &ca(&authority)]] {
        assert_not_connected(&[&[&*plain], flags].concat(), &["wss://"]);
    }
}

#[test]
fn a_file_that_names_nobody_is_told() {
    let authority = Authority::new();
    let path = |name: &str| path_text(&authority.path(name)).to_owned();
    fs::write(authority.path("empty.pem"), "").unwrap();
    fs::write(
        authority.path("broken.pem"),
        "-----BEGIN CERTIFICATE-----\nx",
    )
    .unwrap();
    for name in ["nothing.pem", "empty.pem", "broken.pem"] {
        assert_not_connected(&["wss://127.0.0.1:1", "--ca", &path(name)], &[name]);
    }
}

#[test]
fn one_that_speaks_no_tls_or_says_nothing_is_told() {
    let plain = Server::start(&[]);
    let target = format!("wss://{}/echo", plain.host_and_port());
    assert_not_connected(&[&target, "--insecure"], &["not TLS", "ws://"]);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("wss://{}/", silent.local_addr().unwrap());
    let impatient = [&*target, "--insecure", "--handshake-timeout", "100ms"];
    assert_not_connected(&impatient, &["within 100ms", "--handshake-timeout"]);

    let leaving = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("wss://{}/", leaving.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = leaving.accept().unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = std::io::copy(&mut &stream, &mut std::io::sink());
    });
    assert_not_connected(&[&target, "--insecure"], &["ended the connection"]);
}

#[test]
fn every_way_to_speak_tls_works_however_slowly_it_comes() {
    for way in ways() {
        let mut client =
            Process::start_with_input(&["connect", &way.clone().serve(), "--insecure"]);
        client.type_in("hello\n");
        let ended = client.ended();
        assert_eq!(ended.stdout, "hello\n", "{way:?}: {}", ended.stderr);
    }
}

#[test]
fn one_with_nothing_in_common_is_told_what_is_spoken_here() {
    for (url, words) in [
        (
            without_common_group(),
            ["X25519MLKEM768, X25519, P-256 and P-384", "have it allow"],
        ),
        (
            without_common_version(),
            ["neither TLS 1.3 nor TLS 1.2", "have it allow"],
        ),
    ] {
        assert_not_connected(&[&url, "--insecure"], &words);
    }
}

#[test]
fn one_that_speaks_tls_only_says_so_to_those_who_do_not() {
    let (_authority, server) = served(&[]);
    let target = url(&server, "/echo").replace("wss", "ws");
    assert_not_connected(&[&target], &["wss://"]);
}
