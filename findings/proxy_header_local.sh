#!/usr/bin/env bash
# proxy-header: a header of the PROXY protocol with the command LOCAL is never whole if it names a family.
#
# By the protocol, section 2.2, such a connection is good, and whatever family and addresses come with LOCAL are of no account.
# With the family of TCP over IPv4 and a length of zero, more bytes are wanted than the header says that it has.
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
proxy-header = "=0.1.3"
TOML
cat > src/main.rs <<'RUST'
use proxy_header::{ParseConfig, ProxyHeader};

fn main() {
    let read = |family: u8| {
        let header = [&b"\r\n\r\n\0\r\nQUIT\n\x20"[..], &[family, 0, 0]].concat();
        let read = ProxyHeader::parse(&header, ParseConfig::default());
        read.map(|(_, bytes)| bytes)
    };
    println!("unspecified: {:?}, TCP over IPv4: {:?}", read(0x00), read(0x11));
}
RUST
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "proxy-header 0.1.3"
echo "expected: unspecified: Ok(16), TCP over IPv4: Ok(16)"
echo "seen:     $(cat seen)"
grep -qx 'unspecified: Ok(16), TCP over IPv4: Err(BufferTooShort)' seen
