//! How a result is said: as a table, as a page, as text for other tools, and while it comes about.

pub mod digest;
pub mod files;
pub mod hdr;
pub mod live;
pub mod pages;
pub mod sentence;
pub mod table;
