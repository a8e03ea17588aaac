//! Redis, over any [`Stream`](super::stream::Stream).

mod resp;
