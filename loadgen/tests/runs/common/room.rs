//! A WebSocket server that knows who is in it, and leaves to its host what is said to whom.

use std::{
    array,
    collections::BTreeSet,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    ops::Range,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use flate2::{Compress, Compression, FlushCompress};
use socket2::SockRef;
use tungstenite::{
    Message, accept_hdr,
    handshake::server::{ErrorResponse, Request, Response},
    protocol::{
        CloseFrame,
        frame::{
            Frame, FrameHeader,
            coding::{Data, OpCode},
        },
    },
};

use crate::common::entrance::Entrance;

/// Decides what a room does.
pub(crate) trait Host: Send + 'static {
    /// Someone came in.
    fn entered(&mut self, _room: &mut Room, _client: usize) {}

    /// Someone said something.
    fn said(&mut self, room: &mut Room, from: usize, text: &str);

    /// Someone said something in a binary frame.
    fn said_in_binary(&mut self, _room: &mut Room, _from: usize, _bytes: &[u8]) {}

    /// Someone said goodbye, with a code if there was one.
    fn closed(&mut self, _client: usize, _code: Option<u16>) {}

    /// Someone is gone.
    fn left(&mut self, _client: usize) {}

    /// Someone answered a ping.
    fn ponged(&mut self, _payload: &[u8]) {}

    /// How often it does something on its own, if it does.
    fn period(&self) -> Option<Duration> {
        None
    }

    /// What it answers whoever offers that messages be deflated; without an answer it does not.
    fn deflates(&self) -> Option<&'static str> {
        None
    }

    /// It is time for that.
    fn due(&mut self, _room: &mut Room) {}
}

/// Who is in, by number from 0 on; who has left keeps its number.
#[derive(Debug, Default)]
pub(crate) struct Room {
    clients: Vec<Client>,
    /// By node.
    entrances: Vec<Entrance>,
    /// Nodes that answer nobody, and who waits there.
    mute: BTreeSet<usize>,
    waiting: Vec<TcpStream>,
}

#[derive(Debug)]
struct Client {
    stream: Option<TcpStream>,
    query: String,
    node: usize,
    deflating: Option<Deflating>,
}

/// How messages to a client are deflated.
#[derive(Debug)]
struct Deflating {
    state: Compress,
    keeps_context: bool,
}

/// How many may come in, and the answer to everyone else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub(crate) seats: usize,
    pub(crate) refusal: &'static [u8],
}

impl Door {
    /// Everyone may come in.
    pub(crate) const OPEN: Self = Self {
        seats: usize::MAX,
        refusal: b"",
    };
}

/// Opens a room that lasts as long as the tests, and returns its URL.
pub(crate) fn open(host: impl Host, door: Door) -> String {
    let [url] = open_nodes(host, door);
    url
}

/// Opens a room with several nodes, each with such a door, and returns their URLs.
pub(crate) fn open_nodes<const N: usize>(host: impl Host, door: Door) -> [String; N] {
    let period = host.period();
    let room = Arc::new(Mutex::new((host, Room::default())));
    if let Some(period) = period {
        let room = Arc::clone(&room);
        thread::spawn(move || {
            loop {
                thread::sleep(period);
                let (host, room) = &mut *room.lock().unwrap();
                host.due(room);
            }
        });
    }
    array::from_fn(|node| {
        let shared = Arc::clone(&room);
        let mut number = 0;
        let entrance = Entrance::new(move |mut stream| {
            if number < door.seats {
                welcome(stream, node, &shared);
            } else {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(door.refusal);
            }
            number += 1;
        });
        let url = format!("ws://{}/relay", entrance.address());
        room.lock().unwrap().1.entrances.push(entrance);
        url
    })
}

fn welcome<H: Host>(stream: TcpStream, node: usize, shared: &Arc<Mutex<(H, Room)>>) {
    stream.set_nodelay(true).unwrap();
    // Nobody says anything until a client that was told it is in is in; one after another, so that numbers are those of
    // the load generator.
    let mut locked = shared.lock().unwrap();
    if locked.1.mute.contains(&node) {
        return locked.1.waiting.push(stream);
    }
    let mut query = String::new();
    let mut deflating = None;
    let deflates = locked.0.deflates();
    #[expect(clippy::result_large_err, reason = "the error is tungstenite's")]
    let remember = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        query.push_str(request.uri().query().unwrap_or_default());
        let extensions = "sec-websocket-extensions";
        if let Some(answer) = deflates.filter(|_| request.headers().contains_key(extensions)) {
            deflating = Some(Deflating::agreed(answer));
            let headers = response.headers_mut();
            headers.insert(extensions, answer.parse().unwrap());
        }
        Ok(response)
    };
    // Whoever gave up in the handshake is nobody.
    let Ok(mut socket) = accept_hdr(stream.try_clone().unwrap(), remember) else {
        return;
    };
    let (host, room) = &mut *locked;
    let number = room.clients.len();
    let stream = Some(stream);
    room.clients.push(Client {
        stream,
        query,
        node,
        deflating,
    });
    host.entered(room, number);
    drop(locked);
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        while let Ok(message) = socket.read() {
            let (host, room) = &mut *shared.lock().unwrap();
            match message {
                Message::Text(text) => host.said(room, number, &text),
                Message::Binary(bytes) => host.said_in_binary(room, number, &bytes),
                Message::Pong(payload) => host.ponged(&payload),
                Message::Close(frame) => {
                    host.closed(number, frame.map(|frame| frame.code.into()));
                }
                _ => {}
            }
        }
        shared.lock().unwrap().0.left(number);
    });
}

impl Deflating {
    /// As the answer to an offer says.
    fn agreed(answer: &str) -> Self {
        Self {
            state: Compress::new(Compression::default(), false),
            keeps_context: !answer.contains("server_no_context_takeover"),
        }
    }

    fn frame(&mut self, text: &[u8]) -> Frame {
        if !self.keeps_context {
            self.state.reset();
        }
        let mut payload = Vec::with_capacity(text.len() + 64);
        let flush = FlushCompress::Sync;
        self.state.compress_vec(text, &mut payload, flush).unwrap();
        // What every message ends with is left out (RFC 7692, section 7.2.1).
        payload.truncate(payload.len() - 4);
        let header = FrameHeader {
            rsv1: true,
            opcode: OpCode::Data(Data::Text),
            ..FrameHeader::default()
        };
        Frame::from_payload(header, payload.into())
    }
}

impl Room {
    /// All that ever were in.
    pub(crate) fn clients(&self) -> Range<usize> {
        0..self.clients.len()
    }

    /// What a client's URL asked for beside its path.
    pub(crate) fn query(&self, client: usize) -> &str {
        &self.clients[client].query
    }

    /// Which node a client is at.
    pub(crate) fn node(&self, client: usize) -> usize {
        self.clients[client].node
    }

    /// Clients that are at a node now.
    pub(crate) fn present(&self, node: usize) -> usize {
        let here = |client: &&Client| client.node == node && client.stream.is_some();
        self.clients.iter().filter(here).count()
    }

    /// A node is gone, with all connections to it, and nobody listens there.
    pub(crate) fn fall(&mut self, node: usize) {
        self.entrances[node].shut();
        self.hang_up_all(node);
    }

    /// A node is stuck: connections to it are gone, and whoever comes is not answered.
    pub(crate) fn stick(&mut self, node: usize) {
        self.mute.insert(node);
        self.hang_up_all(node);
    }

    fn hang_up_all(&mut self, node: usize) {
        for client in self.clients() {
            if self.node(client) == node {
                self.hang_up(client);
            }
        }
    }

    /// A node that was gone is there again, without anyone.
    pub(crate) fn rise(&mut self, node: usize) {
        self.entrances[node].open();
    }

    /// Says something to a client.
    pub(crate) fn say(&mut self, client: usize, text: impl Into<Vec<u8>>) {
        let text = text.into();
        let frame = match &mut self.clients[client].deflating {
            Some(deflating) => deflating.frame(&text),
            None => Frame::message(text, OpCode::Data(Data::Text), true),
        };
        self.write(client, frame);
    }

    /// Pings a client.
    pub(crate) fn ping(&mut self, client: usize, payload: &'static [u8]) {
        self.write(client, Frame::ping(payload));
    }

    /// Sends a client these very bytes.
    pub(crate) fn send(&mut self, client: usize, bytes: &[u8]) {
        if let Some(stream) = &mut self.clients[client].stream {
            // A client that has left is no fault of the room's.
            let _ = stream.write_all(bytes);
        }
    }

    /// Closes a client with a code.
    pub(crate) fn close(&mut self, client: usize, code: u16) {
        let close = CloseFrame {
            code: code.into(),
            reason: "a test".into(),
        };
        self.write(client, Frame::close(Some(close)));
    }

    /// Ends a client's stream without a word.
    pub(crate) fn hang_up(&mut self, client: usize) {
        if let Some(stream) = self.clients[client].stream.take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Has a client's connection reset.
    pub(crate) fn reset(&mut self, client: usize) {
        if let Some(stream) = self.clients[client].stream.take() {
            // Closing resets then; its reader, which has a part in it, stops when it may not read.
            let none = Some(Duration::ZERO);
            SockRef::from(&stream).set_linger(none).unwrap();
            stream.shutdown(Shutdown::Read).unwrap();
        }
    }

    fn write(&mut self, client: usize, frame: Frame) {
        let mut bytes = Vec::new();
        frame.format(&mut bytes).unwrap();
        self.send(client, &bytes);
    }
}

/// Answers whatever comes with these bytes and closes; returns the URL it would have as a relay.
pub(crate) fn answering(answer: &'static [u8]) -> String {
    struct Nobody;
    impl Host for Nobody {
        fn said(&mut self, _room: &mut Room, _from: usize, _text: &str) {}
    }
    let door = Door {
        seats: 0,
        refusal: answer,
    };
    open(Nobody, door)
}
