//! A client that sends bytes and receives frames, so that it can break every rule and see every frame's edge.

use std::io::Write;
use std::net::Shutdown;
use std::thread;

use bytes::Bytes;
use socket2::Socket;
use tungstenite::protocol::frame::{
    Frame, FrameHeader, FrameSocket,
    coding::{Control, Data, OpCode},
};

use super::{HttpConnection, upgrade_request};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A WebSocket of bare frames.
pub(crate) struct Wire {
    frames: FrameSocket<Socket>,
}

/// A client's frame.
pub(crate) fn masked(opcode: OpCode, is_final: bool, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let header = FrameHeader {
        is_final,
        opcode,
        mask: Some(MASK),
        ..FrameHeader::default()
    };
    let payload = Bytes::copy_from_slice(payload.as_ref());
    let mut bytes = Vec::new();
    Frame::from_payload(header, payload)
        .format(&mut bytes)
        .unwrap();
    bytes
}

/// A client's whole text message.
pub(crate) fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    masked(OpCode::Data(Data::Text), true, payload)
}

/// A client's close frame.
pub(crate) fn close(code: u16) -> Vec<u8> {
    masked(OpCode::Control(Control::Close), true, code.to_be_bytes())
}

impl Wire {
    pub(crate) fn upgrade(socket: Socket, path: &str) -> Self {
        let mut http = HttpConnection::new(socket);
        http.send(upgrade_request(path, ""));
        Self::upgraded(http)
    }

    /// A connection whose upgrade has been asked for and not been answered.
    pub(crate) fn upgraded(http: HttpConnection) -> Self {
        Self::agreed(http).0
    }

    /// The same, and the extensions that were agreed on.
    pub(crate) fn agreed(mut http: HttpConnection) -> (Self, Option<String>) {
        let response = http.response_to_head();
        assert_eq!(response.status, 101);
        let extensions = response.header("sec-websocket-extensions");
        let extensions = extensions.map(str::to_owned);
        let (socket, buffered) = http.into_parts();
        let frames = FrameSocket::from_partially_read(socket, buffered);
        (Self { frames }, extensions)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.frames.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends what needs no answer from now on, without a pause, for as long as the server takes it.
    pub(crate) fn babble(&self) {
        let mut socket = self.frames.get_ref().try_clone().unwrap();
        let pongs = masked(OpCode::Control(Control::Pong), true, "bla").repeat(1000);
        thread::spawn(move || while socket.write_all(&pongs).is_ok() {});
    }

    /// Says that nothing more will be sent, without a close frame.
    pub(crate) fn shut(&mut self) {
        self.frames.get_mut().shutdown(Shutdown::Write).unwrap();
    }

    /// The next frame; none at the end of the stream.
    pub(crate) fn frame(&mut self) -> Option<Frame> {
        self.frames.read(None).unwrap()
    }

    /// The next frame, which must be text.
    pub(crate) fn hear_text(&mut self) -> String {
        let frame = self.frame().expect("a frame before the end");
        assert_eq!(frame.header().opcode, OpCode::Data(Data::Text));
        frame.to_text().unwrap().to_owned()
    }

    /// The next frame, which must be of this kind, and what it carries.
    pub(crate) fn hear_control(&mut self, control: Control) -> Vec<u8> {
        let frame = self.frame().expect("a frame before the end");
        assert_eq!(frame.header().opcode, OpCode::Control(control));
        frame.payload().to_vec()
    }

    /// The code of the next frame, which must be a close and the last.
    pub(crate) fn hear_close(&mut self) -> Option<u16> {
        let payload = self.hear_control(Control::Close);
        assert!(self.frame().is_none(), "something follows the close frame");
        let code = payload.get(..2)?;
        Some(u16::from_be_bytes(code.try_into().unwrap()))
    }
}
