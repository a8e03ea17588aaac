//! The flags of commands that ask a server at its door for programs.

use std::{env, path::PathBuf, sync::LazyLock};

use clap::{ArgMatches, Args, builder::FalseyValueParser};

use super::environment::is_of_environment;
use crate::system::{
    asking::{
        self, ANSWER_WAIT, ATTEMPTS_MAX, KEY_VARIABLE, LONGEST_WAIT, error::AskError, url::ApiUrl,
    },
    opening::request::bearer,
    tls::client::Trust,
};

/// What is said below the flags.
pub(super) const KEY_HELP: &str = "Where the server has keys, HUBBUB_KEY in the environment holds one, or a token; it is \
    no flag, since any list of processes would show it.";

/// How long a server is asked for.
pub(super) static PATIENCE_HELP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "An answer is waited for {} s, from the attempt to connect to its end. If none comes, or the server says that it cannot \
         just now (503), it is asked again, up to {ATTEMPTS_MAX} times in all, after up to {} s each.",
        ANSWER_WAIT.as_secs(),
        LONGEST_WAIT.as_secs()
    )
});

/// Which server, and whose certificates are accepted.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// The server's --admin-addr: http://HOST:PORT, https:// for TLS, or unix:PATH
    #[arg(
        long,
        env = "HUBBUB_API",
        default_value = "http://127.0.0.1:9090",
        value_name = "URL"
    )]
    api: ApiUrl,

    /// File with the authorities whose certificates are accepted, in PEM, in place of the system's
    #[arg(long, env = "HUBBUB_CA", value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Accept anyone's certificate, --ca or not
    #[arg(long, env = "HUBBUB_INSECURE", value_parser = FalseyValueParser::new())]
    insecure: bool,
}

impl Server {
    /// Leaves out what an environment, which is for every server, says of TLS to one that does not speak it.
    pub(super) fn leave_what_does_not_fit(&mut self, flags: &ArgMatches) {
        if !self.api.is_tls() {
            self.ca.take_if(|_| is_of_environment(flags, "ca"));
            self.insecure &= !is_of_environment(flags, "insecure");
        }
    }

    /// The server, with the key of the environment.
    ///
    /// # Errors
    /// It cannot be asked like that.
    pub(super) fn reach(self) -> Result<asking::Api, AskError> {
        let key = env::var_os(KEY_VARIABLE).filter(|key| !key.is_empty());
        let key = key.map(|key| {
            let key = key.to_str().ok_or(AskError::Key)?;
            bearer(key).map_err(|_| AskError::Key)
        });
        let trust = Trust::new(self.insecure, self.ca);
        asking::Api::new(self.api, &trust, key.transpose()?)
    }
}
