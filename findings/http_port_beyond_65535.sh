#!/usr/bin/env bash
# http: a URI whose port is beyond 65535 is taken, and then has no port.
#
# To have none is what a URI without a port says. Whoever then takes the default of the scheme connects elsewhere than was
# written, and nobody is told of the mistake.
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
http = { version = "=1.5.0", default-features = false, features = ["std"] }
TOML
cat > src/main.rs <<'RUST'
use http::Uri;

fn main() {
    for text in ["http://example.com:8080/", "http://example.com:65536/"] {
        let port = text.parse::<Uri>().map(|uri| uri.port_u16());
        println!("{text} {port:?}");
    }
}
RUST
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "http 1.5.0"
echo "expected: Ok(Some(8080)), and an error of parse"
echo "seen:"
cat seen
diff seen - <<'SEEN'
http://example.com:8080/ Ok(Some(8080))
http://example.com:65536/ Ok(None)
SEEN
