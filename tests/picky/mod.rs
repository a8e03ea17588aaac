//! Servers that speak TLS in one way only, for the tests of both programs.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use rcgen::generate_simple_self_signed;
use rustls::{
    ALL_VERSIONS, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
    crypto::{
        SupportedKxGroup,
        aws_lc_rs::{
            default_provider,
            kx_group::{MLKEM1024, SECP256R1, SECP384R1, X25519, X25519MLKEM768},
        },
    },
    pki_types::PrivatePkcs8KeyDer,
    version::TLS12,
};
use tungstenite::Message;

type Group = &'static dyn SupportedKxGroup;
type Version = &'static SupportedProtocolVersion;

/// One way.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    groups: Vec<Group>,
    versions: Vec<Version>,
    /// Whether it sends each byte apart.
    drips: bool,
}

/// All ways that a client has to get along with. With one of the curves of NIST the server asks for another key.
pub(crate) fn ways() -> [Way; 7] {
    let old = |way| Way {
        versions: vec![&TLS12],
        ..way
    };
    let slow = |way| Way { drips: true, ..way };
    [
        Way::of([X25519MLKEM768]),
        Way::of([X25519]),
        Way::of([SECP256R1]),
        Way::of([SECP384R1]),
        old(Way::of([X25519])),
        slow(Way::of([SECP384R1])),
        slow(old(Way::of([SECP256R1]))),
    ]
}

impl Way {
    fn of(groups: [Group; 1]) -> Self {
        Self {
            groups: groups.into(),
            versions: ALL_VERSIONS.to_vec(),
            drips: false,
        }
    }

    /// Serves for as long as the tests last; the URL. Whoever says something hears it again, and is seen off.
    pub(crate) fn serve(self) -> String {
        let config = Arc::new(self.config());
        serve(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let drips = self.drips;
            let stream = StreamOwned::new(connection, Narrow { stream, drips });
            // Whoever gives up in the handshake is nobody.
            let Ok(mut socket) = tungstenite::accept(stream) else {
                return;
            };
            while let Ok(message) = socket.read() {
                if let Message::Text(text) = message {
                    let _ = socket.send(Message::Text(text));
                    let _ = socket.close(None);
                }
            }
        })
    }

    fn config(&self) -> ServerConfig {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let mut provider = default_provider();
        provider.kx_groups.clone_from(&self.groups);
        ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap()
    }
}

/// A server that has no key exchange in common with anybody; its URL.
pub(crate) fn without_common_group() -> String {
    Way::of([MLKEM1024]).serve()
}

/// A server of the last century, which has heard of TLS 1.3 and 1.2 as little as this test of what it speaks; its URL.
pub(crate) fn without_common_version() -> String {
    // A fatal alert, `protocol_version` (RFC 8446, section 6).
    const ALERT: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46";
    serve(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(ALERT);
        let _ = io::copy(&mut stream, &mut io::sink());
    })
}

fn serve(greet: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://{}/", listener.local_addr().unwrap());
    let greet = Arc::new(greet);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let greet = Arc::clone(&greet);
            thread::spawn(move || greet(stream.unwrap()));
        }
    });
    url
}

/// A stream that may be narrow.
struct Narrow {
    stream: TcpStream,
    drips: bool,
}

impl Read for Narrow {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into)
    }
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.drips {
            return self.stream.write(bytes);
        }
        self.stream.set_nodelay(true)?;
        self.stream.write(&bytes[..1])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
