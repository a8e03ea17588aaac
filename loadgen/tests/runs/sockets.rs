//! Servers that are reached otherwise than by plain TCP: over TLS, and on a unix socket.

use std::{fs, path::PathBuf, sync::mpsc, thread};

use hubbub::{
    system::reactor::Reactor,
    vocabulary::{
        address::Address,
        config::{Config, TlsFiles},
    },
};
use rcgen::generate_simple_self_signed;
use tempfile::TempDir;

use crate::{
    common::{against, loadgen, refusal, refused_by, relay::Relay, run, words},
    picky::{ways, without_common_group, without_common_version},
};

/// The load that each mode is tried with.
const MODES: [&str; 7] = [
    "fanout",
    "fanout --protocol chat --channels 2",
    "saturate",
    "saturate --size 60KiB --window 1",
    "search --rate 50 --duration 100ms --warmup 50ms --slo p99<1us",
    "idle --ping",
    "connect",
];

/// A certificate for `localhost` that vouches for itself, and its key.
struct Certificate {
    folder: TempDir,
}

impl Certificate {
    fn new() -> Self {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(certificate.path("cert.pem"), made.cert.pem()).unwrap();
        fs::write(
            certificate.path("key.pem"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        certificate
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ca(&self) -> String {
        self.path("cert.pem").to_str().unwrap().to_owned()
    }

    /// A Hubbub that shows it; its host and port.
    fn serve(&self) -> String {
        let url = serve(Config {
            addrs: vec![Address::loopback(0)],
            tls: Some(TlsFiles {
                cert: self.path("cert.pem"),
                key: self.path("key.pem"),
            }),
            ..Config::default()
        });
        url.replace("https://127.0.0.1", "localhost")
    }
}

/// Starts a Hubbub that lasts as long as the tests; its URL.
fn serve(config: Config) -> String {
    let (listening, url) = mpsc::channel();
    thread::spawn(move || {
        let reactor = Reactor::bind(config).unwrap();
        listening.send(reactor.places()[0].url.clone()).unwrap();
        reactor.run()
    });
    url.recv().unwrap()
}

/// The endpoint that a mode's clients want.
fn endpoint(mode: &str) -> &'static str {
    if mode.contains("chat") {
        "/ws"
    } else {
        "/relay"
    }
}

#[test]
fn every_mode_works_over_tls() {
    let certificate = Certificate::new();
    let (host, ca) = (certificate.serve(), certificate.ca());
    for mode in MODES {
        let url = format!("wss://{host}{}", endpoint(mode));
        let flags = [words(mode), vec!["--ca", &ca]].concat();
        let run = against(&url, &flags);
        // A search whose demand nothing can meet has still connected and delivered.
        if !mode.starts_with("search") {
            run.good();
        }
    }
}

#[test]
fn every_mode_works_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    serve(Config {
        addrs: vec![Address::Unix(path.clone())],
        ..Config::default()
    });
    let url = format!("unix:{}", path.display());
    for mode in MODES {
        let run = against(&url, &words(mode));
        if !mode.starts_with("search") {
            run.good();
        }
    }
    // The process that listens there is this one.
    let elsewhere = against(&url, &["--path", "/relay?channel=elsewhere"]).good();
    assert!(elsewhere.figure("server.cpu_seconds") > 0.0);
    assert!(refusal(&["--url", &url, "--path", "/nowhere"]).contains("404"));
}

#[test]
fn the_scheme_of_a_unix_socket_may_be_in_capitals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Socket");
    serve(Config {
        addrs: vec![Address::Unix(path.clone())],
        ..Config::default()
    });
    let url = format!("UNIX:{}", path.display());
    against(&url, &["--path", "/relay"]).good();
    let [one, other] = ["one=", "other=Chat+"].map(|begin| begin.to_owned() + &url);
    let flags = [
        "compare", "--rounds", "2", "--target", &one, "--target", &other,
    ];
    let run = run(&flags);
    assert_eq!(run.at("rounds").as_array().map(Vec::len), Some(4));
    assert!(!run.table.contains("BROKEN"), "{}", run.table);
}

#[test]
fn servers_of_different_kinds_can_be_compared() {
    let certificate = Certificate::new();
    let encrypted = format!("encrypted=wss://{}/relay", certificate.serve());
    let plain = format!("plain={}", Relay::right().start());
    let ca = certificate.ca();
    let flags = [
        "compare",
        "--rounds",
        "2",
        "--duration",
        "100ms",
        "--target",
        &encrypted,
        "--target",
        &plain,
        "--ca",
        &ca,
    ];
    let run = run(&flags);
    assert!(matches!(run.code, Some(0 | 3)), "{run:#?}");
}

#[test]
fn who_cannot_be_trusted_is_refused_and_who_need_not_be_is_not() {
    let certificate = Certificate::new();
    let stranger = Certificate::new();
    let host = certificate.serve();
    let url = format!("wss://{host}/relay");
    for refused in [
        refused_by(&mut loadgen(&["--url", &url, "--ca", &stranger.ca()])),
        refused_by(loadgen(&["--url", &url]).env("SSL_CERT_FILE", stranger.ca())),
    ] {
        assert_eq!(refused.0, Some(2));
        assert!(refused.1.contains("--ca"), "{}", refused.1);
    }
    let other_name = url.replace("localhost", "127.0.0.1");
    let told = refusal(&["--url", &other_name, "--ca", &certificate.ca()]);
    assert!(told.contains("another host"), "{told}");
    let run = against(&other_name, &["--insecure"]).good();
    assert!(run.table.contains("--insecure"), "{}", run.table);
    let plain = Relay::right().start().replace("ws:", "wss:");
    let told = refusal(&["--url", &plain, "--ca", &certificate.ca()]);
    assert!(told.contains("TLS"), "{told}");
    let told = refusal(&["--url", &url, "--ca", "/nowhere/ca.pem"]);
    assert!(told.contains("whom /nowhere/ca.pem names"), "{told}");
}

#[test]
fn every_way_to_speak_tls_works_however_slowly_it_comes() {
    for way in ways() {
        let run = against(
            &way.clone().serve(),
            &["connect", "--insecure", "--clients", "2"],
        );
        assert_eq!(run.code, Some(0), "{way:?}: {run:#?}");
    }
}

#[test]
fn a_server_with_nothing_in_common_is_told_what_is_spoken_here() {
    for (url, words) in [
        (
            without_common_group(),
            "X25519MLKEM768, X25519, P-256 and P-384",
        ),
        (without_common_version(), "neither TLS 1.3 nor TLS 1.2"),
    ] {
        let (_, told) = refused_by(&mut loadgen(&["--url", &url, "--insecure"]));
        assert!(told.contains(words), "{told}");
    }
}
