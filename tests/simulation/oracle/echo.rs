//! The promise of the echo: each message comes back as it was, once and in order.

use crate::peer::{Part, Peer};

pub fn check(peers: &[Peer]) -> Result<(), String> {
    for peer in peers {
        let Part::Echo(echo) = &peer.part else {
            continue;
        };
        let (sent, heard) = (echo.sent.len(), echo.heard.len());
        if !echo.sent.starts_with(&echo.heard) {
            return Err(format!("peer {} got another echo", peer.id));
        }
        if peer.is_whole() && heard < sent {
            return Err(format!("peer {} got {heard} of {sent} echoes", peer.id));
        }
    }
    Ok(())
}
