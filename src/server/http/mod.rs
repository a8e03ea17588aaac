//! HTTP/1 on the same port: a request from bytes, a response to bytes (RFC 9112).

mod error;
mod request;
mod response;

pub use self::{
    error::{HttpError, METHODS, SESSION_METHODS},
    request::{entries, headers, keeps_alive, lists, parse},
    response::Response,
};
