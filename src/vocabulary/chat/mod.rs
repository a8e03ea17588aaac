//! The chat protocol of `/ws`: what clients ask, what they are answered, and what goes wrong, as JSON.

mod content;
mod error;
mod request;
mod told;
mod who;

pub use self::{
    content::{Content, compact},
    error::ChatError,
    request::{Action, Past, Request, Text, reference},
    told::{
        EpochReason, Event, GapReason, LeftReason, Recovery, Span, Told, Unrecovered, address,
        number,
    },
    who::{ChannelEntry, Identity, Limits, Mention, ServerIdentity},
};

pub(in crate::vocabulary) use self::request::object;

#[cfg(test)]
mod tests;
