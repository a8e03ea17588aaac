//! Tokens made for development, of a key that is one's own (RFC 7519).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, errors};
use serde::Serialize;
use thiserror::Error;

use crate::{
    server::gate::token::KeyText,
    vocabulary::{
        config::TOKEN_SECRET_BYTES_MIN,
        id::CONNECTION,
        name::{is_name, name_rule},
    },
};

/// What a token is to say.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The file with the key to sign with: a private key in PEM, or a secret.
    pub key: PathBuf,
    /// The name of the key, for a server that has several.
    pub key_id: Option<String>,
    /// How long it is good.
    pub lifetime: Duration,
    /// The client's id for others.
    pub sub: Option<String>,
    /// The client's name for others.
    pub name: Option<String>,
    /// Patterns of channels that it may join.
    pub channels: Option<Vec<String>>,
    /// Patterns of channels that it may send to.
    pub publish: Option<Vec<String>>,
    /// What it allows at the door for programs.
    pub api: Option<Vec<String>>,
    /// For whom.
    pub audience: Option<String>,
    /// From whom.
    pub issuer: Option<String>,
}

/// Why there is no token. The user's to mend.
#[derive(Debug, Error)]
pub enum MintError {
    /// The key cannot be read.
    #[error("cannot read {} (--token-key): {cause}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A public key, which cannot sign.
    #[error("{} (--token-key) holds a public key; tokens are signed with the private one", .0.display())]
    Public(PathBuf),
    /// A key of another kind.
    #[error("{} (--token-key) holds neither an Ed25519, P-256 or RSA private key in PEM (PKCS #8: `openssl pkcs8 -topk8 -nocrypt`) nor a secret, which is a line of printable ASCII", .0.display())]
    Kind(PathBuf),
    /// A secret that can be guessed.
    #[error(
        "{} (--token-key) holds a secret of fewer than {TOKEN_SECRET_BYTES_MIN} bytes; make one with `openssl rand -hex 32`",
        .0.display()
    )]
    Weak(PathBuf),
    /// A claim that no server would take.
    #[error("{flag} must have {}", name_rule())]
    Name {
        /// The flag.
        flag: &'static str,
    },
    /// The id of a connection, which no server would take for a person's.
    #[error("--sub must not begin with {CONNECTION:?}, as nobody's id does")]
    Connection,
    /// The key cannot sign.
    #[error("cannot sign with {} (--token-key): {cause}", path.display())]
    Unsigned {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        cause: errors::Error,
    },
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publish: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
}

/// Makes a token that is good from `unix_ms` on.
///
/// # Errors
/// The key is of no use, or a claim is none that a server takes.
pub fn mint(wish: &Wish, unix_ms: u64) -> Result<String, MintError> {
    for (flag, text) in [("--sub", &wish.sub), ("--name", &wish.name)] {
        if text.as_ref().is_some_and(|text| !is_name(text)) {
            return Err(MintError::Name { flag });
        }
    }
    if wish
        .sub
        .as_ref()
        .is_some_and(|sub| sub.starts_with(CONNECTION))
    {
        return Err(MintError::Connection);
    }
    let path = wish.key.clone();
    let text = fs::read(&path).map_err(|cause| MintError::Unreadable {
        path: path.clone(),
        cause,
    })?;
    let (algorithm, key) = signing_key(&text, &path)?;
    let iat = unix_ms / 1000;
    let claims = Claims {
        iat,
        exp: iat.saturating_add(wish.lifetime.as_secs().max(1)),
        sub: wish.sub.as_deref(),
        name: wish.name.as_deref(),
        channels: wish.channels.as_deref(),
        publish: wish.publish.as_deref(),
        api: wish.api.as_deref(),
        aud: wish.audience.as_deref(),
        iss: wish.issuer.as_deref(),
    };
    let header = Header {
        kid: wish.key_id.clone(),
        ..Header::new(algorithm)
    };
    encode(&header, &claims, &key).map_err(|cause| MintError::Unsigned { path, cause })
}

fn signing_key(text: &[u8], path: &Path) -> Result<(Algorithm, EncodingKey), MintError> {
    match KeyText::of(text) {
        KeyText::Public(_) => Err(MintError::Public(path.to_owned())),
        KeyText::Private(pem) => {
            let p256 = || EncodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key));
            let rsa = || EncodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key));
            EncodingKey::from_ed_pem(pem)
                .map(|key| (Algorithm::EdDSA, key))
                .or_else(|_| p256())
                .or_else(|_| rsa())
                .map_err(|_| MintError::Kind(path.to_owned()))
        }
        KeyText::Secret(secret) => EncodingKey::from_secret(secret)
            .map(|key| (Algorithm::HS256, key))
            .map_err(|_| MintError::Weak(path.to_owned())),
        KeyText::Several | KeyText::Set(_) | KeyText::Other => {
            Err(MintError::Kind(path.to_owned()))
        }
        KeyText::Weak => Err(MintError::Weak(path.to_owned())),
    }
}
