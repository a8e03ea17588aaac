//! A small relay with faults on demand: whatever a client sends goes to everyone.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use tungstenite::{
    Message, accept,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

/// What goes wrong, once, for the client that came second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// One message does not reach it.
    Drop,
    /// One message reaches it twice.
    Double,
    /// One message reaches it after the next.
    Swap,
    /// It is closed as too slow (4001).
    Close,
    /// Nobody is read from once they are in.
    Deaf,
    /// It is pinged, and gets no more until it answers.
    Ping,
}

/// The message, counted from 0, at which the fault happens.
const FAULTY: usize = 3;
/// The client that meets it.
const VICTIM: usize = 1;

/// Starts a relay that lasts as long as the test, and returns its URL. Messages wait for each other until so many have
/// come, and then leave in one frame.
pub(crate) fn start(fault: Fault, batch: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/relay", listener.local_addr().unwrap());
    let hub = Arc::new(Mutex::new(Hub {
        fault,
        batch,
        clients: Vec::new(),
        messages: 0,
        open: Vec::new(),
        held: None,
    }));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let hub = Arc::clone(&hub);
            let stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            // Nobody says anything until a client that was told it is in is in; one after another, so that the victim is
            // the second.
            let mut locked = hub.lock().unwrap();
            let mut socket = accept(stream.try_clone().unwrap()).unwrap();
            let number = locked.join(stream);
            drop(locked);
            if fault == Fault::Deaf {
                // Held open, since closing would be another fault.
                std::mem::forget(socket);
                continue;
            }
            thread::spawn(move || {
                while let Ok(message) = socket.read() {
                    match message {
                        Message::Text(text) => hub.lock().unwrap().say(text.as_bytes()),
                        Message::Pong(payload) if number == VICTIM => {
                            hub.lock().unwrap().ponged(&payload);
                        }
                        _ => {}
                    }
                }
            });
        }
    });
    url
}

/// Answers whatever comes with these bytes and closes; returns the URL it would have as a relay.
pub(crate) fn start_answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/relay", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    url
}

struct Hub {
    fault: Fault,
    batch: usize,
    clients: Vec<TcpStream>,
    /// Messages so far.
    messages: usize,
    /// Those that wait for the next frame.
    open: Vec<Vec<u8>>,
    /// What is kept from the victim until it answers a ping.
    held: Option<Vec<Frame>>,
}

impl Hub {
    fn join(&mut self, stream: TcpStream) -> usize {
        self.clients.push(stream);
        self.clients.len() - 1
    }

    fn say(&mut self, text: &[u8]) {
        self.messages += 1;
        self.open.push(text.to_vec());
        if self.open.len() < self.batch {
            return;
        }
        let batch = std::mem::take(&mut self.open);
        let first = self.messages - batch.len();
        for client in 0..self.clients.len() {
            let mut batch = batch.clone();
            if client == VICTIM && (first..self.messages).contains(&FAULTY) {
                self.spoil(&mut batch, FAULTY - first);
            }
            if batch.is_empty() {
                continue;
            }
            let frame = Frame::message(batch.join(&b'\n'), OpCode::Data(Data::Text), true);
            match &mut self.held {
                Some(held) if client == VICTIM => held.push(frame),
                _ => self.write(client, frame),
            }
        }
    }

    fn spoil(&mut self, batch: &mut Vec<Vec<u8>>, at: usize) {
        match self.fault {
            Fault::None | Fault::Deaf => {}
            Fault::Drop => drop(batch.remove(at)),
            Fault::Double => batch.insert(at, batch[at].clone()),
            Fault::Swap => batch.swap(at, at + 1),
            Fault::Close => {
                batch.clear();
                let close = CloseFrame {
                    code: CloseCode::Library(4001),
                    reason: "slow consumer".into(),
                };
                self.write(VICTIM, Frame::close(Some(close)));
            }
            Fault::Ping => {
                self.write(VICTIM, Frame::ping(b"alive?".to_vec()));
                self.held = Some(Vec::new());
            }
        }
    }

    fn ponged(&mut self, payload: &[u8]) {
        assert_eq!(payload, b"alive?", "a pong carries what its ping did");
        for frame in self.held.take().into_iter().flatten() {
            self.write(VICTIM, frame);
        }
    }

    fn write(&mut self, client: usize, frame: Frame) {
        let mut bytes = Vec::new();
        frame.format(&mut bytes).unwrap();
        // A client that has left is no fault of the relay's.
        let _: io::Result<()> = self.clients[client].write_all(&bytes);
    }
}
