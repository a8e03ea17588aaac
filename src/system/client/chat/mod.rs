//! The chat protocol as people type and read it.

pub mod commands;
pub mod rendering;
