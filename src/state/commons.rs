//! What all sessions act on.

use super::{dialect::chat::Registry, hub::Hub};

/// The channels, and the people of the chat.
#[derive(Debug)]
pub struct Commons {
    /// Who is in which channel.
    pub hub: Hub,
    /// Who is who in the chat.
    pub registry: Registry,
}

impl Commons {
    /// Nobody yet.
    pub fn new(registry: Registry) -> Self {
        Self {
            hub: Hub::default(),
            registry,
        }
    }
}
