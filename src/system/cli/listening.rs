//! The flags of `hubbub serve` that say where it listens.

use clap::{Args, builder::FalseyValueParser};

use crate::vocabulary::{address::Address, config::Config, units::mode};

/// Addresses and sockets.
#[derive(Clone, Debug, Args)]
pub struct Listening {
    /// Where to listen: HOST:PORT (port 0: one that is free), :PORT for all addresses of this machine, or unix:PATH
    /// (repeatable, or separated by commas) [default: the sockets that systemd hands over, or else 127.0.0.1:8080]
    #[arg(
        long,
        env = "HUBBUB_ADDR",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    addr: Vec<Address>,

    /// Let others listen at the same TCP ports, as the next server does before this one ends
    #[arg(long, env = "HUBBUB_REUSE_PORT", value_parser = FalseyValueParser::new())]
    reuse_port: bool,

    /// Mode of the files of unix sockets, like 660 [default: as the umask says]
    #[arg(long, env = "HUBBUB_UNIX_MODE", value_name = "OCTAL", value_parser = mode)]
    unix_mode: Option<u32>,
}

impl Listening {
    /// The configuration with these.
    pub(super) fn place(self, config: Config) -> Config {
        Config {
            addrs: self.addr,
            reuse_port: self.reuse_port,
            unix_mode: self.unix_mode,
            ..config
        }
    }
}
