#!/usr/bin/env bash
# socket2: a unix socket is bound to no path at all, and listens under a name that nobody knows.
#
# An empty path opens no file, and one would expect the same of a socket. But an address with nothing in it but its family asks
# the kernel to pick an abstract name of five digits (unix(7), "Autobind feature"). The standard library does the same.
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
    let name = bound.as_ref().map(SockAddr::as_abstract_namespace);
    println!("{:?}", name.map(|name| name.map(<[u8]>::len)));
}
RUST
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "socket2 0.6.5"
echo "expected: an error"
echo "seen:     $(cat seen)"
grep -qx 'Ok(Some(5))' seen
