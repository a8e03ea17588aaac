//! Hubbub: a WebSocket broadcast and chat server on one thread.

pub mod vocabulary;
