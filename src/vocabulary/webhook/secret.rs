//! The secret that an endpoint shares, so that it knows who tells it something.

use std::fmt;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::{Engine, prelude::BASE64_STANDARD};
use thiserror::Error;

use crate::vocabulary::config::WEBHOOK_SECRET_BYTES;

/// What its text begins with.
const PREFIX: &str = "whsec_";

/// A key for HMAC with SHA-256, which is never shown.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);

/// A text that is no secret. The operator's to mend; it is not repeated, as it may be one all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// It has another form.
    #[error("no line `whsec_` and base64; make one with `echo whsec_$(openssl rand -base64 32)`")]
    Form,
    /// It can be guessed, or is longer than others take.
    #[error("a secret of {bytes} bytes; it has {} to {}", WEBHOOK_SECRET_BYTES.start(), WEBHOOK_SECRET_BYTES.end())]
    Length {
        /// How many it has.
        bytes: usize,
    },
}

impl WebhookSecret {
    /// Reads `whsec_` and base64, with white space around it or not.
    ///
    /// # Errors
    /// It is something else.
    pub fn read(text: &[u8]) -> Result<Self, SecretError> {
        let text = str::from_utf8(text).map_err(|_| SecretError::Form)?;
        let base64 = text.trim().strip_prefix(PREFIX).ok_or(SecretError::Form)?;
        let bytes = BASE64_STANDARD.decode(base64);
        let bytes = bytes.map_err(|_| SecretError::Form)?;
        if !WEBHOOK_SECRET_BYTES.contains(&bytes.len()) {
            let bytes = bytes.len();
            return Err(SecretError::Length { bytes });
        }
        Ok(Self(hmac::Key::new(HMAC_SHA256, &bytes)))
    }

    /// The value of `webhook-signature` for a body under an id, at a time in seconds since the Unix epoch.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let mut signing = hmac::Context::with_key(&self.0);
        signing.update(format!("{id}.{timestamp}.").as_bytes());
        signing.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(signing.sign()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSecret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The test vector of the libraries of Standard Webhooks.
        let secret = WebhookSecret::read(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        for text in [
            "",
            "whsec_",
            "whsec_AAAA",
            "whsec_?",
            "aGVsbG8=",
            "whsk_AAAA",
        ] {
            let told = WebhookSecret::read(text.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(text.len() < 7 || !told.contains(text), "{told}");
        }
        let of = |bytes: usize| {
            let text = format!("whsec_{}", BASE64_STANDARD.encode(vec![1; bytes]));
            WebhookSecret::read(text.as_bytes()).map(|_| ())
        };
        assert_eq!(of(23), Err(SecretError::Length { bytes: 23 }));
        assert_eq!(of(24), Ok(()));
        assert_eq!(of(64), Ok(()));
        assert_eq!(of(65), Err(SecretError::Length { bytes: 65 }));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret = WebhookSecret::read(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(format!("{secret:?}"), "WebhookSecret { .. }");
    }
}
