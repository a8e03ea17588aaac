//! The flags of `hubbub serve` that say where the operator and their programs come in, and how.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::vocabulary::{address::Address, config::Config, units::duration};

/// The operator's listener.
#[derive(Clone, Debug, Args)]
pub struct Door {
    /// Where to listen for the operator and for programs: the live view at /admin, /api/, and /metrics, which is then nowhere
    /// else, and /healthz; beyond this machine only with --api-key or --token-key, and never shared by --reuse-port
    #[arg(long, env = "HUBBUB_ADMIN_ADDR", value_name = "ADDRESS")]
    admin_addr: Option<Address>,

    /// File with keys of programs, on each line a name and a key (16 to 256 printable characters); everyone who asks for
    /// anything below /api/ then needs one, or a token that says so; read again on SIGHUP
    #[arg(
        long,
        env = "HUBBUB_API_KEY",
        value_name = "FILE",
        requires = "admin_addr"
    )]
    api_key: Option<PathBuf>,

    /// Time from the beginning of a request with a body to its end
    #[arg(long, env = "HUBBUB_REQUEST_TIMEOUT", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    request_timeout: Duration,
}

impl Door {
    /// The configuration with these.
    pub(super) fn open(self, config: Config) -> Config {
        Config {
            admin_addr: self.admin_addr,
            api_keys: self.api_key,
            request_timeout: self.request_timeout,
            ..config
        }
    }
}
