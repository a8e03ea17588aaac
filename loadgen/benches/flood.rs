//! How many messages the load generator can receive on one core, from a relay that does nothing but flood: it joins
//! what one publisher says into frames built once, and writes the same bytes to every client.
//!
//! `cargo bench -p loadgen --bench flood` prints messages per second of the load generator's own CPU time, counting
//! all it does: system calls, frames, stamps, integrity, histograms. `-- 50/1` behind it has only that form: so many messages
//! to a frame, and frames to a write. Run as a test it only shows that it runs.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use loadgen::{
    args::Args,
    plan::{
        Plan,
        target::{Handshake, Target},
    },
    swarm::{
        interrupts::Interrupts,
        trial::{Stage, Trial},
    },
};
use tungstenite::{
    accept,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

const CLIENTS: usize = 100;
/// So many writes' messages are under way: the relay never waits for the publisher.
const WRITES_UNDER_WAY: usize = 16;
/// Bytes of a masked frame before a payload of less than 126 bytes, and those of that payload.
const HEADER_BYTES: usize = 6;
const MESSAGE_BYTES: usize = 64;

/// How the messages of one write leave.
#[derive(Clone, Copy)]
struct Form {
    /// Messages in a frame.
    joined: usize,
    /// Frames in a write.
    frames: usize,
}

/// One frame to a write is bounded by what the system takes for a read, many by what we take for a message.
const FORMS: [Form; 5] = [
    form(50, 1),
    form(50, 8),
    form(200, 1),
    form(200, 4),
    form(1, 200),
];

const fn form(joined: usize, frames: usize) -> Form {
    Form { joined, frames }
}

fn main() {
    let in_test = !std::env::args().any(|argument| argument == "--bench");
    let duration = if in_test { "50ms" } else { "3s" };
    let rounds = if in_test { 1 } else { 5 };
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    for form in FORMS {
        let Form { joined, frames } = form;
        if !wanted.is_empty() && !wanted.contains(&format!("{joined}/{frames}")) {
            continue;
        }
        let mut millions: Vec<f64> = (0..rounds).map(|_| flood(form, duration)).collect();
        millions.sort_by(f64::total_cmp);
        let (least, most) = (millions[0], millions[millions.len() - 1]);
        let median = millions[millions.len() / 2];
        let figures = if in_test {
            "runs".to_owned()
        } else {
            format!("{median:.1} million messages per second and core ({least:.1} to {most:.1})")
        };
        println!("{joined} to a frame, {frames} frames to a write: {figures}");
    }
}

/// Floods for that long; millions of messages that were received in a second of CPU time.
fn flood(form: Form, duration: &str) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let relay = thread::spawn(move || relay(&listener, form));
    let line = format!(
        "loadgen saturate --clients {CLIENTS} --publishers 1 --window {} --warmup 50ms --duration {duration} --settle 1s",
        form.joined * form.frames * WRITES_UNDER_WAY
    );
    let args = Args::read(line.split(' ')).expect("the line is well-formed");
    let plan = Plan::new(&args).expect("there are descriptors");
    let target =
        Target::new(&format!("ws://{address}/"), &Handshake::default()).expect("it is a URL");
    let mut stage = Stage {
        targets: &[target],
        watched: None,
        fresh: true,
        log: None,
        interrupts: &Interrupts::default(),
        watcher: &mut |_| {},
    };
    let trial = Trial::run(&plan, &mut stage).expect("the relay takes all clients");
    relay.join().expect("the relay does not panic").ok();
    assert_eq!(
        trial.sums.counts.duplicated + trial.sums.counts.reordered + trial.sums.disordered,
        0
    );
    // In a test it may all come after the time is over.
    assert!(trial.sums.counts.delivered > 0, "nothing came");
    let received = trial.received(|totals| totals.messages);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let millions = received as f64 / 1e6;
    millions / trial.own_cpu_seconds()
}

/// Lets all clients in, and sends them what the first one says, until that one leaves.
fn relay(listener: &TcpListener, form: Form) -> io::Result<()> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        clients.push(handshaken(stream)?);
    }
    let mut publisher = clients[0].try_clone()?;
    let Form { joined, frames } = form;
    let mut heard = vec![0; joined * frames * (HEADER_BYTES + MESSAGE_BYTES)];
    loop {
        publisher.read_exact(&mut heard)?;
        let bodies = heard.chunks(HEADER_BYTES + MESSAGE_BYTES).map(unmasked);
        let bodies: Vec<Vec<u8>> = bodies.collect();
        let frames = bodies
            .chunks(joined)
            .map(|bodies| frame(bodies.join(&b'\n')));
        let bytes = frames.collect::<Vec<_>>().concat();
        for client in &mut clients {
            client.write_all(&bytes)?;
        }
    }
}

fn handshaken(stream: TcpStream) -> io::Result<TcpStream> {
    let raw = stream.try_clone()?;
    accept(stream).map_err(io::Error::other)?;
    Ok(raw)
}

fn unmasked(frame: &[u8]) -> Vec<u8> {
    let (mask, payload) = frame[2..].split_at(4);
    let masked = payload.iter().zip(mask.iter().cycle());
    masked.map(|(byte, mask)| byte ^ mask).collect()
}

fn frame(payload: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    Frame::message(payload, OpCode::Data(Data::Text), true)
        .format(&mut bytes)
        .expect("a vector takes all that is written to it");
    bytes
}
