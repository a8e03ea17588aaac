//! The bounds that are not the operator's to set, and those of what is. Every one has a name, its unit last.

use std::{ops::RangeInclusive, time::Duration};

/// Bytes that one turn takes in from all sockets together; the rest waits for the next turn.
pub const TURN_BYTES_MAX: usize = 256 << 10;
/// Bytes taken from one socket with one receive, and the share of a turn after which others who wait get to read.
pub const RECEIVE_BYTES_MAX: usize = 64 << 10;
/// Bytes that one deflated message is inflated to at a stretch; a longer one goes on in another turn, with a state of its own.
pub const INFLATE_STRETCH_BYTES_MAX: usize = 256 << 10;
/// Such states; beyond them one waits.
pub const INFLATE_STATES_MAX: usize = 8;
/// User-Agents that are known of those who have agreed on deflated messages lately.
pub const AGENTS_KNOWN_MAX: usize = 64;
/// Bytes that a state for inflating takes (zlib-rs 0.6, as measured).
pub const INFLATE_STATE_BYTES: usize = 48 << 10;
/// Payload bytes of a frame that joins several text messages (one larger message travels alone).
pub const FRAME_BYTES_MAX: usize = 16 << 10;
/// Connections accepted in one turn, so that a storm of newcomers does not starve those already in.
pub const TURN_ACCEPTS_MAX: usize = 64;
/// Connections that the kernel holds for us until they are accepted.
pub const LISTEN_BACKLOG_MAX: i32 = 4096;
/// The TCP port that is listened on where nothing is said of it.
pub const DEFAULT_PORT: u16 = 8080;
/// Sockets that listen, all together.
pub const LISTENERS_MAX: usize = 8;
/// Descriptors kept back from clients: for the process itself, for its listeners, and for answering those beyond the
/// limit.
pub const RESERVED_DESCRIPTORS: usize = 64;
/// Connections of the operator, by `--admin-addr`; as many more descriptors are kept back for them.
pub const ADMIN_CONNECTIONS_MAX: usize = 64;
/// Connections beyond `max_connections` that are still told so, with a 503, out of the reserve.
pub const REFUSED_CONNECTIONS_MAX: usize = 40;
/// The least and the most that `max_request_head_bytes` may be: a handshake must fit, and what has arrived of a head is
/// gone over again with each piece of it.
pub const REQUEST_HEAD_BYTES_MIN: usize = 1 << 10;
/// See [`REQUEST_HEAD_BYTES_MIN`].
pub const REQUEST_HEAD_BYTES_MAX: usize = 64 << 10;
/// Headers of a request.
pub const REQUEST_HEADERS_MAX: usize = 128;
/// Bytes of the body of a request, where one is taken.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Bytes of all bodies that are held, those that have not fully arrived included.
pub const BODIES_BYTES_MAX: usize = 64 << 20;
/// Bytes of a line between the chunks of a body, with what a client may say of a chunk beside its size.
pub const CHUNK_LINE_BYTES_MAX: usize = 256;
/// Bytes of headers behind the last chunk, which are passed over.
pub const TRAILERS_BYTES_MAX: usize = 4 << 10;
/// Things to publish in one request.
pub const ITEMS_MAX: usize = 1000;
/// Characters of what a request, or a thing to publish, is known by, so that it is done once.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Arrays and objects within each other in the data that is published: what reads it may have a bound.
pub const DATA_LEVELS_MAX: usize = 64;
/// Characters of a number in such data: what reads it may have a bound for these too.
pub const DATA_NUMBER_CHARS_MAX: usize = 400;
/// Keys for programs.
pub const API_KEYS_MAX: usize = 1024;
/// Characters of such a key, at least and at most.
pub const API_KEY_CHARS: RangeInclusive<usize> = 16..=256;
/// Characters of its name, so that one who speaks under it has room for what shows that.
pub const API_KEY_NAME_CHARS_MAX: usize = 60;
/// Requests without a key, or with a wrong one, of one address in a second that are told what is wrong with them.
pub const STRANGERS_PER_SECOND_MAX: u32 = 10;
/// Lines that the log has a second of what programs do.
pub const CALLS_LOGGED_PER_SECOND_MAX: u32 = 10;
/// Bytes of the header with which a balancer says for whom it connects.
pub const PROXY_HEADER_BYTES_MAX: usize = 4 << 10;
/// Lines that the log has a second of those who are refused, and as many of pages of other origins.
pub const REFUSALS_PER_SECOND_MAX: u32 = 10;
/// Characters of what a peer sent that a line of the log shows.
pub const LOGGED_CHARS_MAX: usize = 256;
/// Characters of what is wrong with a body that its sender is told, since it may hold what the sender wrote.
pub const SHOWN_CHARS_MAX: usize = 256;
/// Lines of the log that wait to be written; beyond it they are lost, and counted.
pub const LOG_LINES_WAITING_MAX: usize = 1024;
/// How long a process that ends waits for its last lines to be written.
pub const LOG_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// Batches that may wait for one lagging peer; bounds the cost of very many very small ones.
pub const OUTBOX_BATCHES_MAX: usize = 1 << 16;
/// Bytes that the kernel holds of a peer and has not sent yet, where lag is bounded (`TCP_NOTSENT_LOWAT`, tcp(7)): what it
/// holds cannot be skipped any more.
pub const NOTSENT_LOWAT_BYTES: u32 = 16 << 10;
/// Characters of a client's or a channel's name.
pub const NAME_CHARS_MAX: usize = 64;
/// Channels of one chat client.
pub const CLIENT_CHANNELS_MAX: usize = 64;
/// Channels of the chat, and as many of the relay, which bounds what they cost when everyone makes as many as possible.
/// Those that nobody is in count too, as long as they are remembered.
pub const CHANNELS_MAX: usize = 100_000;
/// Members, or channels, listed in one answer of the chat, and messages that one who comes asks for; the total is told
/// beside them.
pub const LISTED_MAX: usize = 1000;
/// Members listed in one answer where nothing is said of it.
pub const LISTED_DEFAULT: usize = 50;
/// Messages in one answer about what was said before.
pub const HISTORY_LISTED_MAX: usize = 100;
/// The same where nothing is said of it.
pub const HISTORY_LISTED_DEFAULT: usize = 50;
/// Bytes of messages in one such answer, unless it holds one message.
pub const HISTORY_ANSWER_BYTES_MAX: usize = 16 << 10;
/// The most that `history.messages` may be.
pub const HISTORY_MESSAGES_MAX: usize = 10_000;
/// The most that `history.bytes` may be, so that offsets in a log fit 32 bits.
pub const HISTORY_BYTES_MAX: usize = 1 << 30;
/// Bytes of a log that are encoded together for those who are sent it again.
pub const REPLAY_BLOCK_BYTES: usize = 16 << 10;
/// Bytes of logs that one turn hands out to those who are sent them again; the rest waits for the next turn.
pub const TURN_REPLAY_BYTES_MAX: usize = 1 << 20;
/// How long these are shared with others who ask for the same.
pub const REPLAY_BLOCKS_KEPT: Duration = Duration::from_millis(50);
/// Bytes of them that are kept for that.
pub const REPLAY_BLOCKS_BYTES_MAX: usize = 1 << 20;
/// Bytes that one turn deflates; what is more goes out as it is.
pub const TURN_DEFLATED_BYTES_MAX: usize = 256 << 10;
/// Bytes of the smallest payload that is deflated: those of a smaller one hardly get fewer.
pub const DEFLATED_BYTES_MIN: usize = 60;
/// Bytes of requests of one client that are under way before it is not read any more.
pub const UNANSWERED_BYTES_MAX: usize = 64 << 10;
/// Members and channels listed for one client in one turn, so that a burst of small requests cannot make a large heap.
pub const TURN_LISTED_MAX: usize = 2 * LISTED_MAX;
/// Bytes of the `ref` that a chat client may add to a request.
pub const REF_BYTES_MAX: usize = 64;
/// Messages of programs that are known not to be said again; beyond it the oldest is forgotten.
pub const RECEIPTS_MAX: usize = 100_000;
/// How long they are.
pub const RECEIPTS_KEPT: Duration = Duration::from_mins(5);
/// How often at most the comings and goings of a large channel are summarised.
pub const SUMMARY_INTERVAL: Duration = Duration::from_secs(1);
/// People of a server that is gone, and channels that they were in, that one turn lets go; the rest waits for the next.
pub const TURN_VANISHING_MAX: usize = 1000;
/// People who come back to a server that lost track of them, and channels that they come back to, that one turn hands to the
/// others; the rest waits for the next.
pub const TURN_RETURNING_MAX: usize = 1000;
/// Bytes that one turn writes of what a server that comes is told of the chat; the rest waits for the next.
pub const TURN_SNAPSHOT_BYTES_MAX: usize = 256 << 10;
/// People for whom room is made before a server that is told of the chat knows them: more than a hub is meant for.
pub const PEOPLE_EXPECTED_MAX: u32 = 1 << 18;
/// Clients of one server have numbers below this: more than it can have connections. What others are said to do is not done.
pub const NODE_CLIENTS_MAX: u32 = 1 << 24;
/// Messages of other servers that wait for memory together before they are said.
pub const SAYINGS_MAX: usize = 64;
/// Bytes of what a server is told of the chat that one turn makes known to it; the rest waits for the next.
pub const TURN_LEARNT_BYTES_MAX: usize = 64 << 10;
/// Members that a channel may lose with a server and be told of each; of more it is told how many.
pub const LOSSES_TOLD_MAX: usize = 10;
/// How often at most everyone is looked at for those who ask how it goes; what is told then is told for as long.
pub const SURVEY_INTERVAL: Duration = Duration::from_secs(1);
/// What was counted before a look that is longer ago says nothing of how often something happens.
pub const SURVEY_KEPT: Duration = Duration::from_mins(1);
/// Places that are looked at in one turn: of a connection, a client, someone of the chat, and a channel.
pub const TURN_SURVEYED_MAX: usize = 256;
/// What a place takes that is looked at, of the operator's half of a turn, in bytes that could have been read instead.
pub const SURVEYED_TOLL_BYTES: usize = 64;
/// Bytes that are shown in one turn of those who are connected, and one answer more.
pub const TURN_SHOWN_BYTES_MAX: usize = 64 << 10;
/// Clients that lag that are named where it is told how it goes.
pub const LAGGING_SHOWN_MAX: usize = 10;
/// Channels in which much is said that are named there.
pub const BUSIEST_SHOWN_MAX: usize = 10;
/// Bytes of the reason in a close frame (RFC 6455, section 5.5).
pub const CLOSE_WORDS_BYTES_MAX: usize = 123;
/// How often at most the memory of everyone is added up for the metrics.
pub const LEDGER_INTERVAL: Duration = Duration::from_secs(1);
/// Emptied batches kept to be used again; channels in which nothing is said hold none.
pub const SPARE_BATCHES_MAX: usize = 64;
/// The longest that a message may be made to wait for others to share its batch.
pub const BATCH_WINDOW_MAX: Duration = Duration::from_secs(1);
/// What of a turn a step of a TLS handshake takes, in bytes that could have been read instead: it is work that few bytes
/// of a peer bring about.
pub const TLS_HANDSHAKE_TOLL_BYTES: usize = 8 << 10;
/// The same of a key that is tried on a token.
pub const TOKEN_TOLL_BYTES: usize = 4 << 10;
/// Tokens of one request that are looked at.
pub const REQUEST_TOKENS_MAX: usize = 3;
/// Keys that tokens are checked with, all of which may be tried on one.
pub const TOKEN_KEYS_MAX: usize = 64;
/// Addresses that are remembered for having connected lately, before those that do not matter any more are forgotten.
pub const ADDRESSES_MAX: usize = 1 << 16;
/// Bytes that a stream takes before they are encrypted and the socket has taken them.
pub const TLS_HELD_BYTES_MAX: usize = 64 << 10;
/// Bytes that a secret for tokens has at least (RFC 7518, section 3.2).
pub const TOKEN_SECRET_BYTES_MIN: usize = 32;
/// How far an issuer's clock may be ahead of ours, for tokens that are not valid before some moment.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(30);
/// How long a server that ends waits until Redis has taken its last words.
pub const REDIS_LEAVE_TIMEOUT: Duration = Duration::from_secs(1);
/// The part of the journal that Redis keeps which may be ahead of a server before those who say something there are read no
/// more: one that fell off the end of it would have to begin anew.
pub const REDIS_LAG_PARTS: usize = 4;
/// How long one waits until it has left there what it knew, where no other server is there that knows it.
pub const REDIS_LEFT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long what it has left stays there, for one that comes after it.
pub const REDIS_LEFT_KEPT: Duration = Duration::from_hours(1);
/// Connections to Redis; as many more descriptors are kept back for them.
pub const REDIS_CONNECTIONS: usize = 2;
/// How long what clients ask for may wait for Redis before it is refused.
pub const REDIS_QUEUE_PATIENCE: Duration = Duration::from_secs(10);
/// The least that a node may be silent for before it is dead: less than that is any hiccup.
pub const REDIS_LEASE_MIN: Duration = Duration::from_secs(1);
/// Characters of the longest name that keys in Redis may begin with.
pub const REDIS_PREFIX_CHARS_MAX: usize = 64;
/// Bytes of what clients do that share one entry of the journal; one that is larger has one alone.
pub const ENTRY_BYTES_MAX: usize = 64 << 10;
/// Bytes of the largest message that may be allowed, so that offsets in a batch fit 32 bits.
pub const MESSAGE_BYTES_MAX: usize = 1 << 30;
/// From the beginning of a connection to Redis until it stands, and how long any answer of Redis is waited for without a byte
/// of it: what is lost after as long is asked again before anybody has waited for too long.
pub const REDIS_ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long Redis holds back the answer that there is nothing new, so that its silence shows.
pub const REDIS_BLOCK: Duration = Duration::from_millis(500);
/// The longest first wait before Redis is tried again, and the longest of all.
pub const REDIS_RETRY_WAITS: [Duration; 2] =
    [Duration::from_millis(50), Duration::from_millis(500)];
/// The same where an operator has something to mend first.
pub const REDIS_REFUSED_WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How long Redis has to load its data, to make room or the like before it is asked again.
pub const REDIS_PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a snapshot that are written into Redis at once, for a node that comes.
pub const REDIS_PART_BYTES: usize = 64 << 10;
/// Bytes of the largest snapshot that one that comes takes.
pub const REDIS_SNAPSHOT_BYTES_MAX: usize = 1 << 30;
/// How long its parts stay there.
pub const REDIS_PART_KEPT: Duration = Duration::from_mins(1);
/// How long one that comes waits for the next of them before it asks another node.
pub const REDIS_SNAPSHOT_PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of entries of the journal that one answer of Redis is to hold, unless it holds one entry.
pub const REDIS_READ_BYTES: usize = 512 << 10;
/// Entries of one answer.
pub const REDIS_READ_ENTRIES_MAX: usize = 1024;
/// Bytes of the largest answer of Redis that is waited for; the connection ends with a larger one.
pub const REDIS_REPLY_BYTES_MAX: usize = 64 << 20;
/// Bytes of the largest message that may be allowed where Redis is in between, so that its entry is within that whatever
/// stands around it.
pub const REDIS_MESSAGE_BYTES_MAX: usize = REDIS_REPLY_BYTES_MAX / 4;
/// Bytes of a line of such an answer: of what is said in one, such as an error, or of a number.
pub const REDIS_LINE_BYTES_MAX: usize = 16 << 10;
/// Elements of all lists of such an answer together.
pub const REDIS_REPLY_ELEMENTS_MAX: usize = 1 << 16;
/// Lists within lists of such an answer. Those that are asked for have four.
pub const REDIS_REPLY_LEVELS_MAX: usize = 8;
/// Bytes of the secret that webhooks are signed with (Standard Webhooks, "Signature scheme").
pub const WEBHOOK_SECRET_BYTES: RangeInclusive<usize> = 24..=64;
/// Events that a webhook's endpoint is told with one request.
pub const WEBHOOK_EVENTS_MAX: usize = 100;
/// Bytes of these from which on the request takes no more of them.
pub const WEBHOOK_REQUEST_BYTES: usize = 256 << 10;
/// How long an event waits for others to be told with it.
pub const WEBHOOK_GATHERING: Duration = Duration::from_millis(50);
/// Bytes of events that wait to be told; beyond it the oldest are dropped that nobody is being told.
pub const WEBHOOK_QUEUE_BYTES_MAX: usize = 8 << 20;
/// How long a channel is without members before its endpoint is told: whoever only reconnects is back by then.
pub const WEBHOOK_VACANCY: Duration = Duration::from_secs(5);
/// Channels of which that is waited for; beyond them the first are told at once.
pub const WEBHOOK_VACANCIES_MAX: usize = CHANNELS_MAX;
/// How long one attempt to tell something may take (Standard Webhooks, "Request timeouts": 15 to 30 s).
pub const WEBHOOK_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest first wait before another attempt, and the longest of all.
pub const WEBHOOK_RETRY_WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];
/// How long events are tried to be told before they are dropped.
pub const WEBHOOK_PATIENCE: Duration = Duration::from_mins(10);
/// Bytes of an endpoint's answer that are read.
pub const WEBHOOK_ANSWER_BYTES_MAX: usize = 64 << 10;

/// The longest that any duration may be, so that it can be added to any time.
pub const DURATION_MAX: Duration = Duration::from_hours(24 * 365);
