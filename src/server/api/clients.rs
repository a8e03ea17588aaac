//! Clients, as they are shown.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use crate::{
    server::connection::Standing,
    state::{commons::Commons, dialect::DialectName, hub::ClientId},
    vocabulary::id::{CONNECTION, Key, NodeId},
};

/// Some clients.
#[derive(Debug, Serialize)]
pub struct Clients<'a> {
    clients: Vec<ClientRow<'a>>,
    /// The server that this is told of, if it is one of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeId>,
}

/// A client.
#[derive(Debug, Serialize)]
pub struct ClientRow<'a> {
    id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    dialect: &'static str,
    /// The server that it is at, if that is one of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeId>,
    channel_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<Vec<&'a str>>,
    /// What only its own server knows.
    #[serde(flatten)]
    here: Option<Here>,
    #[serde(skip)]
    client: Option<ClientId>,
}

/// How it goes with a client that is here.
#[derive(Debug, Serialize)]
struct Here {
    /// Its connection, as the log names it.
    connection: String,
    unsent_bytes: usize,
    lag_ms: u128,
    age_seconds: u64,
}

impl<'a> Clients<'a> {
    /// These clients, of one server of several if it says which.
    pub fn new(clients: Vec<ClientRow<'a>>, node: Option<NodeId>) -> Self {
        Self { clients, node }
    }
}

impl<'a> ClientRow<'a> {
    /// One that is at this server.
    pub fn here(
        commons: &'a Commons,
        key: Key,
        standing: Standing,
        age: Duration,
        node: Option<NodeId>,
    ) -> Self {
        let Standing {
            dialect,
            client,
            unsent_bytes,
            lag,
        } = standing;
        let person = client.and_then(|client| commons.registry.shown(client));
        let person = person.filter(|_| dialect == DialectName::Chat);
        let id = person.map_or_else(
            || Cow::Owned(format!("{CONNECTION}{key}")),
            |(identity, _)| Cow::Borrowed(&*identity.id),
        );
        Self {
            id,
            name: person.map(|(identity, _)| &*identity.name),
            dialect: dialect.name(),
            node,
            channel_count: client.map_or(0, |client| commons.hub.memberships(client).len()),
            channels: None,
            here: Some(Here {
                connection: key.to_string(),
                unsent_bytes,
                lag_ms: lag.as_millis(),
                age_seconds: age.as_secs(),
            }),
            client,
        }
    }

    /// One of the chat that is at another server.
    pub fn elsewhere(commons: &'a Commons, client: ClientId) -> Option<Self> {
        let (identity, node) = commons.registry.shown(client)?;
        Some(Self {
            id: Cow::Borrowed(&*identity.id),
            name: Some(&*identity.name),
            dialect: DialectName::Chat.name(),
            node,
            channel_count: commons.hub.memberships(client).len(),
            channels: None,
            here: None,
            client: Some(client),
        })
    }

    /// The same with the names of its channels, if as many may still be told.
    #[must_use]
    pub fn with_channels(mut self, commons: &'a Commons, left: &mut usize) -> Self {
        let Some(rest) = left.checked_sub(self.channel_count) else {
            return self;
        };
        *left = rest;
        self.channels = self.client.map(|client| {
            let channels = commons.hub.memberships(client);
            channels.map(|channel| commons.hub.name(channel)).collect()
        });
        self
    }

    /// Whether something waits for it.
    pub fn lags(&self) -> bool {
        let here = self.here.as_ref();
        here.is_some_and(|here| here.unsent_bytes > 0)
    }
}
