//! The flags of `hubbub token`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::{
    system::mint::Wish,
    vocabulary::{api::ApiRights, units::duration},
};

/// The flags of `hubbub token`.
#[derive(Clone, Debug, Args)]
pub struct Token {
    /// File with the key to sign with: a private key in PEM (Ed25519, P-256 or RSA), or the secret that the server has too
    #[arg(
        id = "token_key",
        long = "token-key",
        env = "HUBBUB_TOKEN_KEY",
        value_name = "FILE"
    )]
    key: PathBuf,

    /// Name of the key, where the server has several in a JWK Set (kid)
    #[arg(long, env = "HUBBUB_KEY_ID", value_name = "ID")]
    key_id: Option<String>,

    /// Who it is for: the client's id for others (sub)
    #[arg(long, env = "HUBBUB_SUB", value_name = "ID")]
    sub: Option<String>,

    /// The client's name for others, whatever it calls itself
    #[arg(long, env = "HUBBUB_NAME", value_name = "NAME")]
    name: Option<String>,

    /// Time until it expires
    #[arg(long, env = "HUBBUB_LIFETIME", default_value = "1h", value_name = "DURATION", value_parser = duration)]
    lifetime: Duration,

    /// Channels that the client may join: names, with * for any characters and ? for any one (repeatable, or separated
    /// by commas) [default: all]
    #[arg(
        long,
        env = "HUBBUB_CHANNELS",
        value_name = "PATTERN",
        value_delimiter = ','
    )]
    channels: Option<Vec<String>>,

    /// Channels that it may send to, of those that it may join [default: all of them]
    #[arg(
        long,
        env = "HUBBUB_PUBLISH",
        value_name = "PATTERN",
        value_delimiter = ',',
        conflicts_with = "listen_only"
    )]
    publish: Option<Vec<String>>,

    /// It may send to no channel
    #[arg(long, env = "HUBBUB_LISTEN_ONLY", value_parser = clap::builder::FalseyValueParser::new())]
    listen_only: bool,

    /// What it allows at the door for programs: publish:PATTERN, read, close, drain (repeatable, or separated by commas)
    /// [default: nothing]
    #[arg(
        long,
        env = "HUBBUB_API_RIGHTS",
        value_name = "RIGHT",
        value_delimiter = ',',
        value_parser = right
    )]
    api_rights: Option<Vec<String>>,

    /// The server that it is for (aud)
    #[arg(
        id = "token_audience",
        long = "token-audience",
        env = "HUBBUB_TOKEN_AUDIENCE",
        value_name = "NAME"
    )]
    audience: Option<String>,

    /// Who it is from (iss)
    #[arg(
        id = "token_issuer",
        long = "token-issuer",
        env = "HUBBUB_TOKEN_ISSUER",
        value_name = "NAME"
    )]
    issuer: Option<String>,
}

impl Token {
    /// What the token is to say.
    pub fn wish(self) -> Wish {
        Wish {
            key: self.key,
            key_id: self.key_id,
            lifetime: self.lifetime,
            sub: self.sub,
            name: self.name,
            channels: self.channels,
            publish: if self.listen_only {
                Some(Vec::new())
            } else {
                self.publish
            },
            api: self.api_rights,
            audience: self.audience,
            issuer: self.issuer,
        }
    }
}

/// A server passes over what it does not know, as a newer one may; whoever makes a token is told.
fn right(text: &str) -> Result<String, String> {
    if ApiRights::know(text) {
        Ok(text.to_owned())
    } else {
        Err("there are publish:PATTERN, read, close and drain".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_one_that_there_is() {
        for known in ["publish:room-*", "publish:*", "read", "close", "drain"] {
            assert_eq!(right(known).as_deref(), Ok(known));
        }
        for unknown in ["", "reed", "Read", "publish", "publish:", "close "] {
            assert!(right(unknown).is_err(), "{unknown}");
        }
    }
}
