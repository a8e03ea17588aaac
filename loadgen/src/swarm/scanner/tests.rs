use std::io::{self, Read, Write};

use proptest::{collection::vec, prelude::*};
use tungstenite::{
    Message as Told,
    protocol::{
        Role, WebSocket,
        frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::*;

/// All messages of `bytes`, handed to the scanner in pieces that end at `cuts`.
fn scan(bytes: &[u8], cuts: &[usize]) -> (Vec<Told>, Option<ScanError>) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let mut scanner = Scanner::default();
    let mut told = Vec::new();
    for piece in cuts.windows(2) {
        let mut input = &bytes[piece[0]..piece[1]];
        loop {
            match scanner.next(&mut input) {
                Ok(Some(message)) => told.push(owned(message)),
                Ok(None) => break,
                Err(error) => return (told, Some(error)),
            }
        }
        assert!(input.is_empty(), "a scan that wants more has taken all");
    }
    (told, None)
}

fn owned(message: Message<'_>) -> Told {
    match message {
        Message::Text(text) => Told::text(String::from_utf8_lossy(text).into_owned()),
        Message::Binary(bytes) => Told::binary(bytes.to_vec()),
        Message::Deflated { payload, .. } => Told::binary(payload.to_vec()),
        Message::Ping(bytes) => Told::Ping(bytes.to_vec().into()),
        Message::Pong(bytes) => Told::Pong(bytes.to_vec().into()),
        Message::Close(_) => Told::Close(None),
    }
}

/// What tungstenite reads from the same bytes.
fn oracle(bytes: &[u8]) -> Vec<Told> {
    struct Wire<'a>(&'a [u8]);
    impl Read for Wire<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0.read(into)
        }
    }
    impl Write for Wire<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut socket = WebSocket::from_raw_socket(Wire(bytes), Role::Client, None);
    std::iter::from_fn(|| socket.read().ok()).collect()
}

/// The frames of some messages as a server writes them, some in fragments with a ping or a pong in between.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        8 => vec(any::<u8>(), 0..200),
        8 => vec(any::<u8>(), 120..130),
        // Generating so many bytes is slow; a few reach the longest form of a length.
        1 => (65_530..65_540_usize, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
    ];
    let message = prop_oneof![
        (any::<bool>(), vec(payload, 1..4), any::<bool>()).prop_map(
            |(text, parts, interrupted)| {
                let mut bytes = Vec::new();
                let last = parts.len() - 1;
                for (at, mut part) in parts.into_iter().enumerate() {
                    let first = if text { Data::Text } else { Data::Binary };
                    let data = if at == 0 { first } else { Data::Continue };
                    if text {
                        for byte in &mut part {
                            *byte &= 0x7F;
                        }
                    }
                    Frame::message(part, OpCode::Data(data), at == last)
                        .format(&mut bytes)
                        .unwrap();
                    if interrupted {
                        Frame::ping(vec![1, 2, 3]).format(&mut bytes).unwrap();
                    }
                }
                bytes
            }
        ),
        vec(any::<u8>(), 0..126).prop_map(|payload| {
            let mut bytes = Vec::new();
            Frame::pong(payload).format(&mut bytes).unwrap();
            bytes
        }),
    ];
    vec(message, 0..8).prop_map(|messages| messages.concat())
}

#[test]
fn a_reserved_bit_says_of_a_message_that_it_is_deflated_where_that_is_expected() {
    let frames = b"\xc1\x01a\x42\x01b\x89\x00\x80\x01c\x82\x01d";
    let mut scanner = Scanner::default();
    let error = scanner.next(&mut &frames[..]).unwrap_err();
    assert_eq!(error, ScanError::ReservedBit);
    scanner.expect_deflated();
    let input = &mut &frames[..];
    for message in [
        Message::Deflated {
            payload: b"a",
            is_text: true,
        },
        Message::Ping(b""),
        Message::Deflated {
            payload: b"bc",
            is_text: false,
        },
        Message::Binary(b"d"),
    ] {
        assert_eq!(scanner.next(input), Ok(Some(message)));
    }
    for first in [0xc0, 0xc8, 0xc9, 0xca, 0xe1, 0xd1, 0xa1, 0x91] {
        let mut scanner = Scanner::default();
        scanner.expect_deflated();
        let error = scanner.next(&mut &[first, 0][..]).unwrap_err();
        assert_eq!(error, ScanError::ReservedBit, "{first:x}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_messages_as_tungstenite_wherever_the_reads_end(
        bytes in frames(),
        cuts in vec(any::<usize>(), 0..40),
    ) {
        let (told, error) = scan(&bytes, &cuts);
        prop_assert_eq!(error, None);
        prop_assert_eq!(told, oracle(&bytes));
    }

    #[test]
    fn damaged_frames_are_understood_as_tungstenite_does_or_refused(
        bytes in frames(),
        damage in vec((any::<usize>(), any::<u8>()), 1..4),
        cuts in vec(any::<usize>(), 0..10),
    ) {
        let mut bytes = bytes;
        for (at, byte) in damage {
            if !bytes.is_empty() {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
        }
        let (told, _) = scan(&bytes, &cuts);
        // tungstenite also refuses what is not UTF-8 and stops at a close, so it may say less, never other.
        for (mine, theirs) in told.iter().zip(oracle(&bytes)) {
            match theirs {
                Told::Close(_) => prop_assert!(matches!(mine, Told::Close(_))),
                theirs => prop_assert_eq!(mine, &theirs),
            }
        }
    }

    #[test]
    fn garbage_never_panics(bytes in vec(any::<u8>(), 0..2000), cuts in vec(any::<usize>(), 0..20)) {
        scan(&bytes, &cuts);
    }
}

#[test]
fn frames_cut_at_every_byte_are_whole_again() {
    let mut bytes = Vec::new();
    for length in [0, 1, 125, 126, 300] {
        Frame::message(vec![b'x'; length], OpCode::Data(Data::Text), true)
            .format(&mut bytes)
            .unwrap();
    }
    let every: Vec<usize> = (0..bytes.len()).collect();
    let (told, error) = scan(&bytes, &every);
    assert_eq!(error, None);
    let lengths: Vec<usize> = told.iter().map(Told::len).collect();
    assert_eq!(lengths, [0, 1, 125, 126, 300]);
}

#[test]
fn what_a_server_must_not_send_is_refused_by_name() {
    let refused = |bytes: &[u8]| scan(bytes, &[]).1;
    assert_eq!(refused(&[0x81, 0x80, 0, 0, 0, 0]), Some(ScanError::Masked));
    assert_eq!(refused(&[0xC1, 0x00]), Some(ScanError::ReservedBit));
    assert_eq!(refused(&[0x83, 0x00]), Some(ScanError::Opcode(3)));
    assert_eq!(refused(&[0x09, 0x00]), Some(ScanError::Control));
    assert_eq!(refused(&[0x89, 126, 0, 126]), Some(ScanError::Control));
    assert_eq!(refused(&[0x80, 0x00]), Some(ScanError::Fragments));
    assert_eq!(
        refused(&[0x01, 0x00, 0x81, 0x00]),
        Some(ScanError::Fragments)
    );
    assert_eq!(
        refused(&[0x82, 127, 1, 0, 0, 0, 0, 0, 0, 0]),
        Some(ScanError::TooLong)
    );
}
