//! The flags of `hubbub serve` that say which program is told what happens.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};

use crate::vocabulary::{
    config::Config,
    webhook::{Topic, WebhookPace, WebhookSettings, WebhookUrl},
};

/// Where a program hears of what happens in the chat, and of what.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of flags")]
pub struct Webhook {
    /// Endpoint that is told what happens in channels of the chat (Standard Webhooks), like <https://example.com/hubbub>; of
    /// several servers (--redis) one tells, so all should have the same
    #[arg(
        long,
        env = "HUBBUB_WEBHOOK",
        hide_env_values = true,
        value_name = "URL",
        requires = "webhook_secret"
    )]
    webhook: Option<WebhookUrl>,

    /// File with the secret that it is signed with: whsec_ and base64 of 24 to 64 bytes; read again on SIGHUP; the same for
    /// several servers
    #[arg(
        long,
        env = "HUBBUB_WEBHOOK_SECRET",
        value_name = "FILE",
        requires = "webhook"
    )]
    webhook_secret: Option<PathBuf>,

    /// What it is told of: channels that get their first member, or have lost their last for 5s; members who come and go; and
    /// messages (repeatable, or separated by commas); that the server has started it is told always; of several servers those
    /// that differ do not come in
    #[arg(
        long,
        env = "HUBBUB_WEBHOOK_EVENTS",
        value_name = "EVENT",
        value_delimiter = ',',
        default_value = "occupied,vacated",
        requires = "webhook",
        value_parser = PossibleValuesParser::new(Topic::ALL.map(Topic::name))
            .try_map(|name| name.parse::<Topic>())
    )]
    webhook_events: Vec<Topic>,
}

impl Webhook {
    /// The settings with these.
    pub(super) fn tell(self, config: Config) -> Config {
        let webhook = self.webhook.zip(self.webhook_secret);
        let topics = self.webhook_events.into_iter().collect();
        let webhook = webhook.map(|(url, secret)| WebhookSettings {
            url,
            secret,
            topics,
            pace: WebhookPace::default(),
        });
        Config { webhook, ..config }
    }
}
