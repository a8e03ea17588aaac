//! Redis, over any [`Stream`](super::stream::Stream).

#![expect(dead_code, reason = "what asks and reads comes with the next commit")]

mod connection;
mod greeting;
mod outage;
mod resp;
mod script;
mod terms;
#[cfg(test)]
mod testing;
mod wire;
