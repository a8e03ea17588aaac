#!/usr/bin/env bash
# rustls: `complete_io` on a non-blocking stream says Ok in the middle of a handshake.
#
# By its documentation it goes on until the handshake is done, or hands on the `WouldBlock` when neither reading nor writing gets
# any further. Here a server wants a key of another group (HelloRetryRequest, RFC 8446, section 4.1.4), as every server does that
# prefers a group that the client sent no key for.
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
rcgen = { version = "=0.14.10", default-features = false, features = ["crypto", "ring"] }
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std"] }
TOML
cat > src/main.rs <<'RUST'
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    crypto::ring::{default_provider, kx_group::SECP384R1},
};

/// A non-blocking stream: what came, and what is to go.
#[derive(Default)]
struct Stream(Vec<u8>, Vec<u8>);

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(self.0.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut picky = default_provider();
    picky.kx_groups = vec![SECP384R1];
    let server = ServerConfig::builder_with_provider(Arc::new(picky))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], made.signing_key.into())
        .unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();

    // The first hello goes, and the call would block: as documented.
    let mut stream = Stream::default();
    let error = client.complete_io(&mut stream).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    // The server asks for another key.
    server.read_tls(&mut &stream.1[..]).unwrap();
    server.process_new_packets().unwrap();
    server.write_tls(&mut stream.0).unwrap();
    // The second hello goes, and the call would block again.
    let second = client.complete_io(&mut stream).map_err(|error| error.kind());
    println!("{second:?}, is_handshaking: {}", client.is_handshaking());
}
RUST
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "rustls 0.23.46"
echo "expected: Err(WouldBlock), is_handshaking: true; or Ok and is_handshaking: false"
echo "seen:     $(cat seen)"
grep -qx 'Ok(([0-9]*, [0-9]*)), is_handshaking: true' seen
