//! HTTP/1 on the same port: a request from bytes, a response to bytes (RFC 9112).

mod bodies;
mod body;
mod error;
mod request;
mod response;

pub(super) use self::error::RETRY_AFTER_SECONDS;
pub use self::{
    bodies::{Bodies, Share},
    body::{Body, Framing},
    error::{HttpError, METHODS, SESSION_METHODS},
    request::{Head, entries, headers, keeps_alive, lists, media_type, parse},
    response::Response,
};
