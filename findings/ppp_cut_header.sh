#!/usr/bin/env bash
# ppp: a valid header of the PROXY protocol that a network cuts at one place counts as wrong for good.
#
# `is_incomplete` is documented as what tells whether to wait for more of a header that arrives in pieces. Cut behind the space
# before the last port, the empty text is a port that is no number, which is final; so who goes by it closes a connection for
# where its header was split.
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
ppp = "=2.3.0"
TOML
cat > src/main.rs <<'RUST'
use ppp::{HeaderResult, PartialResult};

fn main() {
    let header = b"PROXY TCP4 198.51.100.1 203.0.113.9 4711 443\r\n";
    assert!(matches!(HeaderResult::parse(header), HeaderResult::V1(Ok(_))), "it is valid");
    let is_final = |end: &usize| !HeaderResult::parse(&header[..*end]).is_incomplete();
    let cuts: Vec<_> = (1..header.len()).filter(is_final).collect();
    let before_last_port = header.iter().rposition(|&byte| byte == b' ').unwrap() + 1;
    println!("final when cut after {cuts:?} bytes; the last port begins after {before_last_port}");
}
RUST
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "ppp 2.3.0"
echo "expected: final when cut after [] bytes; the last port begins after 41"
echo "seen:     $(cat seen)"
grep -qx 'final when cut after \[41\] bytes; the last port begins after 41' seen
