//! What a client still has to send, as frames on their way to its socket.

use std::io::{self, Write};

use tungstenite::{
    Bytes,
    protocol::frame::{
        Frame, FrameHeader,
        coding::{Control, Data, OpCode},
    },
};

/// Bytes that one client has not handed to the system yet.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

impl Outgoing {
    /// Adds a text frame, or a binary one, masked as a client's must be.
    pub fn data(&mut self, payload: Vec<u8>, is_binary: bool, mask: [u8; 4]) {
        let kind = if is_binary { Data::Binary } else { Data::Text };
        self.frame(OpCode::Data(kind), payload.into(), mask);
    }

    /// Adds a ping.
    pub fn ping(&mut self, mask: [u8; 4]) {
        self.frame(OpCode::Control(Control::Ping), Bytes::new(), mask);
    }

    /// Adds the answer to a ping.
    pub fn pong(&mut self, payload: &[u8], mask: [u8; 4]) {
        self.frame(
            OpCode::Control(Control::Pong),
            Bytes::copy_from_slice(payload),
            mask,
        );
    }

    /// Adds a close frame; nothing may follow it.
    pub fn close(&mut self, code: Option<u16>, mask: [u8; 4]) {
        let payload = code.map_or_else(Bytes::new, |code| {
            Bytes::copy_from_slice(&code.to_be_bytes())
        });
        self.frame(OpCode::Control(Control::Close), payload, mask);
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
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.written = 0;
        // What was encrypted waits in the socket.
        match socket.flush() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            flushed => flushed.map(|()| true),
        }
    }

    fn frame(&mut self, opcode: OpCode, payload: Bytes, mask: [u8; 4]) {
        let header = FrameHeader {
            opcode,
            mask: Some(mask),
            ..FrameHeader::default()
        };
        Frame::from_payload(header, payload)
            .format(&mut self.bytes)
            .expect("a vector takes all that is written to it");
    }
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
}
