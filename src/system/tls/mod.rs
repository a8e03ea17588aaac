//! TLS (RFC 8446, RFC 5246): the certificate that a server shows, and sockets that speak it on either side.
//!
//! Everything above sees a stream like any other. What is shared by many receivers stays shared until here, where it is
//! encrypted for each.

pub mod server;
pub mod socket;
