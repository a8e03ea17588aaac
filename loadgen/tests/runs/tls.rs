//! How TLS ends, with the last of what is said or after it.

use std::{
    io::{self, Write},
    iter,
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use rcgen::generate_simple_self_signed;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
    pki_types::PrivatePkcs8KeyDer,
    version::{TLS12, TLS13},
};
use tungstenite::accept;

use crate::common::{Run, against};

/// An empty ping (RFC 6455, section 5.5.2).
const PING: &[u8] = b"\x89\x00";
/// A record of data that nobody encrypted.
const FORGED: [u8; 5 + 64] = {
    let mut record = [0x55; 5 + 64];
    (record[0], record[1], record[2], record[3], record[4]) = (0x17, 0x03, 0x03, 0x00, 64);
    record
};

/// What a server does behind the last of what it says.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// Says that nothing follows (RFC 8446, section 6.1).
    Notify,
    /// Sends a record that cannot be decrypted.
    Forge,
    /// Sends what is no record.
    Babble,
}

type Version = &'static SupportedProtocolVersion;

/// A run against a server that hears a ping of each client, and then pings it three times and does the last, all in one segment;
/// the connection stays.
fn ended(last: Last, version: Version) -> Run {
    let config = Arc::new(config(version));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            thread::spawn(move || serve(stream, connection, last));
        }
    });
    let flags = ["idle", "--ping", "--insecure", "--clients", "2"];
    against(&url, &flags)
}

fn serve(stream: TcpStream, connection: ServerConnection, last: Last) -> io::Result<u64> {
    stream.set_nodelay(true)?;
    let mut socket = accept(StreamOwned::new(connection, stream))
        .map_err(|error| io::Error::other(error.to_string()))?;
    socket.read().map_err(io::Error::other)?;
    let StreamOwned { conn, sock } = socket.get_mut();
    conn.writer().write_all(&PING.repeat(3))?;
    if matches!(last, Last::Notify) {
        conn.send_close_notify();
    }
    let mut segment = Vec::new();
    while conn.wants_write() {
        conn.write_tls(&mut segment)?;
    }
    match last {
        Last::Notify => {}
        Last::Forge => segment.extend(FORGED),
        Last::Babble => segment.extend(iter::repeat_n(b'?', 64)),
    }
    sock.write_all(&segment)?;
    io::copy(sock, &mut io::sink())
}

fn config(version: Version) -> ServerConfig {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    ServerConfig::builder_with_protocol_versions(&[version])
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap()
}

#[test]
fn an_end_that_comes_with_the_last_data_is_noticed() {
    for version in [&TLS12, &TLS13] {
        let run = ended(Last::Notify, version);
        assert_eq!(run.count("pings_answered"), 2 * 3, "{run:#?}");
        assert_eq!(run.count("disconnects_by.no close"), 2, "{run:#?}");
    }
}

#[test]
fn what_comes_before_a_broken_record_counts_and_the_record_is_named() {
    for version in [&TLS12, &TLS13] {
        for (last, fault) in [
            (
                Last::Forge,
                "the server sent a TLS record that cannot be decrypted",
            ),
            (
                Last::Babble,
                "the server sent what is no TLS record (InvalidContentType)",
            ),
        ] {
            let run = ended(last, version);
            assert_eq!(run.count("pings_answered"), 2 * 3, "{run:#?}");
            assert_eq!(run.count("disconnects_by.protocol error"), 2, "{run:#?}");
            assert!(run.table.contains(fault), "{}", run.table);
        }
    }
}
