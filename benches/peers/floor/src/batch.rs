//! Messages that leave together, as one text frame that is built in place.

use crate::wire::{self, HEADER_MAX};

/// The payloads, joined by newlines, with room for the header before them.
pub struct Batch(Vec<u8>);

impl Batch {
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(1024 * 1024);
        bytes.resize(HEADER_MAX, 0);
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.len() == HEADER_MAX
    }

    pub fn push(&mut self, message: &[u8]) {
        if !self.is_empty() {
            self.0.push(b'\n');
        }
        self.0.extend_from_slice(message);
    }

    /// The frame.
    pub fn frame(&mut self) -> &[u8] {
        let (header, length) = wire::text_header(self.0.len() - HEADER_MAX);
        let start = HEADER_MAX - length;
        self.0[start..HEADER_MAX].copy_from_slice(&header[..length]);
        &self.0[start..]
    }

    pub fn clear(&mut self) {
        self.0.truncate(HEADER_MAX);
    }
}
