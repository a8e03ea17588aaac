//! The flags of `hubbub connect`.

use std::{path::PathBuf, sync::LazyLock, time::Duration};

use clap::{ArgMatches, Args, builder::FalseyValueParser};
use http::HeaderValue;

use super::environment::is_of_environment;
use crate::{
    system::{
        client::{Options, chat::commands::COMMANDS, target::Target},
        opening::request::{Header, bearer, header},
        tls::client::Trust,
    },
    vocabulary::units::duration,
};

/// The flags of `hubbub connect`.
#[derive(Clone, Debug, Args)]
#[command(after_help = CONNECT_HELP.as_str())]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is given or not"
)]
pub struct Connect {
    /// The server and the endpoint: ws://HOST:PORT/PATH?QUERY (a path of /ws if there is none), wss:// for TLS, with
    /// USER:PASSWORD@ before the host where it wants them, or unix:PATH
    url: Target,

    /// Endpoint to ask for on a unix socket, like /relay?channel=tea [default: /ws]
    #[arg(long, env = "HUBBUB_PATH", value_name = "PATH")]
    path: Option<String>,

    /// Channel of the chat to join at once (repeatable)
    #[arg(long, env = "HUBBUB_JOIN", value_name = "CHANNEL")]
    join: Vec<String>,

    /// Send lines and print messages as they are: the chat's JSON, binary messages byte for byte
    #[arg(long, env = "HUBBUB_RAW", value_parser = FalseyValueParser::new())]
    raw: bool,

    /// Connect again whenever the connection is lost or closed otherwise than normally; at the chat what was said
    /// meanwhile is printed, or told to be missing
    #[arg(long, env = "HUBBUB_RECONNECT", value_parser = FalseyValueParser::new())]
    reconnect: bool,

    /// File with the authorities whose certificates are accepted, in PEM, in place of the system's
    #[arg(long, env = "HUBBUB_CA", value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Accept anyone's certificate, --ca or not
    #[arg(long, env = "HUBBUB_INSECURE", value_parser = FalseyValueParser::new())]
    insecure: bool,

    /// Token to come in with; from the environment no list of processes shows it
    #[arg(long, env = "HUBBUB_TOKEN", value_name = "TOKEN", value_parser = bearer, hide_env_values = true)]
    token: Option<HeaderValue>,

    /// Header of the handshake, as 'Name: value' (repeatable; one a line in the environment); Authorization goes before
    /// --token, and that before the user of the URL
    #[arg(long, env = "HUBBUB_HEADER", value_name = "NAME: VALUE", value_parser = header, value_delimiter = '\n', hide_env_values = true)]
    header: Vec<Header>,

    /// Let the server deflate what it sends (permessage-deflate); what is sent to it stays plain
    #[arg(long, env = "HUBBUB_COMPRESS", value_parser = FalseyValueParser::new())]
    compress: bool,

    /// Time from the first attempt to connect to an open WebSocket, after the host's name was looked up; its addresses
    /// share what is left of it
    #[arg(long, env = "HUBBUB_HANDSHAKE_TIMEOUT", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    handshake_timeout: Duration,
}

static CONNECT_HELP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "At the chat (/ws?name=NAME) a line is a message to the channel joined last, JSON if it begins with {{, or a \
         command: {COMMANDS}.\n\n\
         In a pipe it closes once nothing has arrived for a second after the end of input.\n\n\
         With --reconnect it waits longer by chance after each failure, up to 30 seconds, and tells on stderr how it goes; \
         the first connection must succeed. At the chat it is in the same channels again, and prints each message once and \
         in order, or how many are missing. Lines typed meanwhile wait. After the end of input it connects again only for \
         what is not said yet, or may not have been.\n\n\
         Exit status: 0 after a normal close (1000), 1 after any other end, when it was ended while away, or when a line \
         was not sent (not UTF-8, too long, away) or may not have been (its copy did not come back), 2 when there was no \
         first connection; a signal before there is one, or a second signal, ends it with 128 plus its number."
    )
});

impl Connect {
    /// Leaves out what an environment, which is for every connection, says of another kind of target.
    pub(super) fn leave_what_does_not_fit(&mut self, flags: &ArgMatches) {
        let is_of_environment = |flag| is_of_environment(flags, flag);
        if is_of_environment("ca") && !self.url.is_tls() {
            self.ca = None;
        }
        if is_of_environment("insecure") && !self.url.is_tls() {
            self.insecure = false;
        }
        if is_of_environment("path") && !self.url.is_unix() {
            self.path = None;
        }
        let target = match &self.path {
            Some(path) => self.url.clone().with_path(path).ok(),
            None => Some(self.url.clone()),
        };
        if is_of_environment("join") && !target.is_some_and(|target| target.is_chat()) {
            self.join.clear();
        }
    }

    /// What the flags make of a client.
    pub fn options(self) -> Options {
        Options {
            target: self.url,
            path: self.path,
            joins: self.join,
            is_raw: self.raw,
            reconnects: self.reconnect,
            trust: Trust::new(self.insecure, self.ca),
            authorization: self.token,
            headers: self.header,
            compresses: self.compress,
            handshake_timeout: self.handshake_timeout,
        }
    }
}
