//! What is fuzzed, and what must hold whatever the input. A target is a module with a `run`, which panics where it does
//! not hold; the fuzzer calls it, and so do the ordinary tests.

pub mod body;
pub mod chat;
pub mod inflate;
pub mod request;
pub mod server;
pub mod websocket;
mod wire;

/// The time of day, in milliseconds since the Unix epoch.
const UNIX_MS: u64 = 2_000_000_000_000;
/// The secret that tokens are signed with.
const SECRET: &[u8] = b"a secret of thirty-two bytes or so";
/// A token: for ten seconds, for channels that begin with `t`, and to publish in `tea`.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjIwMDAwMDAwMTAsInN1YiI6ImFkYS0xIiwiY2hhbm5lbHMiOlsidCoiXSwicHVibGlzaCI6WyJ0ZWEiXX0.LFwBnHMoZZzO960Zz6tHvlGHxAPlZOXi_gTTsPaDMW0";

/// Cuts input into pieces of all sizes, as a seed decides.
fn pieces(seed: u8, input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut chance = fastrand::Rng::with_seed(seed.into());
    let mut rest = input;
    std::iter::from_fn(move || {
        let most = rest.len().min(1 << chance.u8(0..12));
        let piece;
        (piece, rest) = rest.split_at(chance.usize(most.min(1)..=most));
        (!piece.is_empty()).then_some(piece)
    })
}
