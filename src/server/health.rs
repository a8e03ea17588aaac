//! How a server stands with others of the same hub.

use super::http::HttpError;

/// Whether a server can agree with the others on an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It can, or is alone.
    #[default]
    Good,
    /// It never could yet, and knows of nobody.
    Coming,
    /// It could, and cannot for now: it still knows what there was.
    Cut,
}

impl Health {
    /// That all is well.
    ///
    /// # Errors
    /// What to answer if not: whoever balances is to send people elsewhere.
    pub fn check(self) -> Result<(), HttpError> {
        match self {
            Self::Good => Ok(()),
            Self::Coming => Err(HttpError::redis(
                "the server waits for Redis to learn what there is",
            )),
            Self::Cut => Err(HttpError::redis(
                "the server has lost Redis, and waits for it",
            )),
        }
    }

    /// That people may come in.
    ///
    /// # Errors
    /// What to answer if not.
    pub fn admit(self) -> Result<(), HttpError> {
        match self {
            Self::Good | Self::Cut => Ok(()),
            Self::Coming => self.check(),
        }
    }
}
