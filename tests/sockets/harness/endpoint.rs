//! The endpoint of a webhook, which hears what it is told and answers as a test wants it to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use hubbub::vocabulary::webhook::WebhookSecret;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use super::PATIENCE;

/// What it does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// Answers with a status.
    Status(u16),
    /// Says that it is elsewhere.
    Redirect(String),
    /// Answers nothing, and keeps the connection.
    Hang,
    /// Answers nothing, and ends the connection.
    HangUp,
    /// Answers 200 with a body that never ends.
    Babble,
}

/// An endpoint that listens, until the test ends.
pub(crate) struct Endpoint {
    address: SocketAddr,
    scheme: &'static str,
    heard: Receiver<Told>,
}

/// What it was told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

impl Endpoint {
    /// One that reacts so to the first requests, and answers 204 to all others.
    pub(crate) fn start(reactions: impl IntoIterator<Item = Reaction>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::listen(listener, None, reactions)
    }

    /// One that answers 204 over TLS.
    pub(crate) fn start_tls(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::listen(listener, Some(Arc::new(config)), [])
    }

    /// One that listens at an address which it was away from.
    pub(crate) fn come_back(address: SocketAddr) -> Self {
        Self::listen(TcpListener::bind(address).unwrap(), None, [])
    }

    fn listen(
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        reactions: impl IntoIterator<Item = Reaction>,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (teller, heard) = mpsc::channel();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let reactions: VecDeque<_> = reactions.into_iter().collect();
        let reactions = Arc::new(Mutex::new(reactions));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let stream: Box<dyn Stream> = match &tls {
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        Box::new(StreamOwned::new(connection, stream))
                    }
                    None => Box::new(stream),
                };
                let (reactions, teller) = (Arc::clone(&reactions), teller.clone());
                thread::spawn(move || react(stream, &reactions, &teller));
            }
        });
        Self {
            address,
            scheme,
            heard,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `--webhook` is told of it.
    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}/told", self.scheme, self.address.port())
    }

    /// The next that it is told.
    pub(crate) fn hear(&self) -> Told {
        self.heard.recv_timeout(PATIENCE).expect("it is told more")
    }

    /// The next events that it is told, in however many requests they come, until there is one of this name.
    pub(crate) fn hear_until(&self, name: &str) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        while !events.iter().any(|event| event["event"] == name) {
            events.extend(self.hear().events());
        }
        events
    }

    /// Whether it was told nothing that was not looked at.
    pub(crate) fn has_heard_all(&self) -> bool {
        self.heard.try_recv().is_err()
    }
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .unwrap_or_else(|| panic!("it has {name}"))
            .to_str()
            .unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        self.json()["data"]["events"].as_array().unwrap().clone()
    }

    /// Whether it is signed with a secret.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let secret = WebhookSecret::read(secret.as_bytes()).unwrap();
        let timestamp = self.header("webhook-timestamp").parse().unwrap();
        let signature = secret.sign(self.header("webhook-id"), timestamp, &self.body);
        self.header("webhook-signature") == signature
    }
}

/// Hears one request after the other. A peer that is gone ends it.
fn react(
    stream: Box<dyn Stream>,
    reactions: &Mutex<VecDeque<Reaction>>,
    teller: &Sender<Told>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let told = read(&mut stream)?;
        teller.send(told).ok()?;
        let reaction = reactions.lock().unwrap().pop_front();
        let stream = stream.get_mut();
        let mut answer = |text: &str| {
            stream
                .write_all(text.as_bytes())
                .and_then(|()| stream.flush())
                .ok()
        };
        match reaction.unwrap_or(Reaction::Status(204)) {
            Reaction::Status(204) => answer("HTTP/1.1 204 No Content\r\n\r\n")?,
            Reaction::Status(status) => {
                answer(&format!(
                    "HTTP/1.1 {status} So\r\nContent-Length: 2\r\n\r\nso"
                ))?;
            }
            Reaction::Redirect(url) => answer(&format!(
                "HTTP/1.1 307 There\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n"
            ))?,
            Reaction::Hang => loop {
                thread::park();
            },
            Reaction::HangUp => return None,
            Reaction::Babble => {
                answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                loop {
                    answer(&format!("1000\r\n{:4096}\r\n", ""))?;
                }
            }
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Told> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut head).ok()? == 0 {
            return None;
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    assert!(request.parse(&head).unwrap().is_complete());
    assert_eq!(request.method, Some("POST"));
    let path = request.path.unwrap().to_owned();
    let headers = request.headers.iter().map(|header| {
        let name = HeaderName::from_bytes(header.name.as_bytes()).unwrap();
        (name, HeaderValue::from_bytes(header.value).unwrap())
    });
    let headers: HeaderMap = headers.collect();
    let length = headers["content-length"].to_str().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(Told {
        path,
        headers,
        body,
    })
}
