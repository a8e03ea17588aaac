//! What a line that is typed means.

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Text to send.
    Send(String),
    /// Something to tell the user, and nothing to send.
    Hint(String),
    /// The wish to leave.
    Quit,
    /// Nothing.
    Nothing,
}
