//! WebSocket frames, as a client writes and reads them.

use std::io::Cursor;

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

pub const TEXT: OpCode = OpCode::Data(Data::Text);
pub const BINARY: OpCode = OpCode::Data(Data::Binary);
pub const PING: OpCode = OpCode::Control(Control::Ping);
pub const PONG: OpCode = OpCode::Control(Control::Pong);
pub const CLOSE: OpCode = OpCode::Control(Control::Close);

const CONTINUE: OpCode = OpCode::Data(Data::Continue);
const MASK: [u8; 4] = [7, 1, 8, 2];

/// Writes a whole frame.
pub fn write(opcode: OpCode, payload: &[u8], bytes: &mut Vec<u8>) {
    write_frame(&header(opcode, false), payload, bytes);
}

/// Writes a message, in two fragments with a control frame between them if it is divided.
pub fn write_message(
    opcode: OpCode,
    is_deflated: bool,
    is_divided: bool,
    payload: &[u8],
    bytes: &mut Vec<u8>,
) {
    let whole = header(opcode, is_deflated);
    if is_divided {
        let (first, second) = payload.split_at(payload.len() / 2);
        let is_final = false;
        write_frame(&FrameHeader { is_final, ..whole }, first, bytes);
        write(PONG, b"", bytes);
        write(CONTINUE, second, bytes);
    } else {
        write_frame(&whole, payload, bytes);
    }
}

/// Writes a message in two fragments, of which the second says that it is deflated.
pub fn write_marked_late(opcode: OpCode, payload: &[u8], bytes: &mut Vec<u8>) {
    let first = FrameHeader {
        is_final: false,
        ..header(opcode, false)
    };
    write_frame(&first, payload, bytes);
    write_frame(&header(CONTINUE, true), payload, bytes);
}

/// The header of a whole frame.
fn header(opcode: OpCode, is_deflated: bool) -> FrameHeader {
    FrameHeader {
        rsv1: is_deflated,
        opcode,
        mask: Some(MASK),
        ..FrameHeader::default()
    }
}

fn write_frame(header: &FrameHeader, payload: &[u8], bytes: &mut Vec<u8>) {
    let written = header.format(payload.len() as u64, bytes);
    written.expect("writing to memory");
    let mask = MASK.iter().cycle();
    bytes.extend(payload.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
}

/// The offer of one who inflates within a window of `2^bits` bytes.
pub fn offer(bits: u8) -> String {
    match bits {
        15 => "permessage-deflate; client_max_window_bits".to_owned(),
        bits => format!("permessage-deflate; server_max_window_bits={bits}"),
    }
}

/// A frame as it came.
pub struct Frame<'a> {
    pub opcode: OpCode,
    pub is_deflated: bool,
    pub payload: &'a [u8],
    /// How many bytes it has, its header included.
    pub bytes: usize,
}

/// The frame at the front of what came, if it is all there.
pub fn read(bytes: &[u8]) -> Result<Option<Frame<'_>>, String> {
    let mut cursor = Cursor::new(bytes);
    let parsed = FrameHeader::parse(&mut cursor).map_err(|error| error.to_string())?;
    let Some((header, len)) = parsed else {
        return Ok(None);
    };
    let start = usize::try_from(cursor.position()).unwrap();
    let end = start + usize::try_from(len).unwrap();
    let payload = bytes.get(start..end);
    Ok(payload.map(|payload| Frame {
        opcode: header.opcode,
        is_deflated: header.rsv1,
        payload,
        bytes: end,
    }))
}
