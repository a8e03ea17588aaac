//! Hubbub: a WebSocket broadcast and chat server on one thread and a custom event loop.
//!
//! # The map
//!
//! Four rings; each imports only itself and those inside it (`tests/layers.rs` checks).
//!
//! | ring | folder | what lives there |
//! |---|---|---|
//! | 3 | [`system`] | the operating system: [`reactor`](system::reactor) (`mio` is known to this ring only), [`listeners`](system::listeners), [`socket`](system::socket), [`tls`](system::tls), [`credentials`](system::credentials), [`service`](system::service) (a process of its own), [`supervisor`](system::supervisor), [`clock`](system::clock), [`log`](system::log) and [`webhooks`](system::webhooks) (the only other threads), [`cli`](system::cli), [`opening`](system::opening) (a client's handshake), [`client`](system::client), [`asking`](system::asking) (the door for programs, from a terminal) |
//! | 2 | [`server`] | [`Server<S>`](server::Server) over any non-blocking [`Stream`](server::stream::Stream): [`connection`](server::connection), [`proxy_protocol`](server::proxy_protocol), [`http`](server::http), [`endpoint`](server::endpoint), [`gate`](server::gate) (who may have a session), [`api`](server::api) (the door for programs), [`survey`](server::survey) (a look at everyone, for those who ask how it goes), [`page`](server::page) (the chat's and the operator's), [`refusals`](server::refusals) (what the log says of them), [`websocket`](server::websocket) (only this and the client know `tungstenite`), [`redis`](server::redis) (the link of a node to others), [`webhooks`](server::webhooks) (what a program is told when) |
//! | 1 | [`state`] | pure state: [`engine`](state::engine) (in which order things happen), [`journal`](state::journal) (the same on many nodes), [`snapshot`](state::snapshot) (for a node that comes later), [`freezing`](state::freezing), [`hub`](state::hub), [`log`](state::log) (what a channel remembers), [`channel`](state::channel), [`batch`](state::batch), [`outbox`](state::outbox), [`dialect`](state::dialect)s ([`chat`](state::dialect::chat), relay, echo), [`events`](state::events) (what a program is told of), [`addresses`](state::addresses), [`timers`](state::timers), [`throttle`](state::throttle), [`backoff`](state::backoff), [`metrics`](state::metrics), [`lately`](state::lately) (what was measured in the last minute), [`commons`](state::commons) |
//! | 0 | [`vocabulary`] | plain values: [`address`](vocabulary::address), [`arrival`](vocabulary::arrival), [`config`](vocabulary::config) with every bound, [`frame`](vocabulary::frame), [`message`](vocabulary::message), [`chat`](vocabulary::chat) (its protocol), [`api`](vocabulary::api) (what programs say), [`reason`](vocabulary::reason), [`webhook`](vocabulary::webhook), [`id`](vocabulary::id), [`time`](vocabulary::time) |
//!
//! Data flows one way: socket → bytes → message → engine → hub → outbox → socket.
//!
//! # One turn
//!
//! The reactor polls, reads the clock, notes each event with [`Server::signal`](server::Server::signal), accepts who
//! knocks, and calls [`Server::turn`](server::Server::turn). First what is due is said and forgotten: by the clock if this
//! server is alone, else by the time of what is read of the sequence, before what is done then. And then:
//!
//! 1. **Read.** Before anything is read, programs are shown a share of what they asked to see of all connections. Connections with input get to it in the order in which it came, each up to a share before the next
//!    one's turn, all together up to [`TURN_BYTES_MAX`](vocabulary::config::TURN_BYTES_MAX), of which half is for those at the
//!    operator's listener if they have as much. Whoever is left over comes first in the next turn. What someone does goes to the *engine* as an [`Action`](state::engine::Action); once that gives
//!    it back as sequenced, which the local one does at once, what is said is numbered, goes into the *open batch* of its
//!    channel and is copied into the channel's log; nothing is written yet.
//! 2. **Expire.** Deadlines that have passed. Silence counts against a peer only if all that it may have sent was read,
//!    so that a stop of this process costs no live peer.
//! 3. **Seal.** Each open batch is encoded once for each form that someone wants. First single clients get, in the
//!    order in which it came about, what they alone are told and what they are owed of channels that they left; then
//!    every member's outbox gets a reference to the batch. So `joined` comes before what is said after it, and `left`
//!    after what was said before it. With a batch window, what was merely said in channels may wait for more, for up to
//!    as long. Who asked for what it missed is handed it out of the log, as it takes it, in runs that all who ask for the
//!    same share; until it has caught up, what is live comes to it from there too.
//! 4. **Write.** Each outbox with something in it is flushed once; usually that is one `send` of shared bytes.
//! 5. **Reap.** Who ended is removed, with a reason that is logged and counted.
//!
//! # Invariants
//!
//! - Every member of a channel gets every message of that channel exactly once, in channel order, from its join to its
//!   leave, or is told which numbers it goes without, or is disconnected with a
//!   [`Reason`](vocabulary::reason::Reason). Nothing is skipped in silence (on a relay, only metrics tell).
//! - A membership changes in O(1) and seals nothing: a [`Member`](state::channel::Member) knows the number of the
//!   first message that is its own, and one who leaves is owed the prefix.
//! - All bytes for a peer leave through its [`Outbox`](state::outbox::Outbox), frame by whole frame.
//! - Between messages a connection holds no protocol state: whole frames are read by one context that all share, and
//!   one of its own is made only for a message that has begun and not ended.
//! - The clock is read by the reactor only, and chance comes from seeds: `tests/simulation` runs the same
//!   [`Server`](server::Server) over fake sockets, and any seed replays by itself.
//! - A slot of the slab may be used again, its [`Key`](vocabulary::id::Key) never is: late events find nobody.
//!
//! # Embedding
//!
//! ```no_run
//! use hubbub::{system::reactor::Reactor, vocabulary::config::Config};
//!
//! let reactor = Reactor::bind(Config::default())?;
//! let stopper = reactor.stopper(); // for another thread
//! println!("listening on {}", reactor.places()[0].url);
//! reactor.run()?;
//! # Ok::<(), hubbub::system::reactor::ReactorError>(())
//! ```

pub mod server;
pub mod state;
pub mod system;
pub mod vocabulary;
