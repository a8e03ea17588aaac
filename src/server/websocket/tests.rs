use tungstenite::protocol::frame::{
    Frame, FrameHeader,
    coding::{CloseCode, Control, Data, OpCode},
};

use super::{unfinished::Unfinished, *};

mod deflated;

const MAX: usize = 1000;

fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    marked_frame(false, opcode, is_final, payload)
}

/// A frame with or without the first reserved bit.
fn marked_frame(rsv1: bool, opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        is_final,
        rsv1,
        opcode,
        mask: Some([1, 2, 3, 4]),
        ..FrameHeader::default()
    };
    let mut bytes = Vec::new();
    let payload = payload.to_vec().into();
    Frame::from_payload(header, payload)
        .format(&mut bytes)
        .unwrap();
    bytes
}

const TEXT: OpCode = OpCode::Data(Data::Text);
const BINARY: OpCode = OpCode::Data(Data::Binary);
const CONTINUE: OpCode = OpCode::Data(Data::Continue);
const PING: OpCode = OpCode::Control(Control::Ping);
const CLOSE: OpCode = OpCode::Control(Control::Close);

#[derive(Default)]
struct Session {
    websocket: WebSocket,
    heard: Vec<String>,
    replies: Vec<u8>,
}

impl Session {
    fn receive(&mut self, protocol: &mut Protocol, input: &[u8]) -> Result<Received, Reason> {
        let heard = &mut self.heard;
        self.websocket
            .receive(protocol, input, &mut self.replies, |message, _| {
                heard.push(match message {
                    Message::Text(text) => text.to_owned(),
                    Message::Binary(bytes) => format!("{bytes:?}"),
                });
            })
    }
}

fn failure(input: &[u8]) -> Reason {
    let mut protocol = Protocol::new(MAX);
    let failure = Session::default()
        .receive(&mut protocol, input)
        .unwrap_err();
    let next = Session::default().receive(&mut protocol, &frame(TEXT, true, b"next"));
    assert_eq!(next, Ok(Received::Open), "the next session is not harmed");
    failure
}

#[test]
fn messages_come_out_whole_wherever_the_bytes_are_split() {
    let long = "long ".repeat(100);
    let script = [
        frame(TEXT, true, b"whole"),
        frame(TEXT, false, b"in "),
        frame(PING, true, b"between"),
        frame(CONTINUE, false, b"three "),
        frame(CONTINUE, true, b"parts"),
        frame(BINARY, true, &[]),
        frame(TEXT, true, long.as_bytes()),
        frame(TEXT, true, b""),
    ]
    .concat();
    let said = ["whole", "in three parts", "[]", &long, ""];
    let mut protocol = Protocol::new(MAX);
    let mut chance = fastrand::Rng::with_seed(1);
    for round in 0..500 {
        let mut session = Session::default();
        let mut rest = &script[..];
        while !rest.is_empty() {
            let part;
            let most = if round % 2 == 0 { 5 } else { rest.len() };
            (part, rest) = rest.split_at(chance.usize(1..=most.min(rest.len())));
            assert_eq!(session.receive(&mut protocol, part), Ok(Received::Open));
        }
        assert_eq!(session.heard, said);
        assert_eq!(session.replies, b"\x8a\x07between");
        assert!(
            session.websocket.unfinished.is_none(),
            "nothing is kept between messages"
        );
    }
}

#[test]
fn what_one_session_left_unfinished_does_not_reach_another() {
    let mut protocol = Protocol::new(MAX);
    let [mut one, mut other] = [Session::default(), Session::default()];
    let message = frame(TEXT, true, b"secret");
    one.receive(&mut protocol, &message[..5]).unwrap();
    other
        .receive(&mut protocol, &frame(TEXT, true, b"other"))
        .unwrap();
    one.receive(&mut protocol, &message[5..]).unwrap();
    assert_eq!(
        (one.heard, other.heard),
        (vec!["secret".to_owned()], vec!["other".to_owned()])
    );
}

#[test]
fn what_is_unfinished_weighs_no_more_for_the_pings_within_it() {
    let mut protocol = Protocol::new(MAX);
    let mut session = Session::default();
    let begun = frame(TEXT, false, b"begun");
    session.receive(&mut protocol, &begun).unwrap();
    let before = session.websocket.heap_bytes();
    for _ in 0..100 {
        let ping = frame(PING, true, b"still there?");
        session.receive(&mut protocol, &ping).unwrap();
    }
    assert_eq!(session.websocket.heap_bytes(), before);
    let more = frame(CONTINUE, false, b"more");
    session.receive(&mut protocol, &more).unwrap();
    assert_eq!(session.websocket.heap_bytes(), before + 4);
}

#[test]
fn a_close_is_answered_with_its_code_after_what_was_said_before_it() {
    let mut protocol = Protocol::new(MAX);
    let mut session = Session::default();
    let code = u16::from(CloseCode::Away).to_be_bytes();
    let input = [
        frame(PING, true, b""),
        frame(TEXT, true, b"bye"),
        frame(CLOSE, true, &code),
    ];
    let received = session.receive(&mut protocol, &input.concat());
    assert_eq!(received, Ok(Received::Closed(b"\x88\x02\x03\xe9".to_vec())));
    assert_eq!(session.replies, b"\x8a\x00");
    assert_eq!(session.heard, ["bye"]);
    assert_eq!(
        Session::default().receive(&mut protocol, &[]),
        Ok(Received::Open)
    );
}

#[test]
fn a_broken_protocol_has_its_reason() {
    assert_eq!(failure(&frame(TEXT, true, b"\xff")), Reason::NotUtf8);
    assert_eq!(failure(&frame(CONTINUE, true, b"")), Reason::Protocol);
    assert_eq!(failure(&frame(PING, false, b"")), Reason::Protocol);
    assert_eq!(failure(&frame(PING, true, &[0; 126])), Reason::Protocol);
    assert_eq!(failure(&[0x81, 0x01, b'x']), Reason::Protocol);
    assert_eq!(failure(&[0x83, 0x80, 0, 0, 0, 0]), Reason::Protocol);
    assert_eq!(failure(&[0xc1, 0x80, 0, 0, 0, 0]), Reason::Protocol);
}

#[test]
fn a_message_too_large_is_refused_as_soon_as_its_size_is_known() {
    let whole = frame(BINARY, true, &[0; MAX + 1]);
    assert_eq!(failure(&whole), Reason::MessageTooLarge);
    assert_eq!(failure(&whole[..8]), Reason::MessageTooLarge);
    let parts = [frame(BINARY, false, &[0; MAX]), frame(CONTINUE, true, &[0])].concat();
    assert_eq!(failure(&parts), Reason::MessageTooLarge);
    assert_eq!(failure(&parts[..parts.len() - 1]), Reason::MessageTooLarge);
}

#[test]
fn nothing_is_kept_of_a_frame_that_its_header_shows_to_be_wrong() {
    let long_ping = [0x89, 0xfe, 3, 0, 0, 0, 0, 0];
    let padded = [0x81, 0xfe, 0, 1, 0, 0, 0, 0];
    let top_bit = [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    for header in [&long_ping[..], &padded, &top_bit] {
        let mut protocol = Protocol::new(MAX);
        let mut session = Session::default();
        let input = [header, b"x"].concat();
        let before = [frame(TEXT, true, b"whole"), frame(PING, true, b"")].concat();
        let received = session.receive(&mut protocol, &[before, input].concat());
        assert_eq!(received, Err(Reason::Protocol), "{header:x?}");
        assert_eq!(session.heard, ["whole"], "what came before is heard");
        assert_eq!(session.replies, b"\x8a\x00");
        let none = size_of::<Unfinished>() + OWN_READ_BYTES;
        assert!(session.websocket.heap_bytes() <= none);
    }
}
