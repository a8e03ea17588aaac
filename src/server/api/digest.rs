//! By what programs, and what they ask for, are known.

use sha2::{Digest, Sha256};

/// A digest that is long enough to be nothing else's.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    *digest.first_chunk().expect("half of it")
}
