//! What a server may hold, by its settings and by how many connections it ever had at once.

use hubbub::server::Server;
use hubbub::state::memory::Memory;
use hubbub::vocabulary::config::{
    CLIENT_CHANNELS_MAX, Config, FRAME_BYTES_MAX, RECEIVE_BYTES_MAX, SPARE_BATCHES_MAX,
    TURN_BYTES_MAX,
};

use crate::socket::FakeSocket;

/// A place for a connection on all lists that there are: in the slab, in the timers, in the hub, among those who read
/// and write, by address, and by name and id in the chat.
const PLACE_BYTES: usize = 2 << 10;
/// A place in the roster of a channel.
const MEMBERSHIP_BYTES: usize = 128;
/// Lists and tables double, and the first of them have room for a few.
const GROWTH: usize = 4;
/// What there is without any connection: the wheel of the timers, and room in lists that were never full.
const BASE_BYTES: usize = 16 << 10;
/// A batch that is kept to be used again: bodies, and where they end.
const SPARE_BATCH_BYTES: usize = 2 * FRAME_BYTES_MAX;
/// How much more than the bytes of messages their encoded form takes, however short they are: where each begins and
/// ends.
const ENCODING: usize = 8;
/// More channels than any run has at once.
const LOGS: usize = 70;
/// The largest page.
const PAGE_BYTES_MAX: usize = 64 << 10;
/// What is known of all that the programs of a run have published, for as long as it is.
const RECEIPTS_BYTES: usize = 256 << 10;
/// What deflates, within a small window and the usual one.
const PRESS_BYTES: usize = 700 << 10;
/// The close frame, pongs, and frame headers.
const CONTROL_BYTES: usize = 1 << 10;

/// What may be held at the end of a turn, part by part, by a server that had up to so many connections at once.
///
/// A connection has its places; a request that has not fully arrived, or several that came together; and a message
/// that has not. What it may leave unsent is `max_unsent_bytes`, not counting one message or page, and it may hold on to
/// all of a batch of which it lacks the end. What is said in all channels waits in batches that are sealed once they have
/// what a turn takes in, and a turn goes beyond that by no more than one message and what is answered to it.
pub fn most_memory(config: &Config, connections: usize) -> Memory {
    let batch = 2 * (TURN_BYTES_MAX + config.max_message_bytes);
    let requests = 2 * (config.max_request_head_bytes + RECEIVE_BYTES_MAX);
    let lag = config.max_unsent_bytes + config.max_message_bytes.max(PAGE_BYTES_MAX);
    let places = least_memory(connections);
    Memory {
        connections: places.connections + connections * requests,
        outboxes: connections * (ENCODING * (lag + CONTROL_BYTES) + batch),
        channels: places.channels + ENCODING * batch,
        logs: places.logs + most_logs(config),
        compression: places.compression,
        receipts: places.receipts,
        events: places.events,
        people: places.people + connections * CLIENT_CHANNELS_MAX * MEMBERSHIP_BYTES,
        input: places.input + connections * 2 * (config.max_message_bytes + CONTROL_BYTES),
    }
}

/// What logs may hold: their bytes, what is to be known of each message, however short, and room for a message that was
/// large and is gone.
fn most_logs(config: &Config) -> usize {
    ENCODING * config.history.total_bytes + LOGS * 2 * config.max_message_bytes
}

/// What a server may still hold when everyone is gone: the lists that have grown, a number of empty batches, and the
/// buffer that all read into.
pub fn least_memory(connections: usize) -> Memory {
    let places = BASE_BYTES + GROWTH * connections * PLACE_BYTES;
    Memory {
        connections: places,
        outboxes: 0,
        channels: places + SPARE_BATCHES_MAX * SPARE_BATCH_BYTES,
        logs: places,
        people: places,
        receipts: RECEIPTS_BYTES,
        compression: PRESS_BYTES,
        events: 0,
        input: RECEIVE_BYTES_MAX,
    }
}

/// What all peers together may leave unsent: the bound for all; but who is given up keeps the rest of a frame.
pub fn most_unsent(config: &Config, connections: usize) -> usize {
    let frame = config.max_message_bytes.max(FRAME_BYTES_MAX) + CONTROL_BYTES;
    let each = config.max_unsent_bytes + config.max_message_bytes.max(PAGE_BYTES_MAX);
    let total = config.max_unsent_total_bytes + connections * frame;
    total.min(connections * (each + CONTROL_BYTES))
}

/// Judges what is held at the end of a turn.
///
/// So much of other servers' clients and of those who are gone is known to it, or under way.
///
/// # Errors
/// What there is too much of.
pub fn check(
    server: &Server<FakeSocket>,
    config: &Config,
    connections: usize,
    elsewhere: usize,
) -> Result<(), String> {
    let [timers, clients, _, _] = server.leftovers();
    let open = server.connections();
    if timers > open || clients > open + elsewhere {
        return Err(format!(
            "{timers} timers and {clients} clients of {open} connections, {elsewhere} elsewhere"
        ));
    }
    check_unsent(server, config, connections)?;
    check_memory(server, config, connections)
}

/// Judges what is unsent.
///
/// # Errors
/// It is too much.
pub fn check_unsent(
    server: &Server<FakeSocket>,
    config: &Config,
    connections: usize,
) -> Result<(), String> {
    let [.., unsent] = server.leftovers();
    let most = most_unsent(config, connections);
    if unsent > most {
        return Err(format!("{unsent} B unsent, at most {most} B"));
    }
    Ok(())
}

/// Judges the memory that is held.
///
/// # Errors
/// What there is too much of.
pub fn check_memory(
    server: &Server<FakeSocket>,
    config: &Config,
    connections: usize,
) -> Result<(), String> {
    compare(server.memory(), most_memory(config, connections))
}

/// Judges what is left when everyone is gone: channels live on for a while, and their logs.
///
/// # Errors
/// What is left over.
pub fn check_deserted(
    server: &Server<FakeSocket>,
    config: &Config,
    connections: usize,
) -> Result<(), String> {
    let leftovers = server.leftovers();
    if server.connections() > 0 || leftovers != [0; 4] {
        return Err(format!("left over when all are gone: {leftovers:?}"));
    }
    let least = least_memory(connections);
    let logs = least.logs + most_logs(config);
    compare(server.memory(), Memory { logs, ..least })
}

/// Judges what is left when everyone is gone, and all channels are forgotten.
///
/// # Errors
/// What is left over.
pub fn check_empty(server: &Server<FakeSocket>, connections: usize) -> Result<(), String> {
    let least = least_memory(connections);
    compare(server.memory(), Memory { logs: 0, ..least })
}

fn compare(memory: Memory, most: Memory) -> Result<(), String> {
    let parts = memory.parts().into_iter().zip(most.parts());
    for ((name, bytes), (_, most)) in parts {
        if bytes > most {
            return Err(format!("{bytes} B of memory for {name}, at most {most} B"));
        }
    }
    Ok(())
}
