//! The door for programs.

use std::fs;
use std::ops::Deref;

use serde_json::Value;
use tempfile::TempDir;

use super::{HttpConnection, Process, Response, Server};

/// The key of the program `backend`.
pub(crate) const KEY: &str = "0123456789abcdef";

/// A server with an operator's listener, and its keys.
pub(crate) struct Door {
    folder: TempDir,
    server: Server,
}

impl Door {
    /// One where programs need the key.
    pub(crate) fn with_key(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        fs::write(&keys, format!("backend {KEY}\n")).unwrap();
        let file = keys.to_str().unwrap();
        Self::start(folder, &[&["--api-key", file], flags].concat())
    }

    /// One where programs of this machine need nothing.
    pub(crate) fn open(flags: &[&str]) -> Self {
        Self::start(tempfile::tempdir().unwrap(), flags)
    }

    fn start(folder: TempDir, flags: &[&str]) -> Self {
        let addresses = ["--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"];
        let process = Process::start(&[&addresses, flags].concat());
        let server = Server::listening_at(2, process);
        Self { folder, server }
    }

    /// Writes the file of keys anew.
    pub(crate) fn write_keys(&self, text: &str) {
        fs::write(self.folder.path().join("keys"), text).unwrap();
    }

    /// A connection to it.
    pub(crate) fn knock(&self) -> HttpConnection {
        self.server.http_at(1)
    }

    /// Where programs ask, `HOST:PORT`.
    pub(crate) fn address(&self) -> String {
        self.server.host_and_port_at(1)
    }

    /// What comes of a request with a body and more header lines, on a connection of its own.
    pub(crate) fn post(&self, path: &str, headers: &str, body: &str) -> Response {
        let mut http = self.knock();
        http.send(post(path, headers, body));
        http.response()
    }

    /// What comes of things to publish, with the key.
    pub(crate) fn publish(&self, headers: &str, items: &Value) -> Vec<Value> {
        let headers = format!("{}{headers}", bearer(KEY));
        let response = self.post("/api/publish", &headers, &items.to_string());
        answers(&response)
    }
}

impl Deref for Door {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// What came of each item.
pub(crate) fn answers(response: &Response) -> Vec<Value> {
    assert_eq!(response.status, 200, "{}", response.text());
    serde_json::from_slice(&response.body).unwrap()
}

/// A request with a body.
pub(crate) fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// The header line that shows a key.
pub(crate) fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}
