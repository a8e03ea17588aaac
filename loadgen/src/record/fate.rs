//! What becomes of what has not come in the end.

/// What becomes of what a client must get next and will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was waited for in vain.
    Lost,
    /// Its client had been disconnected.
    Missed,
    /// It may be under way, and nobody waited for it.
    Unknown,
}
