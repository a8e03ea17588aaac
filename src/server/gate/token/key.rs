//! Keys that tokens are checked with, each for one algorithm, whatever a token says; and the files that they come in.

use std::ops::RangeInclusive;

use aws_lc_rs::rsa::PublicKey as RsaKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind, Validation, decode, errors::Result as TokenResult,
};
use thiserror::Error;

use super::{claims::Claims, jwks};
use crate::vocabulary::{
    config::{TOKEN_KEYS_MAX, TOKEN_SECRET_BYTES_MIN},
    name::quoted,
};

/// How keys begin that are written in a form that is not read here: of OpenSSH, in DER (Ed25519, P-256, P-384, RSA) or PEM
/// behind base64, and JWKs without a set.
const FORMS: [&[u8]; 9] = [
    b"ssh-",
    b"sk-",
    b"ecdsa-",
    b"MCow",
    b"MFkw",
    b"MHYw",
    b"MII",
    b"LS0tLS1CRUdJTi",
    b"[{",
];
/// Bytes of the moduli of RSA keys that are long enough to trust and short enough to bear.
const RSA_MODULUS_BYTES: RangeInclusive<usize> = 256..=1024;

/// A key, and the one algorithm that it is for.
pub(super) struct Key {
    /// Its name (`kid`), for tokens that say which key signed them.
    pub(super) id: Option<Box<str>>,
    pub(super) algorithm: Algorithm,
    material: DecodingKey,
    validation: Validation,
}

/// What a file holds that tokens cannot be checked with. The operator's to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// A private key, which is the issuer's alone.
    #[error("a private key; the server needs the public one (`openssl pkey -pubout`)")]
    Private,
    /// A key of another kind.
    #[error(
        "neither an Ed25519, P-256 or RSA public key in PEM, nor a JWK Set, nor a secret, which is a line of printable ASCII"
    )]
    Kind,
    /// Several keys where only the first would be read.
    #[error("more than one key in PEM; give each a file of its own")]
    Several,
    /// What has the form of a key and is none: not on its curve, or RSA that is too short or too long.
    #[error("a public key that is none (RSA has 2048 to 8192 bits, EC is on P-256)")]
    Unsound,
    /// A secret that can be guessed (RFC 7518, section 3.2).
    #[error(
        "a secret of fewer than {TOKEN_SECRET_BYTES_MIN} bytes, which can be guessed; make one with `openssl rand -hex 32`"
    )]
    Weak,
    /// No JWK Set (RFC 7517, section 5). What is there is not repeated, as it may be a secret.
    #[error("no JWK Set that can be read: see line {line}, column {column}")]
    Unreadable {
        /// Where it makes no sense, from 1.
        line: usize,
        /// The same.
        column: usize,
    },
    /// A JWK Set without keys.
    #[error("a JWK Set without keys")]
    Empty,
    /// More keys than tokens should be tried with.
    #[error("more keys than all files together may, {TOKEN_KEYS_MAX}")]
    TooMany,
    /// Two keys of one name.
    #[error("a second key of the name (kid) {}", quoted(.0))]
    SameId(String),
    /// A key that is not for signatures.
    #[error("not for checking signatures: its `use` is not `sig`, or its `key_ops` lack `verify`")]
    Use,
    /// A key for an algorithm that is not its own, or that is not read here.
    #[error(
        "for none of EdDSA (OKP, Ed25519), ES256 (EC, P-256), RS256 (RSA) and HS256 (oct), or by its `alg` for another one than its own"
    )]
    Algorithm,
    /// A key of a set.
    #[error("a JWK Set of which {name} is {cause}")]
    InSet {
        /// Which of them.
        name: String,
        /// What it is.
        cause: Box<KeyError>,
    },
}

/// What a file with a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyText<'a> {
    /// A public key in PEM.
    Public(&'a [u8]),
    /// A private key in PEM.
    Private(&'a [u8]),
    /// Several keys in PEM.
    Several,
    /// A JSON object, which may be a JWK Set.
    Set(&'a [u8]),
    /// A secret, long enough to be one: a line of printable ASCII.
    Secret(&'a [u8]),
    /// Something else, such as a key in another form, which whoever knows it could sign with if it were taken for a secret.
    Other,
    /// A secret that is too short.
    Weak,
}

impl<'a> KeyText<'a> {
    /// Looks at the text of a file.
    pub fn of(text: &'a [u8]) -> Self {
        let count = |label: &[u8]| text.windows(label.len()).filter(|at| *at == label).count();
        if count(b"PRIVATE KEY-----") > 0 {
            return Self::Private(text);
        }
        match count(b"-----BEGIN ") {
            0 => {}
            1 => return Self::Public(text),
            _ => return Self::Several,
        }
        let secret = text.trim_ascii();
        let is_line = secret.iter().all(|byte| (b' '..=b'~').contains(byte));
        let is_known = FORMS.iter().any(|form| secret.starts_with(form));
        match secret {
            [b'{', ..] => Self::Set(secret),
            _ if !is_line || is_known => Self::Other,
            secret if secret.len() < TOKEN_SECRET_BYTES_MIN => Self::Weak,
            secret => Self::Secret(secret),
        }
    }
}

impl Key {
    /// A key for an algorithm.
    ///
    /// # Errors
    /// It is none that anything should be checked with. Else that would come to light only as tokens that nobody signed.
    pub(super) fn new(
        id: Option<String>,
        algorithm: Algorithm,
        key: DecodingKey,
    ) -> Result<Self, KeyError> {
        if !is_sound(algorithm, &key) {
            return Err(match algorithm {
                Algorithm::HS256 => KeyError::Weak,
                _ => KeyError::Unsound,
            });
        }
        let mut validation = Validation::new(algorithm);
        // What a token says is for `Claims` to judge: the library lets pass what is not there, and time comes in as an
        // argument.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Ok(Self {
            id: id.map(String::into_boxed_str),
            algorithm,
            material: key,
            validation,
        })
    }

    /// All keys of a file.
    ///
    /// # Errors
    /// What is there instead.
    pub(super) fn read_all(text: &[u8]) -> Result<Vec<Self>, KeyError> {
        let key = match KeyText::of(text) {
            KeyText::Set(json) => return jwks::read(json),
            KeyText::Public(pem) => of_pem(pem),
            KeyText::Secret(secret) => DecodingKey::from_secret(secret)
                .map_err(|_| KeyError::Weak)
                .and_then(|key| Self::new(None, Algorithm::HS256, key)),
            KeyText::Private(_) => Err(KeyError::Private),
            KeyText::Several => Err(KeyError::Several),
            KeyText::Other => Err(KeyError::Kind),
            KeyText::Weak => Err(KeyError::Weak),
        };
        key.map(|key| vec![key])
    }

    /// What a token says that was signed with this key.
    ///
    /// # Errors
    /// It was not, or it cannot be read.
    pub(super) fn verify(&self, token: &str) -> TokenResult<Claims> {
        decode(token, &self.material, &self.validation).map(|token| token.claims)
    }
}

fn of_pem(pem: &[u8]) -> Result<Key, KeyError> {
    let (algorithm, key) = DecodingKey::from_ed_pem(pem)
        .map(|key| (Algorithm::EdDSA, key))
        .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
        .or_else(|_| DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key)))
        .map_err(|_| KeyError::Kind)?;
    Key::new(None, algorithm, key)
}

/// Whether a key is one of those that its algorithm takes.
fn is_sound(algorithm: Algorithm, key: &DecodingKey) -> bool {
    match (algorithm, key.kind()) {
        (Algorithm::HS256, DecodingKeyKind::SecretOrDer(secret)) => {
            secret.len() >= TOKEN_SECRET_BYTES_MIN
        }
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => {
            ParsedPublicKey::new(&ED25519, point).is_ok()
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok()
        }
        (Algorithm::RS256, DecodingKeyKind::SecretOrDer(der)) => {
            RsaKey::from_der(der).is_ok_and(|key| RSA_MODULUS_BYTES.contains(&key.modulus_len()))
        }
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            let key = RsaPublicKeyComponents { n, e };
            RSA_MODULUS_BYTES.contains(&n.len())
                && key
                    .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
                    .is_ok()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use rcgen::{
        KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PublicKeyData,
    };

    use super::*;

    /// On secp256k1, whose points have as many bytes as those of P-256.
    const FOREIGN_CURVE: &str = "-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE6EeaqcIjOY/nY7VuU5RKMe1bJiUU7OLd
Lq6cdbkn9r33iq2KwM+kq1VMQPlO/saqXkE/VjO6rXdVh2MIhR8wVA==
-----END PUBLIC KEY-----
";
    /// Of 1024 bits.
    const SHORT_RSA: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDNMAzXAq7XpVW923XhfJsDiBI/
RVsmWbCxM0hUh350VH2pulwgYPMSwsE30UyBB87Nqq0Hx1EkIUajnn4BBNVlD954
Wcl4Y/CIz2vUekbxtV7RFiZEVLFU7kF/hRzd37M8w8lnCdGQswx/GnXaCCtzm9Bt
Ima0I8aaYPqs8CGoMQIDAQAB
-----END PUBLIC KEY-----
";

    fn fault(text: &str) -> KeyError {
        let keys = Key::read_all(text.as_bytes());
        keys.err().unwrap_or_else(|| panic!("taken: {text}"))
    }

    #[test]
    fn a_key_that_is_of_no_use_says_why() {
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        assert_eq!(fault(&pair.serialize_pem()), KeyError::Private);
        assert_eq!(fault(&pair.public_key_pem().repeat(2)), KeyError::Several);
        let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        for unsound in [&p384.public_key_pem(), FOREIGN_CURVE, SHORT_RSA] {
            assert_eq!(fault(unsound), KeyError::Unsound, "{unsound}");
        }
        for other in [
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada",
            "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA ada",
            r#"[{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]"#,
            "thirty-two bytes and more on\ntwo lines",
            "thirty-two bytes and one that is \u{7f}",
            "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n",
        ] {
            assert_eq!(fault(other), KeyError::Kind, "{other}");
        }
        for curve in [
            &PKCS_ED25519,
            &PKCS_ECDSA_P256_SHA256,
            &PKCS_ECDSA_P384_SHA384,
        ] {
            let pair = KeyPair::generate_for(curve).unwrap();
            let der = BASE64_STANDARD.encode(pair.subject_public_key_info());
            let pem = BASE64_STANDARD.encode(pair.public_key_pem());
            for public in [der, pem] {
                assert_eq!(fault(&public), KeyError::Kind, "{public}");
            }
        }
        assert_eq!(fault(""), KeyError::Weak);
        assert_eq!(fault("short\n"), KeyError::Weak);
        assert_eq!(fault(&format!("{}\n", "x".repeat(31))), KeyError::Weak);
    }
}
