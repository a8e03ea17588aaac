//! How the payloads of messages are coded on their way: as they are, or deflated (RFC 7692, `permessage-deflate`).
//!
//! No side keeps anything from one message to the next, so that what is deflated once is right for everyone who reads it.

/// How a peer and its server have agreed to code messages. Each may still send any of them plain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are: nothing was agreed on.
    #[default]
    Plain,
    /// Deflated, if that pays.
    Deflate(Window),
}

/// How far back what is deflated for a peer may refer to. What comes from a peer may refer back as far as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// 512 bytes: of a peer that asked for less than the usual.
    Small,
    /// 32 KiB.
    Full,
}

impl Window {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Small, Self::Full];

    /// The base-2 logarithm of its bytes (RFC 7692, section 7.1.2.1).
    pub const fn bits(self) -> u8 {
        match self {
            Self::Small => 9,
            Self::Full => 15,
        }
    }
}
