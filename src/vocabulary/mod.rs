//! Ring 0: the words that all other rings speak. Plain values; nothing here keeps state or reaches outside.

pub mod address;
pub mod api;
pub mod arrival;
pub mod authority;
pub mod chat;
pub mod coding;
pub mod config;
pub mod deflate;
pub mod forwarded;
pub mod frame;
pub mod id;
pub mod message;
pub mod name;
pub mod origin;
pub mod pass;
pub mod reason;
pub mod redis;
pub mod time;
pub mod units;
pub mod visible;
pub mod webhook;
