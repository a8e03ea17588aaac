//! Tokens: JSON Web Tokens (RFC 7519) that an issuer has signed, and what they say of those who bring them.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode,
    errors::{Error, ErrorKind},
};
use serde::Deserialize;
use thiserror::Error as ThisError;

use crate::server::http::HttpError;
use crate::vocabulary::{
    config::{TOKEN_LEEWAY, TOKEN_SECRET_BYTES_MIN},
    name::{is_name, name_rule},
    pass::{Pass, Patterns, Rights},
};

/// How keys begin that are written in a form that is not read here.
const FORMS: [&[u8]; 5] = [b"{", b"ssh-", b"ecdsa-", b"MII", b"MCow"];

/// The key that tokens are checked with, and what else they must say.
pub struct Keyring {
    key: DecodingKey,
    validation: Validation,
}

/// A key that tokens cannot be checked with. The operator's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum KeyError {
    /// A private key, which is the issuer's alone.
    #[error("a private key; the server needs the public one (`openssl pkey -pubout`)")]
    Private,
    /// A key of another kind.
    #[error(
        "neither an Ed25519 or RSA public key in PEM nor a secret, which is a line of printable ASCII"
    )]
    Kind,
    /// A secret that can be guessed (RFC 7518, section 3.2).
    #[error(
        "a secret of fewer than {TOKEN_SECRET_BYTES_MIN} bytes, which can be guessed; make one with `openssl rand -hex 32`"
    )]
    Weak,
}

/// What a file with a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyText<'a> {
    /// A public key in PEM.
    Public(&'a [u8]),
    /// A private key in PEM.
    Private(&'a [u8]),
    /// A secret, long enough to be one: a line of printable ASCII.
    Secret(&'a [u8]),
    /// Something else, such as a key in another form, which whoever knows it could sign with if it were taken for a secret.
    Other,
    /// A secret that is too short.
    Weak,
}

/// What is read of a token.
#[derive(Debug, Deserialize)]
struct Claims {
    exp: f64,
    nbf: Option<f64>,
    sub: Option<String>,
    name: Option<String>,
    channels: Option<Vec<String>>,
    publish: Option<Vec<String>>,
}

impl Keyring {
    /// A key in PEM, Ed25519 (`EdDSA`) or RSA (`RS256`), or else a secret (`HS256`); where an audience or an issuer is
    /// named, tokens must be for it or from it.
    ///
    /// # Errors
    /// What the key is instead.
    pub fn new(key: &[u8], audience: Option<&str>, issuer: Option<&str>) -> Result<Self, KeyError> {
        let (algorithm, key) = key_of(key)?;
        let mut validation = Validation::new(algorithm);
        // Time comes in as an argument.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = audience.is_some();
        let mut required = vec!["exp"];
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        Ok(Self { key, validation })
    }

    /// What a token says, and until when it is good, since the Unix epoch.
    ///
    /// # Errors
    /// 401, with what is wrong with it: its bearer's to mend, or its issuer's. Nothing of the token is repeated.
    pub fn read(&self, token: &str, unix_ms: u64) -> Result<(Pass, Duration), HttpError> {
        let token = decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|error| refusal(&error))?;
        // Extensions that must be understood (RFC 7515, section 4.1.11); none are here.
        if token.header.crit.is_some() {
            let message = "the token has a critical extension";
            return Err(HttpError::token("token-invalid", message));
        }
        let claims = token.claims;
        let now = Duration::from_millis(unix_ms);
        let expires_at = moment(claims.exp);
        if now >= expires_at {
            return Err(HttpError::token("token-expired", "the token has expired"));
        }
        if claims
            .nbf
            .is_some_and(|nbf| moment(nbf) > now + TOKEN_LEEWAY)
        {
            return Err(HttpError::token(
                "token-not-yet-valid",
                "the token is not valid yet",
            ));
        }
        for (claim, text) in [("sub", &claims.sub), ("name", &claims.name)] {
            if text.as_ref().is_some_and(|text| !is_name(text)) {
                let message = format!("the token's {claim:?} must have {}", name_rule());
                return Err(HttpError::token("token-invalid", message));
            }
        }
        let patterns = |names: &Option<Vec<String>>| match names {
            Some(names) => Patterns::only(names.iter().map(String::as_str)),
            None => Patterns::default(),
        };
        let pass = Pass {
            id: claims.sub.map(String::into_boxed_str),
            name: claims.name.map(String::into_boxed_str),
            rights: Rights::new(patterns(&claims.channels), patterns(&claims.publish)),
        };
        Ok((pass, expires_at))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("algorithms", &self.validation.algorithms)
            .finish_non_exhaustive()
    }
}

impl<'a> KeyText<'a> {
    /// Looks at the text of a file.
    pub fn of(text: &'a [u8]) -> Self {
        let contains = |label: &[u8]| text.windows(label.len()).any(|window| window == label);
        if contains(b"PRIVATE KEY-----") {
            return Self::Private(text);
        }
        if contains(b"-----BEGIN ") {
            return Self::Public(text);
        }
        let secret = text.trim_ascii();
        let is_line = secret.iter().all(|byte| (b' '..=b'~').contains(byte));
        let is_known = FORMS.iter().any(|form| secret.starts_with(form));
        match secret {
            _ if !is_line || is_known => Self::Other,
            secret if secret.len() < TOKEN_SECRET_BYTES_MIN => Self::Weak,
            secret => Self::Secret(secret),
        }
    }
}

fn key_of(text: &[u8]) -> Result<(Algorithm, DecodingKey), KeyError> {
    match KeyText::of(text) {
        KeyText::Private(_) => Err(KeyError::Private),
        KeyText::Public(pem) => {
            let ed25519 = DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key));
            let rsa = || DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key));
            ed25519.or_else(|_| rsa()).map_err(|_| KeyError::Kind)
        }
        KeyText::Secret(secret) => Ok((Algorithm::HS256, DecodingKey::from_secret(secret))),
        KeyText::Other => Err(KeyError::Kind),
        KeyText::Weak => Err(KeyError::Weak),
    }
}

/// A time in seconds since the Unix epoch; what is before or beyond all times is the first or the last.
fn moment(seconds: f64) -> Duration {
    let last = if seconds > 0.0 {
        Duration::MAX
    } else {
        Duration::ZERO
    };
    Duration::try_from_secs_f64(seconds).unwrap_or(last)
}

fn refusal(error: &Error) -> HttpError {
    let (code, message) = match error.kind() {
        ErrorKind::InvalidSignature => (
            "token-signature",
            "the token was not signed with the key of this server",
        ),
        ErrorKind::InvalidAlgorithm => (
            "token-signature",
            "the token is signed by another algorithm than this server's",
        ),
        ErrorKind::InvalidAudience => ("token-audience", "the token is not for this server"),
        ErrorKind::InvalidIssuer => (
            "token-issuer",
            "the token is not from the issuer of this server",
        ),
        ErrorKind::MissingRequiredClaim(claim) => {
            let message = format!("the token lacks {claim:?}");
            return HttpError::token("token-invalid", message);
        }
        _ => ("token-invalid", "not a token that can be read"),
    };
    HttpError::token(code, message)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of thirty-two bytes or so";
    const NOW_SECONDS: u64 = 1_800_000_000;

    fn secret(audience: Option<&str>, issuer: Option<&str>) -> Keyring {
        Keyring::new(SECRET, audience, issuer).unwrap()
    }

    fn signed(claims: &Value) -> String {
        signed_by(
            &Header::default(),
            &EncodingKey::from_secret(SECRET),
            claims,
        )
    }

    fn signed_by(header: &Header, key: &EncodingKey, claims: &Value) -> String {
        encode(header, claims, key).unwrap()
    }

    /// What is wrong with a token, for programs.
    fn refused(keyring: &Keyring, token: &str) -> &'static str {
        let error = keyring.read(token, NOW_SECONDS * 1000).unwrap_err();
        assert_eq!(error.status.as_u16(), 401);
        let is_told = token.len() > 10 && error.message.contains(token);
        assert!(!is_told, "{}", error.message);
        error.code
    }

    fn good() -> Value {
        json!({ "exp": NOW_SECONDS + 60 })
    }

    fn with(claim: &str, value: impl Into<Value>) -> Value {
        let mut claims = good();
        claims[claim] = value.into();
        claims
    }

    #[test]
    fn a_token_says_who_someone_is_what_they_may_do_and_for_how_long() {
        let claims = json!({
            "exp": NOW_SECONDS + 60, "nbf": NOW_SECONDS, "sub": "ada-1", "name": "Ada",
            "channels": ["tea", "room-*"], "publish": ["tea"], "more": {"of": "this"},
        });
        let (pass, expires_at) = secret(None, None)
            .read(&signed(&claims), NOW_SECONDS * 1000 + 500)
            .unwrap();
        assert_eq!(expires_at, Duration::from_secs(NOW_SECONDS + 60));
        assert_eq!(pass.id.as_deref(), Some("ada-1"));
        assert_eq!(pass.name.as_deref(), Some("Ada"));
        assert!(pass.rights.may_publish("tea") && pass.rights.may_join("room-1"));
        assert!(!pass.rights.may_publish("room-1") && !pass.rights.may_join("cake"));
    }

    #[test]
    fn a_token_that_says_nothing_allows_everything_until_it_expires() {
        let (pass, _) = secret(None, None)
            .read(&signed(&good()), NOW_SECONDS * 1000)
            .unwrap();
        assert_eq!(pass, Pass::default());
    }

    #[test]
    fn what_was_not_signed_with_the_key_is_refused() {
        let keyring = secret(None, None);
        let other = EncodingKey::from_secret(b"another secret of thirty-two bytes");
        let wrong_key = signed_by(&Header::default(), &other, &good());
        assert_eq!(refused(&keyring, &wrong_key), "token-signature");

        let token = signed(&with("sub", "ada"));
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = head.split_once('.').unwrap();
        let forged = signed(&with("sub", "bob"));
        let payload = forged.split('.').nth(1).unwrap();
        let tampered = format!("{header}.{payload}.{signature}");
        assert_eq!(refused(&keyring, &tampered), "token-signature");

        // {"alg":"none"}
        let none = format!("eyJhbGciOiJub25lIn0.{payload}.");
        assert_eq!(refused(&keyring, &none), "token-invalid");
        let longer = signed_by(
            &Header::new(Algorithm::HS512),
            &EncodingKey::from_secret(SECRET),
            &good(),
        );
        assert_eq!(refused(&keyring, &longer), "token-signature");
        for nonsense in ["", ".", "a.b.c", "..", &"x".repeat(5000)] {
            assert_eq!(refused(&keyring, nonsense), "token-invalid");
        }
    }

    #[test]
    fn a_public_key_is_no_secret_to_sign_with() {
        let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let public = rsa.public_key_pem();
        let keyring = Keyring::new(public.as_bytes(), None, None).unwrap();
        let secret = EncodingKey::from_secret(public.as_bytes());
        let confused = signed_by(&Header::default(), &secret, &good());
        assert_eq!(refused(&keyring, &confused), "token-signature");
        let key = EncodingKey::from_rsa_pem(rsa.serialize_pem().as_bytes()).unwrap();
        let token = signed_by(&Header::new(Algorithm::RS256), &key, &good());
        assert!(keyring.read(&token, NOW_SECONDS * 1000).is_ok());
    }

    #[test]
    fn an_ed25519_key_checks_what_its_private_key_signed() {
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let keyring = Keyring::new(pair.public_key_pem().as_bytes(), None, None).unwrap();
        let key = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).unwrap();
        let token = signed_by(&Header::new(Algorithm::EdDSA), &key, &good());
        assert!(keyring.read(&token, NOW_SECONDS * 1000).is_ok());
        assert_eq!(refused(&keyring, &signed(&good())), "token-signature");
    }

    #[test]
    fn a_token_is_good_from_its_beginning_to_its_end() {
        let keyring = secret(None, None);
        let expired = signed(&json!({ "exp": NOW_SECONDS }));
        assert_eq!(refused(&keyring, &expired), "token-expired");
        let leeway = TOKEN_LEEWAY.as_secs();
        let early = signed(&with("nbf", NOW_SECONDS + leeway + 1));
        assert_eq!(refused(&keyring, &early), "token-not-yet-valid");
        let clocks_differ = signed(&with("nbf", NOW_SECONDS + leeway));
        assert!(keyring.read(&clocks_differ, NOW_SECONDS * 1000).is_ok());
        for (exp, code) in [
            (json!(0), "token-expired"),
            (json!(-1), "token-invalid"),
            (json!(1e12), ""),
            (json!(1e300), "token-invalid"),
            (json!("soon"), "token-invalid"),
        ] {
            let token = signed(&json!({ "exp": exp }));
            let read = keyring.read(&token, NOW_SECONDS * 1000);
            assert_eq!(read.err().map_or("", |error| error.code), code, "{exp}");
        }
        assert_eq!(refused(&keyring, &signed(&json!({}))), "token-invalid");
    }

    #[test]
    fn audience_and_issuer_must_match_where_they_are_set() {
        let keyring = secret(Some("here"), Some("us"));
        let claims = |aud: Value, iss: Value| {
            let mut claims = good();
            claims["aud"] = aud;
            claims["iss"] = iss;
            signed(&claims)
        };
        let matching = claims(json!(["there", "here"]), json!("us"));
        assert!(keyring.read(&matching, NOW_SECONDS * 1000).is_ok());
        let elsewhere = claims(json!("there"), json!("us"));
        assert_eq!(refused(&keyring, &elsewhere), "token-audience");
        let from_others = claims(json!("here"), json!("them"));
        assert_eq!(refused(&keyring, &from_others), "token-issuer");
        assert_eq!(refused(&keyring, &signed(&good())), "token-invalid");
        let anyones = secret(None, None);
        assert!(anyones.read(&elsewhere, NOW_SECONDS * 1000).is_ok());
    }

    #[test]
    fn names_and_ids_are_what_names_may_be() {
        let keyring = secret(None, None);
        for claim in ["sub", "name"] {
            for text in ["", " ", "a\nb", &"x".repeat(65)] {
                let token = signed(&with(claim, text));
                assert_eq!(refused(&keyring, &token), "token-invalid");
            }
        }
        let number = signed(&with("sub", 7));
        assert_eq!(refused(&keyring, &number), "token-invalid");
    }

    #[test]
    fn a_key_that_is_of_no_use_says_why() {
        let kind = |key: &str| Keyring::new(key.as_bytes(), None, None).unwrap_err();
        let private = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        assert_eq!(kind(&private.serialize_pem()), KeyError::Private);
        let curve = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        assert_eq!(kind(&curve.public_key_pem()), KeyError::Kind);
        for other in [
            "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada",
            "thirty-two bytes and more on\ntwo lines",
            "thirty-two bytes and one that is \u{7f}",
        ] {
            assert_eq!(kind(other), KeyError::Kind, "{other}");
        }
        assert_eq!(kind("short\n"), KeyError::Weak);
        assert_eq!(kind(&format!("{}\n", "x".repeat(31))), KeyError::Weak);
    }
}
