#!/usr/bin/env bash
# jsonwebtoken: no JWK can be made of an Ed25519 key that has its public half beside it, though it signs.
#
# Such a key is PKCS #8 in version 2 (RFC 5958); it is what ring and rcgen write. `Jwk::from_encoding_key` takes an Ed25519 key to
# be 48 bytes long, as version 1 is.
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
jsonwebtoken = { version = "=12.0.0", default-features = false, features = ["rust_crypto", "use_pem"] }
rcgen = { version = "=0.14.10", default-features = false, features = ["pem", "ring"] }
serde_json = "=1.0.154"
TOML
cat > src/main.rs <<'RUST'
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, jwk::Jwk};
use rcgen::{KeyPair, PKCS_ED25519};
use serde_json::{Value, json};

fn main() {
    let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let private = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).unwrap();
    let public = DecodingKey::from_ed_pem(pair.public_key_pem().as_bytes()).unwrap();
    let claims = json!({"exp": 4_000_000_000u64});
    let token = encode(&Header::new(Algorithm::EdDSA), &claims, &private).unwrap();
    let read = decode::<Value>(&token, &public, &Validation::new(Algorithm::EdDSA));
    println!("a token of it is read: {}", read.is_ok());
    let of_public = Jwk::from_decoding_key(&public, None);
    println!("a JWK of its public half: {:?}", of_public.map(|_| ()));
    let of_private = Jwk::from_encoding_key(&private, Algorithm::EdDSA);
    println!("a JWK of both halves: {:?}", of_private.map(|_| ()));
}
RUST
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "jsonwebtoken 12.0.0, rcgen 0.14.10"
echo "expected: the token is read, and both JWKs are the same, Ok"
echo "seen:"
cat seen
diff seen - <<'SEEN'
a token of it is read: true
a JWK of its public half: Ok(())
a JWK of both halves: Err(Error(InvalidEddsaKey))
SEEN
