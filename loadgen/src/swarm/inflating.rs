//! What a server deflated, as it was before: equal messages once for all the clients of a thread, as long as the server
//! refers back to nothing; and what that takes of the thread.

use hubbub::state::inflation::{Context, InflateError, Inflation};

use thiserror::Error;

use crate::{
    plan::stamp::MESSAGE_BYTES_MAX,
    record::{Record, sample::Deflated},
    server::usage::Stopwatch,
    swarm::equal::Equal,
};

/// Reading the CPU clock takes longer than finding an equal message, so that only every so many of these searches are timed
/// (and stand for the others). Whatever is inflated is timed each time.
const SEARCHES_PER_TIMED: u64 = 64;

/// A message that says nothing, after which nothing can be understood either.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Garbled {
    /// It is not what was agreed on. The server's fault.
    #[error("the server deflates in another way than it agreed to: {0}")]
    Otherwise(InflateError),
    /// It may be right, and is not understood here.
    #[error("the server deflates in a way that is not understood here: {0}")]
    Unread(InflateError),
    /// More than [`MESSAGE_BYTES_MAX`], which is more than is taken in.
    #[error("the server sent a deflated message that is larger than {MESSAGE_BYTES_MAX} bytes")]
    TooLong,
}

impl From<InflateError> for Garbled {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Corrupt | InflateError::ContextKept => Self::Otherwise(error),
            InflateError::TooFarBack => Self::Unread(error),
            InflateError::TooLong { .. } => Self::TooLong,
        }
    }
}

/// What all clients of a thread share.
#[derive(Debug)]
pub struct Inflating {
    shared: Inflation,
    equal: Equal,
    searches: u64,
}

impl Default for Inflating {
    fn default() -> Self {
        Self {
            shared: Inflation::new(Context::Fresh),
            equal: Equal::default(),
            searches: 0,
        }
    }
}

impl Inflating {
    /// Inflates a message, with the client's `own` state if the server refers back to what it said before.
    ///
    /// # Errors
    /// The server's: it cannot be inflated.
    pub fn inflate<'a>(
        &'a mut self,
        message: &[u8],
        own: Option<&'a mut Inflation>,
        record: &mut Record,
    ) -> Result<&'a [u8], Garbled> {
        let mut deflated = Deflated {
            messages: 1,
            bytes: message.len() as u64,
            ..Deflated::default()
        };
        let inflated = match own {
            Some(own) => {
                let watch = Stopwatch::start();
                let inflated = own.inflate(message, MESSAGE_BYTES_MAX)?;
                deflated.add_inflation(&watch);
                inflated
            }
            None => self.once(message, &mut deflated)?,
        };
        deflated.inflated_bytes = inflated.len() as u64;
        record.inflated(deflated);
        Ok(inflated)
    }

    /// The same of a message that says all by itself, unless an equal one was inflated.
    fn once(&mut self, message: &[u8], deflated: &mut Deflated) -> Result<&[u8], InflateError> {
        let is_timed = self.searches.is_multiple_of(SEARCHES_PER_TIMED);
        self.searches += 1;
        let watch = is_timed.then(Stopwatch::start);
        let found = self.equal.find(message);
        if let Some(watch) = watch {
            deflated.cpu_ns += watch.ns() * SEARCHES_PER_TIMED;
        }
        let place = match found {
            Ok(place) => place,
            Err(place) => {
                let watch = Stopwatch::start();
                let inflated = self.shared.inflate(message, MESSAGE_BYTES_MAX)?;
                self.equal.put(place, message, inflated);
                deflated.add_inflation(&watch);
                place
            }
        };
        Ok(self.equal.inflated(place))
    }
}

impl Deflated {
    fn add_inflation(&mut self, watch: &Stopwatch) {
        self.inflations += 1;
        self.cpu_ns += watch.ns();
    }
}
