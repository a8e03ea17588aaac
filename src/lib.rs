//! Hubbub: a WebSocket broadcast and chat server on one thread.

pub mod server;
pub mod state;
pub mod system;
pub mod vocabulary;
