#!/usr/bin/env bash
# Version: ppp 2.3.0 (crates.io), a parser of the PROXY protocol.
# Expected: of a valid header of version 1, whatever is cut off its end is "incomplete", since the rest may still come:
#   `PartialResult::is_incomplete` is documented as the way to decide whether to retry with more bytes.
# Seen: cut right behind the space before the destination's port, it is a final error (the empty text is no number), so a
#   receiver that follows the documentation closes a connection whose header was split there by the network.
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
ppp = "=2.3.0"
TOML
cat > src/main.rs <<'RUST'
use ppp::{HeaderResult, PartialResult};

fn main() {
    let header = b"PROXY TCP4 198.51.100.1 203.0.113.9 4711 443\r\n";
    assert!(matches!(HeaderResult::parse(header), HeaderResult::V1(Ok(_))), "it is valid");
    let last_space = header.iter().rposition(|&byte| byte == b' ').unwrap();
    let final_errors: Vec<usize> = (1..header.len())
        .filter(|&end| !HeaderResult::parse(&header[..end]).is_incomplete())
        .collect();
    println!("expected: no cut is final; seen: final when cut after {final_errors:?} bytes of {}", header.len());
    std::process::exit(i32::from(final_errors != [last_space + 1]));
}
RUST
cargo run --quiet
