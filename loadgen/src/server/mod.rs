//! The server under test as a process: one that the run starts itself, or any other.

pub mod find;
pub mod own;
pub mod usage;
