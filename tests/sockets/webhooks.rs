//! What a program is told of what happens in the chat, over real sockets.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hubbub::system::reactor::{Outcome, Reactor, Stopper};
use hubbub::vocabulary::{
    address::Address,
    config::{Config, WEBHOOK_RETRY_WAITS},
    webhook::{Topic, WebhookPace, WebhookSettings},
};
use rustix::process::Signal;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    Authority, Client, Endpoint, Person, Process, Reaction, Server, path_text, wait_until,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ANOTHER_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// What is said while an endpoint is away: more than one request tells.
const MISSED: usize = 250;

/// A file with a secret, and servers that sign with it.
struct Signer {
    folder: TempDir,
}

impl Signer {
    fn new() -> Self {
        let signer = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        signer.write(SECRET);
        signer
    }

    fn write(&self, secret: &str) {
        fs::write(self.path(), secret).unwrap();
    }

    fn path(&self) -> String {
        path_text(&self.folder.path().join("secret")).to_owned()
    }

    /// A server that tells an endpoint what happens.
    fn serve(&self, url: &str, flags: &[&str]) -> Server {
        Server::listening(self.start(&[], url, flags))
    }

    fn start(&self, environment: &[(&str, &str)], url: &str, flags: &[&str]) -> Process {
        let secret = self.path();
        let usual = [
            "--addr",
            "127.0.0.1:0",
            "--webhook",
            url,
            "--webhook-secret",
            &secret,
        ];
        Process::start_in(environment, &[&usual[..], flags].concat())
    }

    /// A server in this process, which is in more of a hurry.
    fn hurry(&self, url: &str, topics: &[Topic]) -> Hasty {
        let pace = WebhookPace {
            attempt: Duration::from_millis(200),
            waits: [Duration::from_millis(20); 2],
            ..WebhookPace::default()
        };
        let settings = WebhookSettings {
            url: url.parse().unwrap(),
            secret: self.path().into(),
            topics: topics.iter().copied().collect(),
            pace,
        };
        Hasty::serve(settings)
    }
}

/// A server in a thread.
struct Hasty {
    address: String,
    stopper: Stopper,
    running: JoinHandle<Outcome>,
}

impl Hasty {
    fn serve(settings: WebhookSettings) -> Self {
        let config = Config {
            addrs: vec![Address::loopback(0)],
            webhook: Some(settings),
            ..Config::default()
        };
        let (sender, begun) = mpsc::channel();
        let running = thread::spawn(move || {
            let reactor = Reactor::bind(config).unwrap();
            let url = reactor.places()[0].url.clone();
            sender.send((url, reactor.stopper())).unwrap();
            reactor.run().unwrap()
        });
        let (url, stopper) = begun.recv().unwrap();
        Self {
            address: url.replace("http://", ""),
            stopper,
            running,
        }
    }

    /// Someone comes to the chat.
    fn welcome(&self, name: &str) -> Person {
        let stream = TcpStream::connect(&self.address).unwrap();
        let path = format!("/ws?name={name}");
        Person::over(Client::upgrade(stream.into(), &path))
    }

    fn stop(self) {
        self.stopper.stop().unwrap();
        assert_eq!(self.running.join().unwrap(), Outcome::Drained);
    }
}

fn names(events: &[Value]) -> Vec<&str> {
    let names = events.iter().map(|event| event["event"].as_str().unwrap());
    names.collect()
}

#[test]
fn an_endpoint_is_told_what_happens_in_order_and_signed() {
    let (signer, endpoint) = (Signer::new(), Endpoint::start([]));
    let server = signer.serve(
        &endpoint.url(),
        &["--webhook-events", "occupied,joined,left,published"],
    );
    let told = endpoint.hear();
    assert!(told.is_signed_with(SECRET));
    assert_eq!(told.path, "/told");
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!(told.json()["type"], "hubbub.events");
    assert_eq!(names(&told.events()), ["started"]);
    let mut ada = Person::enter(&server, "Ada");
    ada.join("tea");
    ada.send("tea", "hot");
    let message = ada.hear();
    ada.leave("tea");
    let events = endpoint.hear_until("left");
    assert_eq!(names(&events), ["occupied", "joined", "published", "left"]);
    let numbers = events.iter().map(|event| event["n"].as_u64().unwrap());
    assert!(numbers.eq(2..=5));
    assert_eq!(events[1]["member"], json!({"id": ada.id(), "name": "Ada"}));
    assert_eq!(events[2]["message"], message);
    let metrics = server.metrics();
    assert_eq!(
        metrics.count("hubbub_webhook_events_total{event=\"joined\"}"),
        1
    );
    assert!(metrics.count("hubbub_webhook_attempts_total{result=\"delivered\"}") >= 1);
}

#[test]
fn what_was_not_taken_is_told_again_under_the_same_id_and_nowhere_else() {
    let elsewhere = Endpoint::start([]);
    let reactions = [
        Reaction::Status(500),
        Reaction::HangUp,
        Reaction::Redirect(elsewhere.url()),
        Reaction::Hang,
        Reaction::Status(404),
    ];
    let tries = reactions.len();
    let (signer, endpoint) = (Signer::new(), Endpoint::start(reactions));
    let server = signer.hurry(&endpoint.url(), &[Topic::Occupied]);
    let first = endpoint.hear();
    for _ in 0..tries {
        let again = endpoint.hear();
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.body, first.body);
        assert!(again.is_signed_with(SECRET));
    }
    server.stop();
    assert!(endpoint.has_heard_all() && elsewhere.has_heard_all());
}

#[test]
fn an_answer_that_never_ends_keeps_nobody_from_the_next() {
    let (signer, endpoint) = (Signer::new(), Endpoint::start([Reaction::Babble]));
    let server = signer.serve(&endpoint.url(), &[]);
    assert_eq!(names(&endpoint.hear().events()), ["started"]);
    Person::enter(&server, "Ada").join("tea");
    assert_eq!(names(&endpoint.hear().events()), ["occupied"]);
}

/// Something that is away, and where that will be once it is back.
fn away() -> (SocketAddr, String) {
    let endpoint = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = endpoint.local_addr().unwrap();
    (address, format!("http://{address}/told"))
}

/// Says so much in a channel that it is no single batch.
fn chatter(ada: &mut Person) {
    for number in 1..=MISSED {
        ada.send("tea", &number.to_string());
    }
}

/// Asserts that an endpoint is told all of that, each once and in order.
fn assert_told_all(endpoint: &Endpoint) {
    let mut events = Vec::new();
    while events.len() < MISSED + 2 {
        let told = endpoint.hear();
        assert!(told.is_signed_with(SECRET));
        assert!(told.json()["data"].get("dropped").is_none());
        events.extend(told.events());
    }
    let numbers = events.iter().map(|event| event["n"].as_u64().unwrap());
    assert!(numbers.eq(1..=MISSED as u64 + 2));
    assert_eq!(names(&events[..2]), ["started", "occupied"]);
    let said = events[2..].iter().map(|event| &event["message"]["message"]);
    assert!(
        said.eq(&(1..=MISSED)
            .map(|number| json!(number.to_string()))
            .collect::<Vec<_>>())
    );
}

#[test]
fn an_endpoint_that_was_away_is_told_what_it_missed() {
    let signer = Signer::new();
    let (address, url) = away();
    let server = signer.hurry(&url, &[Topic::Occupied, Topic::Published]);
    let mut ada = server.welcome("Ada");
    ada.join("tea");
    chatter(&mut ada);
    let endpoint = Endpoint::come_back(address);
    assert_eq!(endpoint.address(), address);
    assert_told_all(&endpoint);
    server.stop();
}

#[test]
#[ignore = "it takes more than a minute"]
fn an_endpoint_that_was_away_for_a_minute_is_told_what_it_missed() {
    let signer = Signer::new();
    let (address, url) = away();
    let server = signer.serve(&url, &["--webhook-events", "occupied,published"]);
    let mut ada = Person::enter(&server, "Ada");
    ada.join("tea");
    chatter(&mut ada);
    thread::sleep(Duration::from_mins(1));
    let endpoint = Endpoint::come_back(address);
    let [_, longest] = WEBHOOK_RETRY_WAITS;
    thread::sleep(longest);
    assert_told_all(&endpoint);
    println!("{}", server.process().stderr());
}

#[test]
fn an_endpoint_that_is_gone_is_told_nothing_more() {
    let (signer, endpoint) = (Signer::new(), Endpoint::start([Reaction::Status(410)]));
    let server = signer.serve(&endpoint.url(), &["--webhook-events", "joined,left"]);
    endpoint.hear();
    wait_until("the server knows", || {
        server.process().stderr().contains("until the next start")
    });
    let mut ada = Person::enter(&server, "Ada");
    ada.join("tea");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status.code(), Some(0));
    assert!(endpoint.has_heard_all());
}

#[test]
fn a_server_that_ends_tells_what_waits_and_that_everyone_is_gone() {
    let reactions = [Reaction::Status(204), Reaction::Status(503)];
    let (signer, endpoint) = (Signer::new(), Endpoint::start(reactions));
    let events = ["--webhook-events", "occupied,left,vacated"];
    let server = signer.serve(
        &endpoint.url(),
        &[&events[..], &["--drain-timeout", "10s"]].concat(),
    );
    assert_eq!(names(&endpoint.hear().events()), ["started"]);
    let mut ada = Person::enter(&server, "Ada");
    ada.join("tea");
    let refused = endpoint.hear();
    assert_eq!(names(&refused.events()), ["occupied"]);
    server.signal(Signal::TERM);
    assert_eq!(ada.client.hear_close(), Some(1001));
    ada.client.leave();
    let again = endpoint.hear();
    assert_eq!(again.header("webhook-id"), refused.header("webhook-id"));
    assert_eq!(names(&endpoint.hear_until("vacated")), ["left", "vacated"]);
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn an_endpoint_that_hangs_keeps_no_server_from_its_end() {
    let (signer, endpoint) = (Signer::new(), Endpoint::start([Reaction::Hang]));
    let server = signer.serve(&endpoint.url(), &["--drain-timeout", "500ms"]);
    endpoint.hear();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn a_new_secret_counts_after_sighup_and_a_bad_one_does_not() {
    let (signer, endpoint) = (Signer::new(), Endpoint::start([]));
    let server = signer.serve(&endpoint.url(), &[]);
    endpoint.hear();
    let mut ada = Person::enter(&server, "Ada");
    signer.write("whsec_short");
    server.signal(Signal::HUP);
    wait_until("the server says so", || {
        let log = server.process().stderr();
        log.contains("stay in use") && log.contains("--webhook-secret")
    });
    ada.join("tea");
    assert!(endpoint.hear().is_signed_with(SECRET));
    signer.write(ANOTHER_SECRET);
    server.signal(Signal::HUP);
    wait_until("the secret was read again", || {
        server.process().stderr().contains("were read again")
    });
    ada.join("cake");
    assert!(endpoint.hear().is_signed_with(ANOTHER_SECRET));
    let log = server.process().stderr();
    for secret in [SECRET, ANOTHER_SECRET, "whsec_short"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn an_endpoint_is_told_over_tls_if_its_certificate_is_good() {
    let authority = Authority::new();
    authority.issue("endpoint", "localhost");
    let certificate = CertificateDer::from_pem_file(authority.path("endpoint.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(authority.path("endpoint.key")).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (signer, endpoint) = (Signer::new(), Endpoint::start_tls(config));
    let known = path_text(&authority.path("ca.pem")).to_owned();
    let environment = [("SSL_CERT_FILE", &*known)];
    let server = Server::listening(signer.start(&environment, &endpoint.url(), &[]));
    assert!(endpoint.hear().is_signed_with(SECRET));
    drop(server);
    let others = Authority::new();
    let unknown = path_text(&others.path("ca.pem")).to_owned();
    let environment = [("SSL_CERT_FILE", &*unknown)];
    let server = Server::listening(signer.start(&environment, &endpoint.url(), &[]));
    wait_until("the server mistrusts it", || {
        server.process().stderr().contains("certificate")
    });
    assert!(endpoint.has_heard_all());
}

#[test]
fn a_user_and_a_query_are_told_to_the_endpoint_and_to_nobody_else() {
    let (signer, endpoint) = (Signer::new(), Endpoint::start([Reaction::Status(500)]));
    let url = endpoint.url().replace("//", "//ada:p%40ss@") + "?token=hidden";
    let server = signer.serve(&url, &["--log-level", "trace"]);
    let told = endpoint.hear();
    assert_eq!(told.path, "/told?token=hidden");
    assert_eq!(told.header("authorization"), "Basic YWRhOnBAc3M=");
    wait_until("the server says that it was refused", || {
        server.process().stderr().contains("500")
    });
    let log = server.process().stderr();
    assert!(log.contains(&endpoint.url()), "{log}");
    for secret in ["ada", "p%40ss", "p@ss", "YWRh", "hidden", "whsec_"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

#[test]
fn a_webhook_that_cannot_work_ends_the_start_by_name() {
    let signer = Signer::new();
    let refused = |process: Process| {
        let ended = process.ended();
        assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
        ended.stderr
    };
    let url = "http://127.0.0.1:9/";
    let secret = signer.path();
    let alone = refused(Process::start(&["--webhook", url]));
    assert!(alone.contains("--webhook-secret"), "{alone}");
    let emptied = Process::start_in(&[("HUBBUB_WEBHOOK_SECRET", "")], &["--webhook", url]);
    assert!(refused(emptied).contains("HUBBUB_WEBHOOK_SECRET"));
    let told = refused(Process::start(&[
        "--webhook",
        "ftp://secret/",
        "--webhook-secret",
        &secret,
    ]));
    assert!(
        told.contains("https://") && !told.contains("ftp://secret"),
        "{told}"
    );
    let told = refused(signer.start(&[], url, &["--webhook-events", "started"]));
    assert!(told.contains("occupied"), "{told}");
    let twice = refused(signer.start(&[], url, &["--webhook", url]));
    assert!(twice.contains("--webhook"), "{twice}");
    signer.write("sesame");
    let told = refused(signer.start(&[], url, &[]));
    assert!(
        told.contains("openssl rand") && !told.contains("sesame"),
        "{told}"
    );
    fs::remove_file(&secret).unwrap();
    assert!(refused(signer.start(&[], url, &[])).contains(&secret));
}

#[test]
fn what_others_could_read_is_warned_of() {
    let (signer, endpoint) = (Signer::new(), Endpoint::start([]));
    // This machine as well, though nobody is to know (RFC 1122, section 3.2.1.3).
    let url = endpoint.url().replace("localhost", "0.0.0.0");
    let server = signer.serve(&url, &[]);
    endpoint.hear();
    let log = server.process().stderr();
    assert!(log.contains("https:// would keep it secret"), "{log}");
    let server = signer.serve(&endpoint.url(), &[]);
    endpoint.hear();
    let log = server.process().stderr();
    assert!(!log.contains("WARN"), "{log}");
}
