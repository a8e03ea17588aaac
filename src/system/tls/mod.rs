//! TLS (RFC 8446, RFC 5246): the certificate that a server shows, whom a client trusts, and sockets that speak it on
//! either side.
//!
//! Everything above sees a stream like any other. What is shared by many receivers stays shared until here, where it is
//! encrypted for each.

pub mod client;
pub mod failure;
mod named;
pub mod server;
pub mod socket;
mod verifier;

/// The protocol that is spoken inside, and no other (RFC 7301; a WebSocket begins with HTTP/1.1).
const ALPN: &[u8] = b"http/1.1";
