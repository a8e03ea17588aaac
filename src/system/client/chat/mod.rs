//! The chat protocol as people type and read it.

pub mod commands;
mod event;
mod rendering;

use self::{commands::Commands, rendering::Rendering};
use super::said::Said;

/// One client's side of the chat: what its lines mean depends on what the server answered.
#[derive(Debug, Default)]
pub struct Chat {
    commands: Commands,
    rendering: Rendering,
}

impl Chat {
    /// What to send to join a channel, which is then the current one unless the server refuses.
    pub fn join(&mut self, channel: &str) -> String {
        self.commands.join(channel)
    }

    /// Understands a line: JSON as it is, a command, or a message to the current channel.
    pub fn understand(&mut self, line: String) -> Said {
        self.commands.understand(line)
    }

    /// A line for one object of the server's; what is not understood stays as it is. The text of peers is in it as they
    /// wrote it.
    pub fn line(&mut self, object: &str) -> String {
        let Ok(event) = serde_json::from_str(object) else {
            return object.to_owned();
        };
        self.commands.heed(&event);
        self.rendering.line(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_stays_as_it_is() {
        for object in [
            r#"{"action":"history","lines":[]}"#,
            r#"{"action":"left"}"#,
            "not JSON",
            "",
        ] {
            assert_eq!(Chat::default().line(object), object);
        }
    }
}
