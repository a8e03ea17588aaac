//! Plain HTTP, request by request.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use socket2::Socket;

/// A connection that asks and is answered.
pub(crate) struct HttpConnection<S = Socket> {
    stream: BufReader<S>,
}

/// An answer, its body with it.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A WebSocket handshake for `path`, with more header lines if there are any.
pub(crate) fn upgrade_request(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: hubbub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

impl HttpConnection {
    /// Says that nothing more will be asked.
    pub(crate) fn shut(&mut self) {
        self.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    }
}

impl<S: Read + Write> HttpConnection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// What it speaks over.
    pub(crate) fn stream(&self) -> &S {
        self.stream.get_ref()
    }

    /// Asks for `path` and waits for the answer.
    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: hubbub\r\n\r\n"));
        self.response()
    }

    /// The next answer.
    pub(crate) fn response(&mut self) -> Response {
        let mut response = self.response_to_head();
        let length = response.header("content-length").unwrap_or("0");
        response.body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut response.body).unwrap();
        response
    }

    /// The next answer if it has no body, whatever its length says.
    pub(crate) fn response_to_head(&mut self) -> Response {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let read = self.stream.read_until(b'\n', &mut head).unwrap();
            assert!(read > 0, "the stream ended in {:?}", head.escape_ascii());
        }
        Response::parse(&head)
    }

    /// Everything up to the end of the stream.
    ///
    /// # Errors
    /// The stream was reset.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest)?;
        Ok(rest)
    }

    /// The socket, and what was read from it and not looked at.
    pub(crate) fn into_parts(self) -> (S, Vec<u8>) {
        let buffered = self.stream.buffer().to_vec();
        (self.stream.into_inner(), buffered)
    }
}

impl Response {
    fn parse(head: &[u8]) -> Self {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut raw = httparse::Response::new(&mut headers);
        assert!(raw.parse(head).unwrap().is_complete());
        let headers = raw.headers.iter().map(|header| {
            let name = HeaderName::from_bytes(header.name.as_bytes()).unwrap();
            (name, HeaderValue::from_bytes(header.value).unwrap())
        });
        Self {
            status: raw.code.unwrap(),
            headers: headers.collect(),
            body: Vec::new(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// The code of an error's JSON body, which must have a message too.
    pub(crate) fn error_code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"));
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        let error = &body["error"];
        assert!(!error["message"].as_str().unwrap().is_empty());
        error["code"].as_str().unwrap().to_owned()
    }
}
