//! JWK Sets (RFC 7517): several keys in one file, each with a name. Everything in one must be of use; what is not would
//! be missed only when someone is turned away.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations,
        PublicKeyUse,
    },
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::key::{Key, KeyError};
use crate::vocabulary::{config::TOKEN_KEYS_MAX, name::quoted};

/// What only private keys have (RFC 7518, sections 6.2.2 and 6.3.2; RFC 8037, section 2). The library would leave it out.
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

#[derive(Deserialize)]
struct Set {
    keys: Vec<Map<String, Value>>,
}

/// All keys of a set.
///
/// # Errors
/// It is none, or not all of them are of use.
pub(super) fn read(json: &[u8]) -> Result<Vec<Key>, KeyError> {
    let set: Set = serde_json::from_slice(json).map_err(|error| KeyError::Unreadable {
        line: error.line(),
        column: error.column(),
    })?;
    match set.keys.len() {
        0 => return Err(KeyError::Empty),
        1..=TOKEN_KEYS_MAX => {}
        _ => return Err(KeyError::TooMany),
    }
    let keys = set.keys.into_iter().enumerate();
    keys.map(|(index, jwk)| {
        let name = match jwk.get("kid") {
            Some(Value::String(id)) => quoted(id),
            _ => format!("number {}", index + 1),
        };
        key_of(jwk).map_err(|cause| KeyError::InSet {
            name,
            cause: Box::new(cause),
        })
    })
    .collect()
}

fn key_of(jwk: Map<String, Value>) -> Result<Key, KeyError> {
    if PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
        return Err(KeyError::Private);
    }
    let jwk: Jwk = serde_json::from_value(jwk.into()).map_err(|_| KeyError::Unsound)?;
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::OctetKey(_) => Algorithm::HS256,
        _ => return Err(KeyError::Algorithm),
    };
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| KeyError::Unsound)?;
    let CommonParameters {
        public_key_use,
        key_operations,
        key_algorithm,
        key_id,
        ..
    } = jwk.common;
    let is_for_signatures = public_key_use.is_none_or(|of| of == PublicKeyUse::Signature)
        && key_operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
    if !is_for_signatures {
        return Err(KeyError::Use);
    }
    if key_algorithm.is_some_and(|named| named != KeyAlgorithm::from(algorithm)) {
        return Err(KeyError::Algorithm);
    }
    Key::new(key_id, algorithm, key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of RFC 8037, appendix A.2.
    fn ed25519() -> Value {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        json!({"kty": "OKP", "crv": "Ed25519", "x": x})
    }

    /// The example of RFC 7515, appendix A.3.
    fn p256() -> Value {
        let (x, y) = (
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        );
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    }

    fn secret(bytes: usize) -> Value {
        json!({"kty": "oct", "k": "A".repeat(bytes * 4 / 3)})
    }

    /// A key with some members more, or others.
    fn with(mut jwk: Value, members: &Value) -> Value {
        let members = members.as_object().unwrap().clone();
        jwk.as_object_mut().unwrap().extend(members);
        jwk
    }

    fn set(keys: &[Value]) -> String {
        json!({ "keys": keys }).to_string()
    }

    fn fault(jwk: Value) -> Option<KeyError> {
        read(set(&[ed25519(), jwk]).as_bytes())
            .err()
            .map(|error| match error {
                KeyError::InSet { cause, .. } => *cause,
                other => panic!("{other:?} is of no key"),
            })
    }

    #[test]
    fn a_key_is_for_the_algorithm_of_its_type() {
        let keys = [ed25519(), p256(), secret(33)].map(|key| with(key, &json!({"kid": "a"})));
        let keys = read(set(&keys).as_bytes()).unwrap();
        let algorithms: Vec<_> = keys.iter().map(|key| key.algorithm).collect();
        let own = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::HS256];
        assert_eq!(algorithms, own);
        assert!(keys.iter().all(|key| key.id.as_deref() == Some("a")));
        for member in [
            json!({"alg": "EdDSA", "use": "sig", "key_ops": ["verify"], "x5t": "a", "more": 1}),
            json!({"use": null, "kid": null}),
        ] {
            assert_eq!(fault(with(ed25519(), &member)), None, "{member}");
        }
    }

    #[test]
    fn a_key_that_is_of_no_use_says_why() {
        for (key, member, cause) in [
            (ed25519(), json!({"d": "AAAA"}), KeyError::Private),
            (p256(), json!({"d": null}), KeyError::Private),
            (ed25519(), json!({"use": "enc"}), KeyError::Use),
            (ed25519(), json!({"use": ""}), KeyError::Use),
            (ed25519(), json!({"key_ops": ["sign"]}), KeyError::Use),
            (ed25519(), json!({"alg": "ES256"}), KeyError::Algorithm),
            (ed25519(), json!({"alg": "none"}), KeyError::Algorithm),
            (secret(33), json!({"alg": "HS512"}), KeyError::Algorithm),
            (p256(), json!({"crv": "P-384"}), KeyError::Algorithm),
            (p256(), json!({"crv": "secp256k1"}), KeyError::Algorithm),
            (ed25519(), json!({"crv": "X25519"}), KeyError::Algorithm),
            (ed25519(), json!({"kty": "AKP"}), KeyError::Algorithm),
            (ed25519(), json!({"x": "AAAA"}), KeyError::Unsound),
            (ed25519(), json!({"x": "not base64!"}), KeyError::Unsound),
            (ed25519(), json!({"kid": 7}), KeyError::Unsound),
            (p256(), json!({"x": p256()["y"]}), KeyError::Unsound),
            (secret(30), json!({}), KeyError::Weak),
            (secret(33), json!({"k": ""}), KeyError::Unsound),
        ] {
            let jwk = with(key, &member);
            assert_eq!(fault(jwk.clone()), Some(cause), "{jwk}");
        }
    }

    #[test]
    fn a_key_that_is_of_no_use_is_told_by_name_or_number() {
        let told = |jwk: Value| {
            let error = read(set(&[ed25519(), jwk]).as_bytes()).err().unwrap();
            error.to_string()
        };
        let private = with(ed25519(), &json!({"d": "c2VjcmV0"}));
        let text = told(private.clone());
        assert!(
            text.contains("number 2") && !text.contains("c2VjcmV0"),
            "{text}"
        );
        let text = told(with(private, &json!({"kid": "mine"})));
        assert!(text.contains("\"mine\" is a private key"), "{text}");
    }

    #[test]
    fn what_is_no_set_of_keys_is_refused_and_not_repeated() {
        assert_eq!(read(b"{\"keys\":[]}").err(), Some(KeyError::Empty));
        let many = set(&vec![ed25519(); TOKEN_KEYS_MAX + 1]);
        assert_eq!(read(many.as_bytes()).err(), Some(KeyError::TooMany));
        let alone = ed25519().to_string();
        for text in [
            "{",
            "{}",
            "{\"keys\":\"s3cret\"}",
            "{\"keys\":[\"s3cret\"]}",
            &alone,
        ] {
            let error = read(text.as_bytes()).err().unwrap();
            let is_unreadable = matches!(error, KeyError::Unreadable { line: 1, .. });
            assert!(is_unreadable && !error.to_string().contains("s3cret"));
        }
    }
}
