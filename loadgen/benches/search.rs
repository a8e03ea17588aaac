//! How often `search` finds what there is to find: the rate beyond which a server delays everything, within a tenth of it;
//! and of a server that is faster than the load generator, that the load generator was the limit.
//!
//! `cargo bench -p loadgen --bench search` prints how many of 20 runs did so. Run as a test it only shows that it runs.

use std::{
    io::{self, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

#[path = "../tests/runs/common/echo.rs"]
mod echo;

use serde_json::Value;
use tungstenite::{Message, WebSocket, accept};

/// Messages a second that the slow server delivers at once.
const LIMIT: u32 = 400;
/// What a rate that was found may be away from that, as a part of it.
const TOLERATED: f64 = 0.1;
const RUNS: usize = 20;

fn main() {
    let in_test = !std::env::args().any(|argument| argument == "--bench");
    let runs = if in_test { 1 } else { RUNS };
    let known = (0..runs).filter(|_| knows_itself(in_test)).count();
    let found = (0..runs).filter(|_| finds_the_limit(in_test)).count();
    if in_test {
        println!("a server with a limit: runs\na server without: runs");
    } else {
        println!("a server that delays all beyond {LIMIT} a second: found {found} times of {runs}");
        println!("a server that is faster than the load generator: known {known} times of {runs}");
    }
}

/// Whether a search against a server with a limit ends well, and near that.
fn finds_the_limit(in_test: bool) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let leaky = thread::spawn(move || leaky(&listener, 10));
    let flags = "--clients 10 --publishers 2 --rate 50 --duration 500ms --warmup 100ms --settle 5s";
    let (code, result) = search(&format!("ws://{address}/"), flags, in_test);
    leaky.join().expect("the server does not panic").ok();
    let found = result["best"]["rate"].as_f64().unwrap_or_default();
    let is_near = (found / f64::from(LIMIT) - 1.0).abs() <= TOLERATED;
    println!("limit {LIMIT}: {found} with exit status {code:?}");
    code == Some(0) && is_near
}

/// Whether a search against a server that does next to nothing says that it was the load generator.
fn knows_itself(in_test: bool) -> bool {
    let flags =
        "--clients 1 --publishers 1 --rate 200000 --duration 500ms --warmup 100ms --settle 5s";
    let (code, result) = search(&echo::start(), flags, in_test);
    let reason = result["invalid_reason"].as_str().unwrap_or_default();
    println!(
        "no limit: {:?} with exit status {code:?}: {reason}",
        result["best"]["rate"]
    );
    code == Some(3) && reason.contains("load generator")
}

/// Runs a search; its exit status and result.
fn search(url: &str, flags: &str, in_test: bool) -> (Option<i32>, Value) {
    let flags = if in_test {
        "--clients 1 --publishers 1 --rate 50 --duration 20ms --warmup 0s --slo p99<1us"
    } else {
        flags
    };
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["search", "--url", url, "--json", "-"])
        .args(flags.split(' '))
        .output()
        .expect("the load generator is built");
    let result = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), result)
}

/// A relay that lets a message through each so often and has the others wait in line, for as long as anyone is in.
fn leaky(listener: &TcpListener, clients: usize) -> io::Result<()> {
    let line = Arc::new(Mutex::new(Line::default()));
    listener.set_nonblocking(true)?;
    loop {
        match listener.accept() {
            Ok((stream, _)) => enter(stream, &line)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        thread::sleep(Duration::from_millis(1));
        let line = line.lock().expect("nobody panics with it");
        // The last step's clients are gone, and no other step's have come for a while.
        if line.came >= clients && line.inside == 0 && line.since.elapsed() > Duration::from_secs(2)
        {
            return Ok(());
        }
    }
}

struct Line {
    out: Vec<TcpStream>,
    came: usize,
    inside: usize,
    since: Instant,
    /// When the next message may leave.
    next: Instant,
}

impl Default for Line {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            out: Vec::new(),
            came: 0,
            inside: 0,
            since: now,
            next: now,
        }
    }
}

fn enter(stream: TcpStream, line: &Arc<Mutex<Line>>) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    let socket = accept(stream.try_clone()?).map_err(io::Error::other)?;
    {
        let mut line = line.lock().expect("nobody panics with it");
        if line.inside == 0 {
            line.out.clear();
        }
        line.out.push(stream);
        line.came += 1;
        line.inside += 1;
    }
    let line = Arc::clone(line);
    thread::spawn(move || {
        hear(socket, &line);
        let mut line = line.lock().expect("nobody panics with it");
        line.inside -= 1;
        line.since = Instant::now();
    });
    Ok(())
}

/// Passes on what one client says, each message when its turn has come.
fn hear(mut socket: WebSocket<TcpStream>, line: &Mutex<Line>) {
    while let Ok(message) = socket.read() {
        let Message::Text(text) = message else {
            continue;
        };
        let mut line = line.lock().expect("nobody panics with it");
        let now = Instant::now();
        if line.next > now {
            thread::sleep(line.next - now);
        }
        line.next = line.next.max(now) + Duration::from_secs(1) / LIMIT;
        let length = u8::try_from(text.len()).expect("messages are short");
        let frame = [&[0x81, length], text.as_bytes()].concat();
        for stream in &mut line.out {
            // Whoever is gone gets nothing.
            let _ = stream.write_all(&frame);
        }
    }
}
