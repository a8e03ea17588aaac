//! The flags of `hubbub publish`.

use std::sync::LazyLock;

use clap::{Args, builder::FalseyValueParser};

use super::api::{KEY_HELP, PATIENCE_HELP, Server};
use crate::{
    system::asking::{
        self,
        error::AskError,
        publish::{Recipient, Wish},
    },
    vocabulary::{
        api::is_idempotency_key,
        config::{IDEMPOTENCY_KEY_CHARS_MAX, ITEMS_MAX},
    },
};

/// The flags of `hubbub publish`.
#[derive(Clone, Debug, Args)]
#[command(
    override_usage = "hubbub publish [OPTIONS] CHANNEL [MESSAGE]\n       hubbub publish [OPTIONS] --to ID [MESSAGE]",
    after_help = PUBLISH_HELP.as_str()
)]
pub struct Publish {
    /// Channel of the chat; with --to the message stands in its place
    #[arg(value_name = "CHANNEL")]
    channel: Option<String>,

    /// What to say; without it, each line of standard input is a message
    #[arg(value_name = "MESSAGE")]
    message: Option<String>,

    /// Say it in private, to the person with this id or sub
    #[arg(long, env = "HUBBUB_TO", value_name = "ID")]
    to: Option<String>,

    /// Messages are JSON, and come as data
    #[arg(long, env = "HUBBUB_DATA", value_parser = FalseyValueParser::new())]
    data: bool,

    /// By what the message is known: said again with the same within 5 minutes, it is said once; lines are ID-1, ID-2 …
    /// [default: one that is new]
    #[arg(long, env = "HUBBUB_ID", value_name = "ID", value_parser = id)]
    id: Option<String>,

    #[command(flatten)]
    pub(super) server: Server,
}

static PUBLISH_HELP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "What came of each message is printed as a line of JSON, in their order: {{\"seq\":1,\"epoch\":2}} (with \
         \"duplicate\":true if it had been said before), {{}} in private, or {{\"error\":{{…}}}}. Lines that come together \
         share a request, up to {ITEMS_MAX}. What is asked for again is said once.\n\n\
         {KEY_HELP}\n\n\
         {}\n\n\
         Exit status: 0 if all was said, 1 if some of it was refused, 2 if the command line makes no sense, or the server \
         cannot be reached or refuses to listen.",
        *PATIENCE_HELP
    )
});

impl Publish {
    /// What is to be said, and where.
    ///
    /// # Errors
    /// It is said to nobody, to two, or to a server that cannot be asked like that.
    pub fn wish(self) -> Result<(asking::Api, Wish), AskError> {
        let (recipient, message) = match (self.to, self.channel, self.message) {
            (None, None, _) => return Err(AskError::Nobody),
            (None, Some(channel), message) => (Recipient::Channel(channel), message),
            (Some(person), message, None) => (Recipient::Person(person), message),
            (Some(_), channel, Some(_)) => {
                return Err(AskError::Both(channel.unwrap_or_default()));
            }
        };
        let wish = Wish {
            recipient,
            message,
            is_data: self.data,
            id: self.id,
        };
        Ok((self.server.reach()?, wish))
    }
}

fn id(text: &str) -> Result<String, String> {
    if is_idempotency_key(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "it must have 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible characters of ASCII"
    ))
}
