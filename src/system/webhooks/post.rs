//! One request to an endpoint: HTTP/1.1, over TLS with the same cryptography as all else, and to nobody but it.

use std::sync::Arc;

use http::{HeaderValue, header::AUTHORIZATION};
use rustls::crypto::aws_lc_rs::default_provider;
use thiserror::Error;
use ureq::{
    Agent, Error as Failure,
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::{
    server::webhooks::Attempt,
    system::{
        agent::manners,
        opening::user::{self, UserError},
        tls::client::{TrustError, system_certificates},
    },
    vocabulary::{
        config::WEBHOOK_ANSWER_BYTES_MAX,
        visible::visible,
        webhook::{Answer, WebhookSettings},
    },
};

/// What is needed to send them.
#[derive(Debug)]
pub(super) struct Post {
    agent: Agent,
    url: String,
    authorization: Option<HeaderValue>,
}

/// Why none can be sent. The operator's to mend.
#[derive(Debug, Error)]
pub enum PostError {
    /// Nobody can be trusted there.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The user of the URL cannot be told.
    #[error(transparent)]
    User(#[from] UserError),
}

impl Post {
    /// Looks up who is trusted, if it matters.
    ///
    /// # Errors
    /// None can be sent.
    pub(super) fn new(settings: &WebhookSettings) -> Result<Self, PostError> {
        let url = settings.url.uri();
        let is_secure = url.scheme_str() == Some("https");
        let authorities = is_secure.then(system_certificates).transpose()?;
        let authorities = authorities.unwrap_or_default();
        let authorities = authorities
            .iter()
            .map(|authority| Certificate::from_der(authority).to_owned());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .root_certs(RootCerts::from(authorities))
            .build();
        let agent = manners(settings.pace.attempt).tls_config(tls).build();
        let url = url.to_string();
        let (url, user) = user::split(&url);
        let authorization = user.map(user::basic).transpose()?.flatten();
        Ok(Self {
            agent: agent.into(),
            url,
            authorization,
        })
    }

    /// Sends one, and waits for what comes back.
    pub(super) fn send(&self, attempt: &Attempt) -> Answer {
        let mut request = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", &attempt.id)
            .header("webhook-timestamp", attempt.timestamp.to_string())
            .header("webhook-signature", &attempt.signature);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        match request.send(&attempt.body[..]) {
            Ok(mut response) => {
                // What it says means nothing. Only one who has said all of it can be asked on the same connection again.
                let said = response.body_mut().with_config();
                let _ = said.limit(WEBHOOK_ANSWER_BYTES_MAX as u64).read_to_vec();
                Answer::Status(response.status().as_u16())
            }
            Err(Failure::Timeout(_)) => Answer::Silence,
            Err(failure) => Answer::Failure(visible(&failure.to_string(), &[]).into_owned()),
        }
    }
}
