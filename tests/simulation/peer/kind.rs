//! What there is to speak.

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Relay,
    Chat,
    Echo,
    Http,
    /// It comes by the operator's listener.
    Program,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Relay,
        Self::Chat,
        Self::Echo,
        Self::Http,
        Self::Program,
    ];

    /// Whether it wants a session.
    pub fn has_session(self) -> bool {
        !matches!(self, Self::Http | Self::Program)
    }
}
