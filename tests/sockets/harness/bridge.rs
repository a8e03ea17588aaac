//! What stands between clients and a server, so that connections can be cut while both live.

use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// A TCP relay. While it is cut, those who come wait at its door.
pub(crate) struct Bridge {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    /// `HOST:PORT` of the server; none while it is cut.
    target: Option<String>,
    open: Vec<TcpStream>,
}

impl Bridge {
    /// One that leads to this address, until the test ends.
    pub(crate) fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bridge = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        bridge.mend(target);
        let state = Arc::clone(&bridge.state);
        thread::spawn(move || {
            for near in listener.incoming() {
                let (state, mended) = &*state;
                let state = state.lock().unwrap();
                let mut state = mended
                    .wait_while(state, |state| state.target.is_none())
                    .unwrap();
                let (near, far) = (
                    near.unwrap(),
                    TcpStream::connect(state.target.as_ref().unwrap()).unwrap(),
                );
                pump(&near, &far);
                pump(&far, &near);
                state.open.extend([near, far]);
            }
        });
        bridge
    }

    /// Where clients find it, `HOST:PORT`.
    pub(crate) fn host_and_port(&self) -> String {
        self.address.to_string()
    }

    /// Cuts all connections off.
    pub(crate) fn cut(&self) {
        let mut state = self.state.0.lock().unwrap();
        state.target = None;
        for stream in state.open.drain(..) {
            match stream.shutdown(Shutdown::Both) {
                Err(error) if error.kind() != ErrorKind::NotConnected => panic!("{error}"),
                _ => {}
            }
        }
    }

    /// Leads those who wait, and who come, to this address.
    pub(crate) fn mend(&self, target: &str) {
        let (state, mended) = &*self.state;
        state.lock().unwrap().target = Some(target.to_owned());
        mended.notify_all();
    }
}

/// Carries bytes one way, until either end is shut.
fn pump(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        // A stream that is cut ends in an error or not, as it happens.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
