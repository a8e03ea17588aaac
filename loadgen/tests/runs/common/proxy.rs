//! A way to a server that breaks off: what goes through it goes no more, and nobody listens there.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::common::entrance::Entrance;

/// Breaks off once it has passed on so many bytes to clients.
#[derive(Debug)]
struct Proxy {
    entrance: OnceLock<Entrance>,
    streams: Mutex<Vec<TcpStream>>,
    bytes: AtomicU64,
    bytes_max: u64,
}

/// Starts one that lasts as long as the tests, or until it breaks off; where it is.
pub(crate) fn start(to: SocketAddr, bytes_max: u64) -> SocketAddr {
    let proxy = Arc::new(Proxy {
        entrance: OnceLock::new(),
        streams: Mutex::default(),
        bytes: AtomicU64::new(0),
        bytes_max,
    });
    let passes = Arc::clone(&proxy);
    let entrance = Entrance::new(move |near| passes.pass(near, to));
    let address = entrance.address();
    proxy.entrance.set(entrance).unwrap();
    address
}

impl Proxy {
    fn pass(self: &Arc<Self>, near: TcpStream, to: SocketAddr) {
        let far = TcpStream::connect(to).unwrap();
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        let ends = [&near, &far].map(|stream| stream.try_clone().unwrap());
        self.streams.lock().unwrap().extend(ends);
        let upward = [&near, &far].map(|stream| stream.try_clone().unwrap());
        thread::spawn(move || copied(upward, |_| {}));
        let proxy = Arc::clone(self);
        thread::spawn(move || {
            copied([far, near], |count| {
                let before = proxy.bytes.fetch_add(count, Ordering::SeqCst);
                if (before..=before + count).contains(&proxy.bytes_max) {
                    proxy.break_off();
                }
            });
        });
    }

    fn break_off(&self) {
        if let Some(entrance) = self.entrance.get() {
            entrance.shut();
        }
        for stream in &*self.streams.lock().unwrap() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Copies from one to the other, and tells how much, until one of them ends.
fn copied([mut from, mut to]: [TcpStream; 2], mut tell: impl FnMut(u64)) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        tell(count as u64);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
