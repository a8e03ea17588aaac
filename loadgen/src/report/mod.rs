//! How a result is said: as text, as a page, as text for other tools, and while it comes about.

mod deflated;
pub mod expected;
pub mod facts;
mod figure;
pub mod files;
pub mod hdr;
pub mod heading;
pub mod live;
pub mod pages;
pub mod sentence;
pub mod tables;
pub mod text;
pub mod view;
