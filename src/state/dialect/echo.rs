//! The echo: each message comes back verbatim, in a frame of its own, of the same type, and deflated if it came so.

use std::rc::Rc;

use crate::{
    state::{
        batch::{Form, Run, Slice},
        outbox::Outbox,
        press::Press,
        seal::Seal,
    },
    vocabulary::{coding::Coding, frame::Kind, message::Message, time::Now},
};

/// Answers a message that came in a coding with itself. Returns its bytes.
pub fn hear(
    message: Message<'_>,
    coding: Coding,
    press: &mut Press,
    outbox: &mut Outbox,
    now: Now,
) -> usize {
    let kind = match message {
        Message::Text(_) => Kind::Text,
        Message::Binary(_) => Kind::Binary,
    };
    let mut run = Run::alone(kind, message.bytes(), Form::Single, Seal::at(now.monotonic));
    if let Coding::Deflate(window) = coding {
        // It goes out as it is where it gets no smaller, and where this turn has deflated enough.
        let _ = run.deflate(window, press);
    }
    outbox.push(Slice::whole(Rc::new(run)));
    message.bytes().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::coding::Window;

    /// The bytes with which a message is answered.
    fn answer(text: &str, came: Coding) -> Vec<u8> {
        let (mut press, mut outbox) = (Press::default(), Outbox::default());
        let message = Message::Text(text);
        let bytes = hear(message, came, &mut press, &mut outbox, Now::default());
        assert_eq!(bytes, text.len());
        let mut answer = Vec::new();
        let agreed = Coding::Deflate(Window::Full);
        outbox.flush(&mut answer, agreed).unwrap();
        answer
    }

    #[test]
    fn what_came_deflated_goes_back_deflated_and_alone() {
        let text = "again and ".repeat(100);
        let deflated = answer(&text, Coding::Deflate(Window::Full));
        assert_eq!(deflated[0], 0xc1, "the whole of a deflated text");
        assert_eq!(usize::from(deflated[1]), deflated.len() - 2);
        assert!(deflated.len() < 100);
        let plain = answer(&text, Coding::Plain);
        assert!(plain.ends_with(text.as_bytes()));
    }

    #[test]
    fn what_gets_no_smaller_goes_back_as_it_is() {
        let short = answer("hello", Coding::Deflate(Window::Full));
        assert_eq!(short, b"\x81\x05hello");
    }
}
