//! TLS: the same server, encrypted.

use std::fs;
use std::io::{Read, Write};
use std::sync::Arc;

use rustix::process::Signal;
use rustls::{
    ALL_VERSIONS, ClientConfig, HandshakeKind,
    crypto::{
        CryptoProvider,
        aws_lc_rs::{
            default_provider,
            kx_group::{MLKEM1024, SECP384R1},
        },
    },
    version::{TLS12, TLS13},
};

use crate::harness::{
    Authority, Client, HttpConnection, Process, Server, TlsStream, secured, text, wait_until,
};

const HOST: &str = "hubbub.test";

fn authority() -> Authority {
    let authority = Authority::new();
    authority.issue("server", HOST);
    authority
}

fn everyone(authority: &Authority) -> Arc<ClientConfig> {
    Arc::new(authority.clients(ALL_VERSIONS))
}

fn connect(server: &Server, config: &Arc<ClientConfig>, path: &str) -> Client<TlsStream> {
    Client::upgrade(secured(config, HOST, server.dial()), path)
}

/// Why the certificate that is shown is not accepted for a host, if it is not.
fn refusal(server: &Server, config: &Arc<ClientConfig>, host: &'static str) -> Option<String> {
    let mut stream = secured(config, host, server.dial());
    let error = stream.conn.complete_io(&mut stream.sock).err();
    error.map(|error| error.to_string())
}

#[test]
fn pages_and_websockets_work_over_tls_1_2_and_1_3() {
    let authority = authority();
    let server = authority.serve("server", &[]);
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(authority.clients(&[version]));
        let mut http = HttpConnection::new(secured(&config, HOST, server.dial()));
        assert_eq!(http.get("/healthz").text(), "ok");
        assert!(http.get("/").text().contains("<html"));
        let session = &http.stream().conn;
        assert_eq!(session.protocol_version(), Some(version.version));
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
        let mut ada = connect(&server, &config, "/relay");
        let mut bob = connect(&server, &config, "/relay");
        for words in ["hello", &"long ".repeat(10_000)] {
            ada.say(words);
            assert_eq!(ada.hear_text(), words.trim());
            assert_eq!(bob.hear_text(), words.trim());
        }
        ada.leave();
    }
}

#[test]
fn who_brings_a_key_of_no_use_is_asked_for_another_and_let_in() {
    let authority = authority();
    let server = authority.serve("server", &[]);
    let unknown_first = CryptoProvider {
        kx_groups: vec![MLKEM1024, SECP384R1],
        ..default_provider()
    };
    let config = Arc::new(authority.clients_with(unknown_first, ALL_VERSIONS));
    let mut http = HttpConnection::new(secured(&config, HOST, server.dial()));
    assert_eq!(http.get("/healthz").text(), "ok");
    let asked_again = Some(HandshakeKind::FullWithHelloRetryRequest);
    assert_eq!(http.stream().conn.handshake_kind(), asked_again);
}

#[test]
fn whoever_reads_late_still_gets_everything_in_order() {
    const LINES: usize = 400;
    let authority = authority();
    let server = authority.serve("server", &["--max-unsent", "64MiB"]);
    let config = everyone(&authority);
    let mut late = connect(&server, &config, "/relay");
    let mut ada = connect(&server, &config, "/relay");
    let line = |number: usize| format!("{number:050000}");
    for number in 0..LINES {
        ada.say(&line(number));
        assert!(ada.hear_text() == line(number));
    }
    for number in 0..LINES {
        assert!(late.hear_text() == line(number), "line {number}");
    }
}

#[test]
fn one_that_does_not_read_is_closed_as_slow() {
    let authority = authority();
    let server = authority.serve("server", &["--write-timeout", "500ms"]);
    let config = everyone(&authority);
    let _deaf = connect(&server, &config, "/relay");
    let mut ada = connect(&server, &config, "/relay");
    let line = "x".repeat(50_000);
    for _ in 0..200 {
        ada.say(&line);
        ada.hear_text();
    }
    // Where saying all that takes long, it stands still for too long before too much is unsent.
    wait_until("the deaf one is closed", || {
        let metrics = https(&server, &config);
        let is_counted = |reason| metrics.contains(&format!("reason=\"{reason}\"}} 1"));
        is_counted("slow-unsent") || is_counted("slow-stalled")
    });
}

#[test]
fn who_comes_again_resumes() {
    let authority = authority();
    let server = authority.serve("server", &[]);
    for (reloads, version) in [&TLS12, &TLS13].into_iter().enumerate() {
        let config = Arc::new(authority.clients(&[version]));
        let kind = || {
            let mut http = HttpConnection::new(secured(&config, HOST, server.dial()));
            assert_eq!(http.get("/healthz").status, 200);
            http.stream().conn.handshake_kind()
        };
        assert_eq!(kind(), Some(HandshakeKind::Full));
        assert_eq!(kind(), Some(HandshakeKind::Resumed));
        authority.issue("server", HOST);
        reload(&server, reloads + 1);
        assert_eq!(
            kind(),
            Some(HandshakeKind::Resumed),
            "a ticket outlives a reload"
        );
    }
}

#[test]
fn a_new_certificate_is_shown_after_sighup_and_nobody_is_dropped() {
    let authority = authority();
    authority.issue("other", "other.test");
    let server = authority.serve("server", &[]);
    let config = everyone(&authority);
    let mut ada = connect(&server, &config, "/relay");
    assert_eq!(refusal(&server, &config, HOST), None);
    assert!(refusal(&server, &config, "other.test").is_some());
    for ending in ["pem", "key"] {
        let (from, to) = (format!("other.{ending}"), format!("server.{ending}"));
        fs::copy(authority.path(&from), authority.path(&to)).unwrap();
    }
    reload(&server, 1);
    let config = everyone(&authority);
    assert_eq!(refusal(&server, &config, "other.test"), None);
    assert!(refusal(&server, &config, HOST).is_some());
    ada.say("still here");
    assert_eq!(ada.hear_text(), "still here");
}

#[test]
fn a_certificate_that_is_of_no_use_changes_nothing() {
    let authority = authority();
    let server = authority.serve("server", &[]);
    fs::write(authority.path("server.key"), "no key").unwrap();
    server.signal(Signal::HUP);
    wait_until("the server says so", || {
        let log = server.process().stderr();
        log.contains("--tls-key") && log.contains("stay in use")
    });
    assert_eq!(refusal(&server, &everyone(&authority), HOST), None);
}

#[test]
fn files_of_no_use_are_named_at_the_start() {
    let authority = authority();
    authority.issue("other", HOST);
    let path = |name: &str| authority.path(name).to_str().unwrap().to_owned();
    let complaint = |cert: &str, key: &str| {
        let (cert, key) = (path(cert), path(key));
        let flags = [
            "--addr",
            "127.0.0.1:0",
            "--tls-cert",
            &cert,
            "--tls-key",
            &key,
        ];
        let ended = Process::start(&flags).ended();
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(2), ""));
        ended.stderr
    };
    assert!(complaint("nothing.pem", "server.key").contains("(--tls-cert)"));
    assert!(complaint("server.pem", "server.pem").contains("(--tls-key)"));
    assert!(complaint("server.pem", "other.key").contains("cannot serve TLS"));
    assert!(complaint("server.key", "server.key").contains("--tls-cert"));
}

#[test]
fn plain_http_is_told_and_nonsense_is_counted() {
    let authority = authority();
    let server = authority.serve("server", &[]);
    let mut plain = server.http();
    plain.send("GET / HTTP/1.1\r\nHost: hubbub\r\n\r\n");
    let answer = String::from_utf8(plain.rest().unwrap()).unwrap();
    assert!(
        answer.starts_with("HTTP/1.0 400") && answer.contains("https://"),
        "{answer}"
    );
    let mut nonsense = server.dial();
    nonsense
        .write_all(&[0x16, 0x03, 0x01, 0, 5, 9, 9, 9, 9, 9])
        .unwrap();
    let _ = nonsense.read_to_end(&mut Vec::new());
    let config = everyone(&authority);
    wait_until("both are counted", || {
        https(&server, &config).contains("hubbub_handshake_failures_total{reason=\"tls\"} 2")
    });
}

#[test]
fn what_was_said_before_a_forged_record_is_heard() {
    /// Data that nobody encrypted, in a record of its own (RFC 8446, section 5.2).
    const FORGED: &[u8] = b"\x17\x03\x03\x00\x20A record's bytes, in plain words";
    let authority = authority();
    let server = authority.serve("server", &[]);
    for (count, version) in (1..).zip([&TLS12, &TLS13]) {
        let config = Arc::new(authority.clients(&[version]));
        let mut ada = connect(&server, &config, "/relay");
        let mut bob = connect(&server, &config, "/relay");
        let stream = ada.stream();
        let mut writer = stream.conn.writer();
        writer.write_all(&text("hello")).unwrap();
        let mut at_once = Vec::new();
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut at_once).unwrap();
        }
        at_once.extend(FORGED);
        stream.sock.write_all(&at_once).unwrap();
        assert_eq!(bob.hear_text(), "hello");
        wait_until("the forger is seen off", || {
            let metrics = https(&server, &config);
            metrics.contains(&format!("reason=\"tls\"}} {count}"))
        });
    }
}

#[test]
fn a_handshake_that_does_not_get_on_is_ended_in_time() {
    let authority = authority();
    let server = authority.serve("server", &["--handshake-timeout", "300ms"]);
    let mut silent = server.dial();
    let mut halfway = server.dial();
    halfway.write_all(&[0x16, 0x03]).unwrap();
    for socket in [&mut silent, &mut halfway] {
        assert_eq!(socket.read(&mut [0; 1]).unwrap(), 0);
    }
}

#[test]
fn an_address_with_too_many_connections_costs_no_handshake() {
    let authority = authority();
    let server = authority.serve("server", &["--max-connections-per-address", "1"]);
    let config = everyone(&authority);
    let ada = connect(&server, &config, "/relay");
    let mut second = server.dial();
    assert_eq!(second.read(&mut [0; 1]).unwrap(), 0);
    ada.leave();
    wait_until("there is room again", || {
        refusal(&server, &config, HOST).is_none()
    });
}

/// The metrics, as text.
fn https(server: &Server, config: &Arc<ClientConfig>) -> String {
    let mut http = HttpConnection::new(secured(config, HOST, server.dial()));
    http.get("/metrics").text().to_owned()
}

/// Has the server read its files again, for the `count`th time.
fn reload(server: &Server, count: usize) {
    server.signal(Signal::HUP);
    wait_until("the files were read again", || {
        let log = server.process().stderr();
        log.matches("were read again").count() == count
    });
}
