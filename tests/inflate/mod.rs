//! What reads what was deflated (RFC 7692, section 7.2.2), as strictly as a client may: by another library than the one that
//! deflates, and with no more memory of what was before than its window. (The inflater of zlib-rs has 32 KiB, however few it
//! is told to have.)

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_HAS_MORE_INPUT},
};

/// Inflates the payload of a message for one who has a window of `2^window_bits` bytes.
///
/// # Errors
/// It does not inflate, in which way.
pub fn inflate(window_bits: u8, payload: &[u8]) -> Result<Vec<u8>, String> {
    let mut state = DecompressorOxide::new();
    let mut window = vec![0; 1 << window_bits];
    let input = [payload, &[0, 0, 0xff, 0xff]].concat();
    let (mut rest, mut at) = (&input[..], 0);
    let mut inflated = Vec::new();
    loop {
        let (status, read, written) =
            decompress(&mut state, rest, &mut window, at, TINFL_FLAG_HAS_MORE_INPUT);
        inflated.extend_from_slice(&window[at..at + written]);
        rest = &rest[read..];
        at = (at + written) % window.len();
        match status {
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::NeedsMoreInput if rest.is_empty() => return Ok(inflated),
            TINFLStatus::Done => return Err("a final block".to_owned()),
            other => return Err(format!("{other:?}")),
        }
    }
}
