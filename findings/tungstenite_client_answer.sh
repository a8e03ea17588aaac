#!/usr/bin/env bash
# tungstenite: the client refuses answers that open a WebSocket, and opens one on an answer that must not.
#
# By RFC 6455, section 4.1, `Connection` is a list, and good with `Upgrade` anywhere in it; and an answer with an extension that was
# not offered must fail. In how many pieces a head comes says nothing of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
tungstenite = "=0.30.0"
TOML
cat > src/main.rs <<'RUST'
use std::io::{self, Cursor, Read, Write};

use tungstenite::{
    client::{IntoClientRequest, client_with_config},
    handshake::derive_accept_key,
};

/// A server that answers in pieces of so many bytes.
struct Server(Cursor<Vec<u8>>, usize);

impl Read for Server {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(self.1);
        self.0.read(&mut into[..count])
    }
}

impl Write for Server {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn seen(headers: &str, piece: usize) -> &'static str {
    let request = "ws://localhost/".into_client_request().unwrap();
    let accept = derive_accept_key(request.headers()["sec-websocket-key"].as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n{headers}\r\n\r\n"
    );
    match client_with_config(request, Server(Cursor::new(answer.into()), piece), None) {
        Ok(_) => "open",
        Err(_) => "an error",
    }
}

fn main() {
    println!("a plain one:               {}", seen("Connection: Upgrade", 4096));
    println!("Upgrade, Keep-Alive:       {}", seen("Connection: Upgrade, Keep-Alive", 4096));
    println!("an extension not offered:  {}", seen("Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate", 4096));
    println!("a byte at a time:          {}", seen("Connection: Upgrade", 1));
}
RUST
cat > was <<'SEEN'
a plain one:               open
Upgrade, Keep-Alive:       an error
an extension not offered:  open
a byte at a time:          an error
SEEN
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "tungstenite 0.30.0"
echo "expected: open, open, an error, open"
echo "seen:"
cat seen
diff was seen
