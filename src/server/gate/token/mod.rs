//! Tokens: JSON Web Tokens (RFC 7519) that an issuer has signed, and what they say of those who bring them.

mod claims;
mod jwks;
mod key;

use std::fmt;
use std::time::Duration;

use jsonwebtoken::{
    Header, decode_header,
    errors::{Error, ErrorKind},
};

pub use self::key::{KeyError, KeyText};
use self::{claims::Expected, key::Key};
use crate::server::http::HttpError;
use crate::vocabulary::{config::TOKEN_KEYS_MAX, pass::Pass};

/// The keys that tokens are checked with, and what else they must say.
pub struct Keyring {
    keys: Vec<Key>,
    expected: Expected,
}

impl Keyring {
    /// The keys of a file: one in PEM, Ed25519 (`EdDSA`), P-256 (`ES256`) or RSA (`RS256`), or a secret (`HS256`), or those
    /// of a JWK Set. Where an audience or an issuer is named, tokens must be for it or from it.
    ///
    /// # Errors
    /// What the file holds instead.
    pub fn new(
        text: &[u8],
        audience: Option<&str>,
        issuer: Option<&str>,
    ) -> Result<Self, KeyError> {
        let mut keyring = Self {
            keys: Vec::new(),
            expected: Expected {
                audience: audience.map(str::to_owned),
                issuer: issuer.map(str::to_owned),
            },
        };
        keyring.add(text)?;
        Ok(keyring)
    }

    /// Adds the keys of another file.
    ///
    /// # Errors
    /// What it holds instead, or that it is too much beside the others.
    pub fn add(&mut self, text: &[u8]) -> Result<(), KeyError> {
        for key in Key::read_all(text)? {
            if self.keys.len() == TOKEN_KEYS_MAX {
                return Err(KeyError::TooMany);
            }
            if let Some(id) = &key.id
                && self.named(id).is_some()
            {
                return Err(KeyError::SameId(id.to_string()));
            }
            self.keys.push(key);
        }
        Ok(())
    }

    /// What a token says, and until when it is good, since the Unix epoch. Adds to `tried` the keys that were tried on it,
    /// each of which is work.
    ///
    /// # Errors
    /// 401, with what is wrong with it: its bearer's to mend, or its issuer's. Nothing of the token is repeated.
    pub fn read(
        &self,
        token: &str,
        unix_ms: u64,
        tried: &mut usize,
    ) -> Result<(Pass, Duration), HttpError> {
        let header = decode_header(token).map_err(|error| refusal(&error))?;
        for key in self.candidates(&header)? {
            *tried += 1;
            match key.verify(token) {
                Ok(claims) => return claims.judge(&self.expected, Duration::from_millis(unix_ms)),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(error) => return Err(refusal(&error)),
            }
        }
        Err(refusal(&ErrorKind::InvalidSignature.into()))
    }

    /// The keys that may have signed a token: the one that it names, or those without a name, or all where it names none.
    /// What it is signed with is not for it to say: each must be for the algorithm that it claims.
    fn candidates(&self, header: &Header) -> Result<Vec<&Key>, HttpError> {
        let named = header.kid.as_deref().map(|id| (id, self.named(id)));
        let mut keys: Vec<_> = match named {
            None => self.keys.iter().collect(),
            Some((_, Some(key))) => vec![key],
            Some((_, None)) => self.keys.iter().filter(|key| key.id.is_none()).collect(),
        };
        if keys.is_empty() {
            let message = "the token names a key (kid) that this server does not have";
            return Err(HttpError::token("token-key", message));
        }
        keys.retain(|key| key.algorithm == header.alg);
        if keys.is_empty() {
            return Err(refusal(&ErrorKind::InvalidAlgorithm.into()));
        }
        Ok(keys)
    }

    fn named(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id.as_deref() == Some(id))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.keys.iter().map(|key| key.algorithm).collect();
        f.debug_struct("Keyring")
            .field("algorithms", &algorithms)
            .finish_non_exhaustive()
    }
}

fn refusal(error: &Error) -> HttpError {
    let (code, message) = match error.kind() {
        ErrorKind::InvalidSignature => (
            "token-signature",
            "the token was not signed with a key of this server",
        ),
        ErrorKind::InvalidAlgorithm => (
            "token-signature",
            "the token is signed by another algorithm than the keys of this server are for",
        ),
        _ => ("token-invalid", "not a token that can be read"),
    };
    HttpError::token(code, message)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, encode, jwk::Jwk};
    use rcgen::{
        KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm,
    };
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of thirty-two bytes or so";
    const NOW_SECONDS: u64 = 1_800_000_000;

    /// A key pair, and the algorithm that it is for.
    struct Pair {
        algorithm: Algorithm,
        public_pem: String,
        private: EncodingKey,
    }

    impl Pair {
        fn new(kind: &'static SignatureAlgorithm, algorithm: Algorithm) -> Self {
            let pair = KeyPair::generate_for(kind).unwrap();
            let pem = pair.serialize_pem();
            let private = match algorithm {
                Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
                Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
                _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
            };
            Self {
                algorithm,
                public_pem: pair.public_key_pem(),
                private: private.unwrap(),
            }
        }

        fn ed25519() -> Self {
            Self::new(&PKCS_ED25519, Algorithm::EdDSA)
        }

        fn p256() -> Self {
            Self::new(&PKCS_ECDSA_P256_SHA256, Algorithm::ES256)
        }

        /// A token of it, that says which key it is of, if it does.
        fn token(&self, id: Option<&str>) -> String {
            let header = Header {
                kid: id.map(str::to_owned),
                ..Header::new(self.algorithm)
            };
            encode(&header, &good(), &self.private).unwrap()
        }

        /// Its public half in a set, with a name.
        fn jwk(&self, id: Option<&str>) -> Value {
            let pem = self.public_pem.as_bytes();
            let public = match self.algorithm {
                Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
                Algorithm::ES256 => DecodingKey::from_ec_pem(pem),
                _ => DecodingKey::from_rsa_pem(pem),
            };
            let jwk = Jwk::from_decoding_key(&public.unwrap(), None).unwrap();
            let mut jwk = serde_json::to_value(jwk).unwrap();
            if let Some(id) = id {
                jwk["kid"] = id.into();
            }
            jwk
        }
    }

    fn good() -> Value {
        json!({ "exp": NOW_SECONDS + 60 })
    }

    fn secret_token(header: &Header, secret: &[u8], claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_secret(secret).unwrap()).unwrap()
    }

    fn keyring(text: &str) -> Keyring {
        Keyring::new(text.as_bytes(), None, None).unwrap()
    }

    fn secret() -> Keyring {
        Keyring::new(SECRET, None, None).unwrap()
    }

    fn set(keys: &[Value]) -> String {
        json!({ "keys": keys }).to_string()
    }

    /// What is wrong with a token, for programs; nothing if it is good.
    fn fault(keyring: &Keyring, token: &str) -> &'static str {
        tried(keyring, token).0
    }

    /// The same, and how many keys were tried on it.
    fn tried(keyring: &Keyring, token: &str) -> (&'static str, usize) {
        let mut tried = 0;
        let read = keyring.read(token, NOW_SECONDS * 1000, &mut tried);
        let code = read.err().map_or("", |error| {
            assert_eq!(error.status.as_u16(), 401);
            let is_told = token.len() > 10 && error.message.contains(token);
            assert!(!is_told, "{}", error.message);
            error.code
        });
        (code, tried)
    }

    #[test]
    fn what_was_not_signed_with_the_key_is_refused() {
        let keyring = secret();
        let signed = |claims: &Value| secret_token(&Header::default(), SECRET, claims);
        assert_eq!(fault(&keyring, &signed(&good())), "");
        let other = b"another secret of thirty-two bytes";
        let wrong_key = secret_token(&Header::default(), other, &good());
        assert_eq!(fault(&keyring, &wrong_key), "token-signature");

        let token = signed(&json!({"exp": NOW_SECONDS + 60, "sub": "ada"}));
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = head.split_once('.').unwrap();
        let forged = signed(&json!({"exp": NOW_SECONDS + 60, "sub": "bob"}));
        let payload = forged.split('.').nth(1).unwrap();
        let tampered = format!("{header}.{payload}.{signature}");
        assert_eq!(fault(&keyring, &tampered), "token-signature");

        // {"alg":"none"}
        let none = format!("eyJhbGciOiJub25lIn0.{payload}.");
        assert_eq!(fault(&keyring, &none), "token-invalid");
        let longer = secret_token(&Header::new(Algorithm::HS512), SECRET, &good());
        assert_eq!(tried(&keyring, &longer), ("token-signature", 0));
        for nonsense in ["", ".", "a.b.c", "..", &"x".repeat(5000)] {
            assert_eq!(tried(&keyring, nonsense), ("token-invalid", 0));
        }
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_refused() {
        let header = Header {
            crit: Some(vec!["exp".to_owned()]),
            ..Header::default()
        };
        let token = secret_token(&header, SECRET, &good());
        assert_eq!(fault(&secret(), &token), "token-invalid");
    }

    #[test]
    fn claims_of_another_type_are_refused_and_so_are_no_claims() {
        for claims in [
            json!([]),
            json!("claims"),
            json!({}),
            json!({"exp": NOW_SECONDS.to_string()}),
            json!({"exp": NOW_SECONDS + 60, "aud": 7}),
        ] {
            let token = secret_token(&Header::default(), SECRET, &claims);
            assert_eq!(fault(&secret(), &token), "token-invalid", "{claims}");
        }
    }

    #[test]
    fn a_key_checks_what_its_private_half_signed_and_nothing_else() {
        let pairs = [
            Pair::ed25519(),
            Pair::p256(),
            Pair::new(&PKCS_RSA_SHA256, Algorithm::RS256),
        ];
        for pair in &pairs {
            for text in [pair.public_pem.clone(), set(&[pair.jwk(None)])] {
                let keyring = keyring(&text);
                for other in &pairs {
                    let is_own = other.algorithm == pair.algorithm;
                    let code = if is_own { "" } else { "token-signature" };
                    assert_eq!(fault(&keyring, &other.token(None)), code);
                    // A token that names a key may be of one that has no name.
                    assert_eq!(fault(&keyring, &other.token(Some("a"))), code);
                }
                // Whoever knows a public key could sign with it if it were taken for a secret.
                let confused = secret_token(&Header::default(), text.as_bytes(), &good());
                assert_eq!(tried(&keyring, &confused), ("token-signature", 0));
            }
        }
    }

    #[test]
    fn a_token_that_names_its_key_is_checked_with_that_one_alone() {
        let (a, b) = (Pair::ed25519(), Pair::ed25519());
        let keyring = keyring(&set(&[a.jwk(Some("a")), b.jwk(Some("b"))]));
        assert_eq!(tried(&keyring, &a.token(Some("a"))), ("", 1));
        assert_eq!(tried(&keyring, &b.token(Some("b"))), ("", 1));
        assert_eq!(tried(&keyring, &b.token(Some("a"))), ("token-signature", 1));
        assert_eq!(tried(&keyring, &b.token(Some("c"))), ("token-key", 0));
        assert_eq!(tried(&keyring, &b.token(Some(""))), ("token-key", 0));
        let of_other_algorithm = Pair::p256().token(Some("a"));
        assert_eq!(tried(&keyring, &of_other_algorithm), ("token-signature", 0));
    }

    #[test]
    fn one_that_names_none_is_tried_with_all_of_its_algorithm() {
        let (a, b, c) = (Pair::ed25519(), Pair::p256(), Pair::ed25519());
        let mut keyring = keyring(&set(&[a.jwk(Some("a")), b.jwk(Some("b"))]));
        assert_eq!(tried(&keyring, &c.token(None)), ("token-signature", 1));
        keyring.add(c.public_pem.as_bytes()).unwrap();
        keyring.add(SECRET).unwrap();
        assert_eq!(tried(&keyring, &a.token(None)), ("", 1));
        assert_eq!(tried(&keyring, &b.token(None)), ("", 1));
        assert_eq!(tried(&keyring, &c.token(None)), ("", 2));
        // It names one that is not there, and may still be of one without a name.
        assert_eq!(tried(&keyring, &c.token(Some("c"))), ("", 1));
        assert_eq!(tried(&keyring, &c.token(Some("a"))), ("token-signature", 1));
    }

    #[test]
    fn no_two_keys_have_one_name_and_all_are_within_a_bound() {
        let pair = Pair::ed25519();
        let named = |ids: std::ops::Range<usize>| {
            let keys = ids.map(|id| pair.jwk(Some(&id.to_string())));
            set(&keys.collect::<Vec<_>>())
        };
        let mut full = keyring(&named(0..TOKEN_KEYS_MAX));
        let too_many = named(TOKEN_KEYS_MAX..TOKEN_KEYS_MAX + 1);
        assert_eq!(full.add(too_many.as_bytes()), Err(KeyError::TooMany));
        let mut one = keyring(&named(1..2));
        let same = KeyError::SameId("1".to_owned());
        assert_eq!(one.add(named(0..2).as_bytes()), Err(same.clone()));
        let twice = set(&[pair.jwk(Some("1")), pair.jwk(Some("1"))]);
        let refused = Keyring::new(twice.as_bytes(), None, None).unwrap_err();
        assert_eq!(refused, same);
    }
}
