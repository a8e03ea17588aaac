//! The door for programs, at the operator's listener: who they are, and what they may do.

mod caller;
mod door;
mod error;
mod keys;

pub use self::{
    caller::Caller,
    door::{Door, Knock},
    keys::{ApiKeys, ApiKeysError},
};
