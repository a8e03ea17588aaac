//! Webhooks: where a program hears of what happens, of what, and in which form
//! ([Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)).

mod answer;
mod event;
mod payload;
mod secret;
mod url;

use std::path::PathBuf;
use std::time::Duration;

pub use self::{
    answer::{Answer, Verdict},
    event::{Happening, Topic, TopicError, Topics, encode},
    payload::Payload,
    secret::{SecretError, WebhookSecret},
    url::{WebhookUrl, WebhookUrlError},
};
use super::config::{
    WEBHOOK_ATTEMPT_TIMEOUT, WEBHOOK_GATHERING, WEBHOOK_PATIENCE, WEBHOOK_RETRY_WAITS,
    WEBHOOK_VACANCY,
};

/// The endpoint that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where it is.
    pub url: WebhookUrl,
    /// The file with the secret that all is signed with.
    pub secret: PathBuf,
    /// What it is told of.
    pub topics: Topics,
    /// How long what takes; not the operator's to set.
    pub pace: WebhookPace,
}

/// How long what takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookPace {
    /// How long an event waits for others to be told with it.
    pub gathering: Duration,
    /// How long a channel has to be without members before that is told.
    pub vacancy: Duration,
    /// How long one attempt may take, from the look-up of the host to the end of the answer.
    pub attempt: Duration,
    /// The longest first wait before another attempt, and the longest of all.
    pub waits: [Duration; 2],
    /// How long events are tried to be told, from the first attempt on.
    pub patience: Duration,
}

impl Default for WebhookPace {
    fn default() -> Self {
        Self {
            gathering: WEBHOOK_GATHERING,
            vacancy: WEBHOOK_VACANCY,
            attempt: WEBHOOK_ATTEMPT_TIMEOUT,
            waits: WEBHOOK_RETRY_WAITS,
            patience: WEBHOOK_PATIENCE,
        }
    }
}
