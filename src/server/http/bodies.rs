//! Room for the bodies of all requests together.

use std::cell::Cell;
use std::rc::Rc;

use super::HttpError;

/// How much of it is taken.
#[derive(Debug)]
pub struct Bodies {
    taken_bytes: Rc<Cell<usize>>,
    most_bytes: usize,
}

/// What one body takes of it, until it is dropped.
#[derive(Debug)]
pub struct Share {
    taken_bytes: Rc<Cell<usize>>,
    most_bytes: usize,
    bytes: usize,
}

impl Bodies {
    /// Room for so many bytes.
    pub fn new(most_bytes: usize) -> Self {
        Self {
            taken_bytes: Rc::default(),
            most_bytes,
        }
    }

    /// A share of which nothing is used.
    pub fn share(&self) -> Share {
        Share {
            taken_bytes: Rc::clone(&self.taken_bytes),
            most_bytes: self.most_bytes,
            bytes: 0,
        }
    }
}

impl Share {
    /// Makes it so many bytes.
    ///
    /// # Errors
    /// 503: there is no room for that beside the others.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), HttpError> {
        let taken = self.taken_bytes.get() - self.bytes + bytes;
        if taken > self.most_bytes {
            return Err(HttpError::bodies_full());
        }
        self.taken_bytes.set(taken);
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.taken_bytes.set(self.taken_bytes.get() - self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_has_taken_is_there_for_others_when_it_is_gone() {
        let bodies = Bodies::new(10);
        let (mut one, mut other) = (bodies.share(), bodies.share());
        assert!(one.grow_to(6).is_ok() && other.grow_to(4).is_ok());
        assert_eq!(one.grow_to(7).unwrap_err().status.as_u16(), 503);
        assert!(one.grow_to(6).is_ok());
        drop(other);
        assert!(one.grow_to(10).is_ok());
        drop(one);
        assert!(bodies.share().grow_to(10).is_ok());
    }
}
