//! What the operator keeps in files, read at the start and again on SIGHUP: the certificate and its key, and the keys
//! of tokens.

use std::fs;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::{
    socket::Socket,
    tls::server::{Tls, TlsError},
};
use crate::{
    server::gate::token::{KeyError, Keyring},
    vocabulary::config::{Config, TokenRules},
};

/// What was read.
#[derive(Debug)]
pub struct Credentials {
    tls: Option<Tls>,
    token_rules: Option<TokenRules>,
}

/// A file that is of no use. The operator's to mend.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// Of TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A file with keys of tokens cannot be read.
    #[error("cannot read {} (--token-key): {cause}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
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
    /// Those that a configuration names, and the keyring of tokens if there is one.
    ///
    /// # Errors
    /// A file is of no use.
    pub fn load(config: &Config) -> Result<(Self, Option<Keyring>), CredentialError> {
        let credentials = Self {
            tls: config.tls.clone().map(Tls::load).transpose()?,
            token_rules: config.tokens.clone(),
        };
        let keyring = credentials.keyring()?;
        Ok((credentials, keyring))
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
        self.tls.is_none() && self.token_rules.is_none()
    }

    /// Reads everything again; it counts for those who come from now on.
    ///
    /// # Errors
    /// A file is of no use; then everything stays as it was.
    pub fn reload(&mut self) -> Result<Option<Keyring>, CredentialError> {
        let keyring = self.keyring()?;
        if let Some(tls) = &mut self.tls {
            tls.reload()?;
        }
        Ok(keyring)
    }

    fn keyring(&self) -> Result<Option<Keyring>, CredentialError> {
        let Some(rules) = &self.token_rules else {
            return Ok(None);
        };
        let mut keyring: Option<Keyring> = None;
        for path in &rules.keys {
            let text = fs::read(path).map_err(|cause| CredentialError::Unreadable {
                path: path.clone(),
                cause,
            })?;
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
