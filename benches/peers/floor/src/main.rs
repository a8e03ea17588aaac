//! The floor that the kernel sets for a broadcast server: one thread, raw epoll, edge-triggered, one plain `send` for each
//! client, and nothing else. No timers, no limits, no UTF-8 check, no fragments: it is here to be measured, not used.
//!
//! `floor PORT each` sends each message as it is read; `floor PORT batched` sends at the end of a turn of the loop
//! whatever that turn brought, in one text frame, joined by newlines.

mod batch;
mod server;
mod sys;
mod wire;

use std::{env, error::Error, io, net::TcpListener};

use crate::server::{Server, Style};

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: floor PORT each|batched";
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [port, style] = arguments.as_slice() else {
        return Err(usage.into());
    };
    let style = match style.as_str() {
        "each" => Style::Each,
        "batched" => Style::Batched,
        _ => return Err(usage.into()),
    };
    let port: u16 = port.parse().map_err(|_| usage)?;
    sys::raise_descriptor_limit();
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let address = listener.local_addr()?;
    let mut server = Server::new(listener, style)?;
    println!("listening on {address}");
    let error: io::Error = server.run();
    Err(error.into())
}
