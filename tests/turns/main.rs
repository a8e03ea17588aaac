//! Single turns of the server, over streams in memory: what they allocate, and what they put together.

mod allocations;
mod asking;
mod batch_window;
mod budget;
mod calls;
mod drain;
mod inflating;
mod keep_alive;
mod lag;
mod memory;
mod operators;
mod room;
mod scrapes;
mod stream;
#[path = "../../benches/nodes/world.rs"]
#[expect(dead_code, reason = "the benches do more in it")]
mod world;
