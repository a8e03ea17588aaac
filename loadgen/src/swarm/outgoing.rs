//! What a client still has to send, as frames on their way to its socket.

use std::io::{self, Write};

use thiserror::Error;
use tungstenite::{
    Bytes,
    protocol::frame::{
        Frame, FrameHeader,
        coding::{Control, Data, OpCode},
    },
};

/// Bytes of what a client owes a server, beside its messages, that may wait until the server reads: answers above all. As
/// long as fewer wait one more may be added, however large it is. Four times what is received at once, as a server may ask
/// much before it reads.
const OWED_BYTES_MAX: usize = 1 << 20;

/// Bytes that one client has not handed to the system yet.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
    /// Of those that wait, bytes that are owed.
    owed: usize,
    /// The answer to the last ping of those that came while too much was owed, as a frame: the others need none (RFC 6455,
    /// section 5.5.3).
    pong: Vec<u8>,
    /// Whether there was something to be added for which there was no room.
    overdue: bool,
}

/// A server that takes in too little of what it has others say. Its own fault, or that of what it is asked by --reply,
/// --every and --ping.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the server does not read what it is answered: {} MiB of that waited for it, and there was more",
    OWED_BYTES_MAX >> 20
)]
pub struct Unread;

impl Outgoing {
    /// Adds a text frame, or a binary one, masked as a client's must be. How many wait is up to the caller.
    pub fn data(&mut self, payload: Vec<u8>, is_binary: bool, mask: [u8; 4]) {
        let kind = if is_binary { Data::Binary } else { Data::Text };
        frame(&mut self.bytes, OpCode::Data(kind), payload.into(), mask);
    }

    /// Adds a frame as [`data`](Self::data) does, but one that is owed.
    pub fn answer(&mut self, payload: Vec<u8>, is_binary: bool, mask: [u8; 4]) {
        self.owe(|outgoing| outgoing.data(payload, is_binary, mask));
    }

    /// Adds a ping, which is owed.
    pub fn ping(&mut self, mask: [u8; 4]) {
        let ping = OpCode::Control(Control::Ping);
        self.owe(|outgoing| frame(&mut outgoing.bytes, ping, Bytes::new(), mask));
    }

    /// Adds the answer to a ping. Where too much is owed it takes the place of the one before.
    pub fn pong(&mut self, payload: &[u8], mask: [u8; 4]) {
        let pong = OpCode::Control(Control::Pong);
        let payload = Bytes::copy_from_slice(payload);
        if self.is_full() {
            self.pong.clear();
            frame(&mut self.pong, pong, payload, mask);
        } else {
            self.owe(|outgoing| frame(&mut outgoing.bytes, pong, payload, mask));
        }
    }

    /// Adds a close frame; nothing may follow it.
    pub fn close(&mut self, code: Option<u16>, mask: [u8; 4]) {
        let payload = code.map_or_else(Bytes::new, |code| {
            Bytes::copy_from_slice(&code.to_be_bytes())
        });
        self.pong.clear();
        let close = OpCode::Control(Control::Close);
        frame(&mut self.bytes, close, payload, mask);
    }

    /// Whether so much is owed that nothing should be added before more was written.
    pub fn is_full(&self) -> bool {
        self.owed >= OWED_BYTES_MAX
    }

    /// Fails once something was to be added nevertheless.
    ///
    /// # Errors
    /// The server does not read.
    pub fn check(&self) -> Result<(), Unread> {
        if self.overdue { Err(Unread) } else { Ok(()) }
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes until nothing waits or the socket takes no more; whether nothing waits.
    ///
    /// # Errors
    /// The socket's; the connection is of no use after that.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        while !self.is_empty() {
            match socket.write(&self.bytes[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.forget_written();
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.is_empty() {
                self.bytes.clear();
                self.written = 0;
                self.bytes.append(&mut self.pong);
                self.owed = self.len();
            }
        }
        // What was encrypted waits in the socket.
        match socket.flush() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            flushed => flushed.map(|()| true),
        }
    }

    /// Adds what is owed, if there is room.
    fn owe(&mut self, add: impl FnOnce(&mut Self)) {
        if self.is_full() {
            self.overdue = true;
            return;
        }
        let before = self.len();
        add(self);
        self.owed += self.len() - before;
    }

    /// Drops what was written, unless moving the rest takes longer than writing did.
    fn forget_written(&mut self) {
        self.owed = self.owed.min(self.len());
        if self.written >= self.len() {
            self.bytes.drain(..self.written);
            self.written = 0;
        }
    }
}

fn frame(bytes: &mut Vec<u8>, opcode: OpCode, payload: Bytes, mask: [u8; 4]) {
    let header = FrameHeader {
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    };
    Frame::from_payload(header, payload)
        .format(bytes)
        .expect("a vector takes all that is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes in all, three at a time.
    struct Narrow(Vec<u8>, usize);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(3).min(self.1 - self.0.len());
            if count == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_blocked_socket_gets_the_rest_later_and_once() {
        let mut outgoing = Outgoing::default();
        outgoing.data(b"hello".to_vec(), false, [0; 4]);
        let mut socket = Narrow(Vec::new(), 4);
        assert!(!outgoing.flush(&mut socket).unwrap());
        assert_eq!(outgoing.len(), 7);
        outgoing.close(Some(1000), [0; 4]);
        socket.1 = 100;
        assert!(outgoing.flush(&mut socket).unwrap());
        assert!(outgoing.is_empty());
        assert_eq!(socket.0, b"\x81\x85\0\0\0\0hello\x88\x82\0\0\0\0\x03\xE8");
    }

    #[test]
    fn what_a_client_sends_is_masked() {
        let mut outgoing = Outgoing::default();
        outgoing.pong(b"ab", [1, 2, 3, 4]);
        let mut socket = Narrow(Vec::new(), 100);
        outgoing.flush(&mut socket).unwrap();
        assert_eq!(socket.0, [0x8A, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2]);
    }

    /// Pongs that a client says, by what they carry, once its server reads so many bytes.
    fn said(outgoing: &mut Outgoing, read: usize) -> Vec<u8> {
        let mut socket = Narrow(Vec::new(), read);
        outgoing.flush(&mut socket).unwrap();
        socket.0
    }

    #[test]
    fn of_pings_beyond_the_bound_only_the_last_is_answered() {
        const PONG_BYTES: usize = 7;
        let mut outgoing = Outgoing::default();
        while !outgoing.is_full() {
            outgoing.pong(b"\0", [0; 4]);
        }
        said(&mut outgoing, 0);
        for number in 1..=u8::MAX {
            outgoing.pong(&[number], [0; 4]);
            said(&mut outgoing, 0);
        }
        let most = OWED_BYTES_MAX.next_multiple_of(PONG_BYTES);
        assert_eq!(outgoing.len(), most);
        assert_eq!(outgoing.check(), Ok(()));
        // What waited, and the last of all.
        let all = said(&mut outgoing, usize::MAX);
        assert_eq!(all.len(), most + PONG_BYTES);
        assert_eq!(all[..PONG_BYTES], *b"\x8A\x81\0\0\0\0\0");
        assert_eq!(all[most..], *b"\x8A\x81\0\0\0\0\xFF");
        assert!(outgoing.is_empty());
        // Nothing follows a close.
        while outgoing.pong.is_empty() {
            outgoing.pong(b"x", [0; 4]);
        }
        outgoing.close(None, [0; 4]);
        assert!(said(&mut outgoing, usize::MAX).ends_with(b"\x88\x80\0\0\0\0"));
    }

    #[test]
    fn a_server_that_reads_no_answers_is_found_out_and_one_that_reads_is_not() {
        let answer = || vec![b'x'; OWED_BYTES_MAX / 8];
        let mut outgoing = Outgoing::default();
        for _ in 0..8 {
            outgoing.answer(answer(), false, [0; 4]);
        }
        assert_eq!((outgoing.is_full(), outgoing.check()), (true, Ok(())));
        // It reads some, and gets more.
        for _ in 0..100 {
            said(&mut outgoing, 2 * OWED_BYTES_MAX / 8);
            outgoing.answer(answer(), false, [0; 4]);
            assert_eq!(outgoing.check(), Ok(()));
            assert!(outgoing.bytes.len() <= 3 * OWED_BYTES_MAX);
            said(&mut outgoing, 0);
        }
        while !outgoing.is_full() {
            outgoing.answer(answer(), false, [0; 4]);
        }
        let waiting = outgoing.len();
        outgoing.answer(answer(), false, [0; 4]);
        assert_eq!((outgoing.len(), outgoing.check()), (waiting, Err(Unread)));
    }

    #[test]
    fn what_is_owed_may_be_larger_than_the_bound_and_messages_are_not_owed() {
        let mut outgoing = Outgoing::default();
        outgoing.data(vec![0; 2 * OWED_BYTES_MAX], true, [0; 4]);
        assert!(!outgoing.is_full());
        outgoing.answer(vec![0; 2 * OWED_BYTES_MAX], true, [0; 4]);
        assert_eq!((outgoing.is_full(), outgoing.check()), (true, Ok(())));
        said(&mut outgoing, usize::MAX);
        outgoing.ping([0; 4]);
        assert_eq!((outgoing.is_full(), outgoing.check()), (false, Ok(())));
    }
}
