//! `hubbub connect`: a small interactive client, which works in a pipe too.
//!
//! A [`target`] is [dialled](dial), and a [`session`] goes on until one side closes: at the [`console`] lines of the
//! [`input`] are taken and messages are printed, both as the [`dialogue`] has it. [`persistence`] has one session after
//! the other, with a [`backoff`](crate::state::backoff) between.

pub mod chat;
pub mod console;
pub mod dial;
pub mod dialogue;
pub mod ending;
pub mod inflating;
pub mod input;
pub mod persistence;
pub mod said;
pub mod session;
pub mod target;
pub mod watch;

use std::io::{self, IsTerminal};
use std::time::Duration;

use http::HeaderValue;
use thiserror::Error;

use self::{
    console::{Console, tell},
    dial::{Dial, DialError},
    dialogue::Dialogue,
    ending::EndError,
    input::Input,
    persistence::Persistence,
    target::{Target, TargetError},
    watch::Watch,
};
use crate::{
    state::backoff::Backoff,
    system::{
        opening::request::Header,
        tls::client::{Tls, Trust, TrustError},
    },
};

/// Bytes of the largest message that is received, and of the longest line that is sent.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// How long the wait is at most after one failure, to connect or to be let in.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How long it is at most after many.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What to connect to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The server and the endpoint.
    pub target: Target,
    /// The endpoint of a unix socket, if it is not the default.
    pub path: Option<String>,
    /// Channels to join at once.
    pub joins: Vec<String>,
    /// Whether lines are sent and messages are printed just as they are.
    pub is_raw: bool,
    /// Whether to connect again whenever the connection is lost.
    pub reconnects: bool,
    /// Whose certificates are accepted, where TLS is spoken.
    pub trust: Trust,
    /// What the `Authorization` header is to say in place of the target's user, unless `headers` has one.
    pub authorization: Option<HeaderValue>,
    /// What the handshake has to say beside.
    pub headers: Vec<Header>,
    /// Whether the server may deflate what it sends.
    pub compresses: bool,
    /// From the first attempt to connect to an open WebSocket.
    pub handshake_timeout: Duration,
}

/// Why a client ended otherwise than by a normal close.
#[derive(Debug, Error)]
pub enum ClientError {
    /// `--path` beside a URL, or one that is no path.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// `--join` at an endpoint without channels of that kind.
    #[error(
        "--join is for the chat: give a URL with the path /ws and a name, like ws://127.0.0.1:8080/ws?name=Ada"
    )]
    JoinsNoChat,
    /// `--ca` or `--insecure` where nothing is encrypted.
    #[error("--ca and --insecure are for TLS: give a URL that begins with wss://")]
    TrustWithoutTls,
    /// Nobody can be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// There was no connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The connection ended badly, or not all was sent.
    #[error(transparent)]
    End(#[from] EndError),
    /// The system refused what every client needs.
    #[error(
        "the system refused to watch signals and events ({0}); end something else that runs, and try again"
    )]
    System(#[from] io::Error),
}

impl ClientError {
    /// The exit status that tells of it: 1 for a connection that ended badly or did not take all, 2 for none.
    pub fn status(&self) -> u8 {
        match self {
            Self::End(_) => 1,
            Self::Target(_)
            | Self::JoinsNoChat
            | Self::TrustWithoutTls
            | Self::Trust(_)
            | Self::Dial(_)
            | Self::System(_) => 2,
        }
    }
}

/// Connects standard input and output to a WebSocket, until one side closes or a signal asks for the end.
///
/// # Errors
/// There was no connection, it ended otherwise than by a normal close, or some of the input could not be sent.
pub fn run(options: Options) -> Result<(), ClientError> {
    let target = match &options.path {
        Some(path) => options.target.with_path(path)?,
        None => options.target,
    };
    if !options.joins.is_empty() && !target.is_chat() {
        return Err(ClientError::JoinsNoChat);
    }
    let tls = if target.is_tls() {
        Some(Tls::trusting(&options.trust)?)
    } else if options.trust == Trust::System {
        None
    } else {
        return Err(ClientError::TrustWithoutTls);
    };
    if options.trust == Trust::Anyone {
        tell(&"--insecure: whoever answers is not asked for a certificate that proves who it is");
    }
    let dialogue = Dialogue::new(
        options.is_raw,
        target.is_chat(),
        io::stdout().is_terminal(),
        &options.joins,
        fastrand::u64(..),
    );
    let mut watch = Watch::new()?;
    let mut console = Console::new(Input::read(watch.waker()?)?, dialogue);
    let dial = Dial {
        target: &target,
        tls: tls.as_ref(),
        authorization: options.authorization.as_ref().or(target.authorization()),
        headers: &options.headers,
        compresses: options.compresses,
        timeout: options.handshake_timeout,
    };
    Persistence::new(dial, &mut watch, &mut console).run(options.reconnects)
}

/// The waits before connecting, or asking to be let in, once more.
fn backoff() -> Backoff {
    Backoff::new(FIRST_WAIT, LONGEST_WAIT)
}
