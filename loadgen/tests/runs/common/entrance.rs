//! A port that someone listens at, which may be shut and opened again.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Sender},
    },
    thread,
};

use socket2::{Domain, Socket, Type};

/// A port of the system's choice.
#[derive(Debug)]
pub(crate) struct Entrance {
    address: SocketAddr,
    /// How often it was shut.
    shuts: Arc<AtomicUsize>,
    opened: Sender<()>,
    /// Keeps the port while nobody listens.
    _reserve: Socket,
}

impl Entrance {
    /// One that is open, where whoever comes is welcomed, one after another.
    pub(crate) fn new(mut welcome: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let reserve = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        reserve.set_reuse_address(true).unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        reserve.bind(&any.into()).unwrap();
        let address = reserve.local_addr().unwrap().as_socket().unwrap();
        let shuts = Arc::new(AtomicUsize::new(0));
        let (opened, opens) = mpsc::channel();
        let heeds = Arc::clone(&shuts);
        let mut listener = TcpListener::bind(address).unwrap();
        thread::spawn(move || {
            for shut in 0.. {
                for stream in listener.incoming() {
                    let stream = stream.unwrap();
                    if heeds.load(Ordering::SeqCst) > shut {
                        break;
                    }
                    welcome(stream);
                }
                drop(listener);
                if opens.recv().is_err() {
                    return;
                }
                listener = TcpListener::bind(address).unwrap();
            }
        });
        Self {
            address,
            shuts,
            opened,
            _reserve: reserve,
        }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nobody comes in any more.
    pub(crate) fn shut(&self) {
        self.shuts.fetch_add(1, Ordering::SeqCst);
        // Whoever waits for the next one is woken.
        let _ = TcpStream::connect(self.address);
    }

    /// People come in again.
    pub(crate) fn open(&self) {
        self.opened.send(()).unwrap();
    }
}
