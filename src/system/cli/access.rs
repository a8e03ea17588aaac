//! The flags of `hubbub serve` that say who may come in, and how.

use std::path::PathBuf;

use clap::Args;

use crate::vocabulary::{
    config::{TlsFiles, TokenRules},
    origin::AllowedOrigin,
};

/// TLS, origins and tokens. The files are read again on SIGHUP.
#[derive(Clone, Debug, Args)]
pub struct Access {
    /// File with the certificate, and those that lead to it, in PEM: speak TLS; read again on SIGHUP
    #[arg(
        long,
        env = "HUBBUB_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,

    /// File with the certificate's key, in PEM
    #[arg(
        long,
        env = "HUBBUB_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,

    /// Origin whose pages may connect beside the server's own, like <https://example.com>; with *. before the host all that is
    /// below it, with :* behind it any port; * for anyone (repeatable, or separated by commas)
    #[arg(
        long,
        env = "HUBBUB_ALLOW_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    allow_origin: Vec<AllowedOrigin>,

    /// File with keys that tokens (JWT) are checked with: a public key in PEM (Ed25519, P-256 or RSA), a JWK Set, or a secret
    /// (HS256); everyone then needs a token; read again on SIGHUP (repeatable, or separated by commas)
    #[arg(
        long,
        env = "HUBBUB_TOKEN_KEY",
        value_name = "FILE",
        value_delimiter = ','
    )]
    token_key: Vec<PathBuf>,

    /// Audience (aud) that tokens must be for
    #[arg(
        long,
        env = "HUBBUB_TOKEN_AUDIENCE",
        value_name = "NAME",
        requires = "token_key"
    )]
    token_audience: Option<String>,

    /// Issuer (iss) that tokens must be from
    #[arg(
        long,
        env = "HUBBUB_TOKEN_ISSUER",
        value_name = "NAME",
        requires = "token_key"
    )]
    token_issuer: Option<String>,
}

impl Access {
    /// What they make of a configuration.
    pub(super) fn parts(self) -> (Option<TlsFiles>, Option<TokenRules>, Vec<AllowedOrigin>) {
        let tls = self.tls_cert.zip(self.tls_key);
        let has_keys = !self.token_key.is_empty();
        let tokens = has_keys.then_some(TokenRules {
            keys: self.token_key,
            audience: self.token_audience,
            issuer: self.token_issuer,
        });
        (
            tls.map(|(cert, key)| TlsFiles { cert, key }),
            tokens,
            self.allow_origin,
        )
    }
}
