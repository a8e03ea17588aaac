//! What the operator keeps in files, read at the start and again on SIGHUP: the certificate and its key, and the keys
//! of tokens and of programs, and the secret of a webhook.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{
    socket::Socket,
    tls::server::{Tls, TlsError},
};
use crate::{
    server::{
        api::{ApiKeys, ApiKeysError},
        gate::token::{KeyError, Keyring},
    },
    vocabulary::{
        config::{Config, TokenRules},
        webhook::{SecretError, WebhookSecret},
    },
};

/// What was read.
#[derive(Debug)]
pub struct Credentials {
    tls: Option<Tls>,
    token_rules: Option<TokenRules>,
    api_keys: Option<PathBuf>,
    webhook_secret: Option<PathBuf>,
}

/// The keys by which others are known, and the one by which they know this server.
#[derive(Debug)]
pub struct Keys {
    /// With which tokens are checked.
    pub tokens: Option<Keyring>,
    /// Of programs.
    pub api: Option<ApiKeys>,
    /// What is signed with that a webhook's endpoint is told.
    pub webhook_secret: Option<WebhookSecret>,
}

/// A file that is of no use. The operator's to mend.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// Of TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A file with keys cannot be read.
    #[error("cannot read {} ({flag}): {cause}", path.display())]
    Unreadable {
        /// The flag that names it.
        flag: &'static str,
        /// Its path.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file has something else than keys of programs.
    #[error("{} (--api-key) holds {cause}", path.display())]
    ApiKey {
        /// Its path.
        path: PathBuf,
        /// What it is.
        cause: ApiKeysError,
    },
    /// A file has something else than the secret of a webhook.
    #[error("{} (--webhook-secret) holds {cause}", path.display())]
    WebhookSecret {
        /// Its path.
        path: PathBuf,
        /// What it is.
        cause: SecretError,
    },
    /// A file has something else than keys of tokens.
    #[error("{} (--token-key) holds {cause}", path.display())]
    TokenKey {
        /// Its path.
        path: PathBuf,
        /// What it is.
        cause: KeyError,
    },
}

impl Credentials {
    /// Those that a configuration names, and the keys among them.
    ///
    /// # Errors
    /// A file is of no use.
    pub fn load(config: &Config) -> Result<(Self, Keys), CredentialError> {
        let credentials = Self {
            tls: config.tls.clone().map(Tls::load).transpose()?,
            token_rules: config.tokens.clone(),
            api_keys: config.api_keys.clone(),
            webhook_secret: config
                .webhook
                .as_ref()
                .map(|webhook| webhook.secret.clone()),
        };
        let keys = credentials.keys()?;
        Ok((credentials, keys))
    }

    /// What is spoken over TCP.
    pub fn scheme(&self) -> &'static str {
        match self.tls {
            Some(_) => "https",
            None => "http",
        }
    }

    /// TLS over a socket that was just accepted, where it is spoken.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn secure(&self, socket: Socket) -> io::Result<Socket> {
        match (&self.tls, socket) {
            (Some(tls), Socket::Tcp(stream)) => {
                let secured = tls.accept(stream).map_err(io::Error::other)?;
                Ok(Socket::Tls(Box::new(secured)))
            }
            (_, socket) => Ok(socket),
        }
    }

    /// Whether there is anything to read again.
    pub fn is_empty(&self) -> bool {
        self.tls.is_none()
            && self.token_rules.is_none()
            && self.api_keys.is_none()
            && self.webhook_secret.is_none()
    }

    /// Reads everything again; it counts for those who come, and for what is told, from now on.
    ///
    /// # Errors
    /// A file is of no use; then everything stays as it was.
    pub fn reload(&mut self) -> Result<Keys, CredentialError> {
        let keys = self.keys()?;
        if let Some(tls) = &mut self.tls {
            tls.reload()?;
        }
        Ok(keys)
    }

    fn keys(&self) -> Result<Keys, CredentialError> {
        Ok(Keys {
            tokens: self.keyring()?,
            api: self.api_keys()?,
            webhook_secret: self.webhook_secret()?,
        })
    }

    fn webhook_secret(&self) -> Result<Option<WebhookSecret>, CredentialError> {
        let Some(path) = &self.webhook_secret else {
            return Ok(None);
        };
        let secret = WebhookSecret::read(&read("--webhook-secret", path)?);
        let wrong = |cause| CredentialError::WebhookSecret {
            path: path.clone(),
            cause,
        };
        secret.map(Some).map_err(wrong)
    }

    fn api_keys(&self) -> Result<Option<ApiKeys>, CredentialError> {
        let Some(path) = &self.api_keys else {
            return Ok(None);
        };
        let read = ApiKeys::read(&read("--api-key", path)?);
        let keys = read.map_err(|cause| CredentialError::ApiKey {
            path: path.clone(),
            cause,
        })?;
        Ok(Some(keys))
    }

    fn keyring(&self) -> Result<Option<Keyring>, CredentialError> {
        let Some(rules) = &self.token_rules else {
            return Ok(None);
        };
        let mut keyring: Option<Keyring> = None;
        for path in &rules.keys {
            let text = read("--token-key", path)?;
            let added = match &mut keyring {
                Some(keyring) => keyring.add(&text),
                None => Keyring::new(&text, rules.audience.as_deref(), rules.issuer.as_deref())
                    .map(|first| keyring = Some(first)),
            };
            added.map_err(|cause| CredentialError::TokenKey {
                path: path.clone(),
                cause,
            })?;
        }
        Ok(keyring)
    }
}

/// The text of a file that a flag names.
fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, CredentialError> {
    fs::read(path).map_err(|cause| CredentialError::Unreadable {
        flag,
        path: path.to_owned(),
        cause,
    })
}
