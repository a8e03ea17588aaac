//! Messages that come in parts: the begin of a frame that has not fully arrived, and fragments (RFC 6455, section 5.4).

use std::{mem, ops::Range};

use crate::{
    plan::stamp::MESSAGE_BYTES_MAX,
    swarm::scanner::{
        Message, ScanError,
        header::{Header, Kind, Opcode},
    },
};

/// What has arrived of a message that is not whole.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The beginning of a frame that has not fully arrived.
    partial: Vec<u8>,
    /// The beginning of a message that comes in fragments.
    message: Vec<u8>,
    /// What kind of message comes in fragments.
    fragmented: Option<Kind>,
    /// What the last call handed out, to be forgotten by the next.
    lent: Lent,
}

#[derive(Debug, Default)]
enum Lent {
    #[default]
    Nothing,
    Partial,
    Message,
}

enum Place<'a> {
    Input(&'a [u8]),
    Partial(Range<usize>),
}

impl Parts {
    /// Whether nothing is kept any more, now that what was handed out is done with.
    pub(super) fn are_over(&mut self) -> bool {
        match mem::take(&mut self.lent) {
            Lent::Nothing => {}
            Lent::Partial => self.partial.clear(),
            Lent::Message => self.message.clear(),
        }
        self.partial.is_empty() && self.fragmented.is_none()
    }

    /// As [`next`](super::Scanner::next), once it is known whether anything is kept.
    ///
    /// # Errors
    /// When the server broke the protocol.
    #[cold]
    pub(super) fn next<'a, 'input: 'a>(
        &'a mut self,
        input: &mut &'input [u8],
        deflated: bool,
    ) -> Result<Option<Message<'a>>, ScanError> {
        loop {
            let Some((frame, place)) = self.take_frame(input, deflated)? else {
                return Ok(None);
            };
            if let Some(kind) = frame.whole() {
                if self.fragmented.is_some() && matches!(frame.opcode, Opcode::Begin(_)) {
                    return Err(ScanError::Fragments);
                }
                return Ok(Some(kind.of(match place {
                    Place::Input(payload) => payload,
                    Place::Partial(range) => {
                        self.lent = Lent::Partial;
                        &self.partial[range]
                    }
                })));
            }
            if let Some(kind) = self.add_fragment(&frame, &place)? {
                self.lent = Lent::Message;
                return Ok(Some(kind.of(&self.message)));
            }
        }
    }

    /// The next whole frame, and where its payload lies.
    fn take_frame<'a>(
        &mut self,
        input: &mut &'a [u8],
        deflated: bool,
    ) -> Result<Option<(Header, Place<'a>)>, ScanError> {
        if self.partial.is_empty() {
            let header = Header::parse(input, deflated)?;
            if let Some(header) = header.filter(|header| header.payload.end <= input.len()) {
                let (frame, rest) = input.split_at(header.payload.end);
                *input = rest;
                let payload = &frame[header.payload.clone()];
                return Ok(Some((header, Place::Input(payload))));
            }
            self.partial.extend_from_slice(input);
            *input = &[];
            return Ok(None);
        }
        loop {
            let header = Header::parse(&self.partial, deflated)?;
            let wanted = match &header {
                Some(header) => header.payload.end - self.partial.len(),
                // A header's own length is known only as it arrives.
                None => 1,
            };
            if wanted > 0 && input.is_empty() {
                return Ok(None);
            }
            let (more, rest) = input.split_at(wanted.min(input.len()));
            self.partial.extend_from_slice(more);
            *input = rest;
            if let Some(header) = header.filter(|header| header.payload.end == self.partial.len()) {
                let range = header.payload.clone();
                return Ok(Some((header, Place::Partial(range))));
            }
        }
    }

    /// Adds a fragment to its message; the message's kind when that made it whole.
    fn add_fragment(&mut self, frame: &Header, place: &Place) -> Result<Option<Kind>, ScanError> {
        let ((Opcode::Begin(kind), None) | (Opcode::Continue, Some(kind))) =
            (frame.opcode, self.fragmented)
        else {
            return Err(ScanError::Fragments);
        };
        let payload = match place {
            Place::Input(payload) => payload,
            Place::Partial(range) => &self.partial[range.clone()],
        };
        if self.message.len() + payload.len() > MESSAGE_BYTES_MAX {
            return Err(ScanError::TooLong);
        }
        self.message.extend_from_slice(payload);
        if let Place::Partial(_) = place {
            self.partial.clear();
        }
        self.fragmented = (!frame.last).then_some(kind);
        Ok(frame.last.then_some(kind))
    }
}
