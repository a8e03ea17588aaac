#!/usr/bin/env bash
# Version: socket2 0.6.5 (crates.io), on Linux; the standard library does the same.
# Expected: to bind a unix socket to an empty path is an error, as it is to open an empty path.
# Seen: it succeeds. The address has a length of nothing but its family, so the kernel picks an abstract name of five digits
#   (unix(7), "Autobind feature"): the server listens, and nobody knows where.
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
socket2 = { version = "=0.6.5", features = ["all"] }
TOML
cat > src/main.rs <<'RUST'
use socket2::{Domain, SockAddr, Socket, Type};

fn main() {
    let bound = SockAddr::unix("").and_then(|address| {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&address)?;
        socket.listen(1)?;
        socket.local_addr()
    });
    let name = bound.as_ref().ok().and_then(SockAddr::as_abstract_namespace);
    println!("expected: an error; seen: {:?}", name.map(|name| String::from_utf8_lossy(name).into_owned()));
    std::process::exit(i32::from(name.map_or(0, <[u8]>::len) != 5));
}
RUST
cargo run --quiet
