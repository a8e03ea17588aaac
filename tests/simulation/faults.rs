//! The operations of all streams, counted, so that any one of them can be made to fail.

use std::cell::Cell;

/// In which way an operation fails, or does less than it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is broken.
    Reset,
    /// The peer has ended its side; one that would write is told that nothing was taken.
    End,
    /// It would block, and an event follows.
    Block,
    /// It is interrupted by a signal.
    Interrupt,
    /// It moves a single byte.
    Short,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Reset,
        Self::End,
        Self::Block,
        Self::Interrupt,
        Self::Short,
    ];
}

/// How many operations there were, and which one fails.
#[derive(Debug, Default)]
pub struct Operations {
    made: Cell<u64>,
    failing: Option<(u64, Fault)>,
}

impl Operations {
    /// Counts from nothing; the operation of this number fails, if one is named.
    pub fn new(failing: Option<(u64, Fault)>) -> Self {
        Self {
            made: Cell::new(0),
            failing,
        }
    }

    /// Counts one, and says how it fails.
    pub fn count(&self) -> Option<Fault> {
        let number = self.made.get();
        self.made.set(number + 1);
        self.failing
            .filter(|&(failing, _)| failing == number)
            .map(|(_, fault)| fault)
    }

    /// How many there were.
    pub fn made(&self) -> u64 {
        self.made.get()
    }
}
