//! A server that does next to nothing: it sends back what it hears, as much as there is at once.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use tungstenite::accept;

const READ_BYTES: usize = 256 << 10;
/// The begin of a whole message of text.
const TEXT: u8 = 0x81;
/// Bytes of a masked frame before a payload of less than 126 bytes, and of the mask in it.
const HEADER_BYTES: usize = 6;
const MASK_BYTES: usize = 4;
/// How long it collects what it sends back at once, which spares it most of its system calls.
const COLLECTED: Duration = Duration::from_micros(50);

/// Starts one; its URL.
pub(crate) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || send_back(stream));
        }
    });
    format!("ws://{address}/")
}

/// Sends back the messages of one client, all of them short, until it says something else.
fn send_back(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut raw = stream.try_clone()?;
    accept(stream).map_err(io::Error::other)?;
    let mut bytes = vec![0; READ_BYTES];
    let mut unmasked = Vec::new();
    let mut kept = 0;
    loop {
        thread::sleep(COLLECTED);
        let count = raw.read(&mut bytes[kept..])?;
        let held = &bytes[..kept + count];
        let mut rest = held;
        while let [TEXT, length, body @ ..] = rest {
            let length = usize::from(length & 0x7F);
            if body.len() < MASK_BYTES + length {
                break;
            }
            let (&mask, payload) = body[..MASK_BYTES + length]
                .split_first_chunk()
                .expect("it is longer than that");
            unmasked.extend([TEXT, u8::try_from(length).expect("seven bits fit")]);
            let begin = unmasked.len();
            unmasked.extend_from_slice(payload);
            unmask(&mut unmasked[begin..], mask);
            rest = &rest[HEADER_BYTES + length..];
        }
        if count == 0 || rest.first().is_some_and(|first| *first != TEXT) {
            return Ok(());
        }
        let at = held.len() - rest.len();
        kept = rest.len();
        bytes.copy_within(at..at + kept, 0);
        raw.write_all(&unmasked)?;
        unmasked.clear();
    }
}

/// Word by word, so that it costs next to nothing.
fn unmask(payload: &mut [u8], mask: [u8; MASK_BYTES]) {
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}
