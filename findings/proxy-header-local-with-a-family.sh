#!/usr/bin/env bash
# Version: proxy-header 0.1.3 (crates.io).
# Expected: a header of version 2 with the command LOCAL is accepted whatever family it names, since "the receiver must
#   accept this connection as valid […] and discard the protocol block including the family which is ignored"
#   (proxy-protocol.txt, section 2.2).
# Seen: LOCAL with the family TCP over IPv4 and no addresses (a length of 0) counts as incomplete: more bytes are waited for
#   than the header says that it has. With the family left unspecified it is accepted.
# Exits 0 as long as that is so, and 1 once it has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
proxy-header = "=0.1.3"
TOML
cat > src/main.rs <<'RUST'
use proxy_header::{Error, ParseConfig, ProxyHeader};

fn main() {
    let local = |family: u8| [&b"\r\n\r\n\0\r\nQUIT\n\x20"[..], &[family, 0, 0]].concat();
    let unspecified = local(0x00);
    assert_eq!(ProxyHeader::parse(&unspecified, ParseConfig::default()).map(|(_, bytes)| bytes), Ok(16));
    let tcp_over_ipv4 = local(0x11);
    let seen = ProxyHeader::parse(&tcp_over_ipv4, ParseConfig::default()).map(|(_, bytes)| bytes);
    println!("expected: Ok(16); seen: {seen:?}");
    std::process::exit(i32::from(seen != Err(Error::BufferTooShort)));
}
RUST
cargo run --quiet
