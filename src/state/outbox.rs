//! The outbox: the one writer of a socket. Every byte for a peer leaves through it, and in an order that keeps frames
//! whole.
//!
//! The order is: the rest of a frame that is half out; wire bytes that were [staged](Outbox::stage) (control frames,
//! HTTP); messages; and last the close frame. A single batch leaves as the bytes that all its receivers share. Once
//! something could not leave at once there is a backlog, and its pending text is joined under fresh headers, so that a
//! peer that lags gets fewer, fuller frames.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice, Write},
    mem,
};

use arrayvec::ArrayVec;
use bytes::Bytes;

use super::batch::{Begun, SEPARATOR, Slice};
use crate::vocabulary::{
    config::{FRAME_BYTES_MAX, OUTBOX_BATCHES_MAX},
    frame::Header,
};

/// Slices of one vectored write: the most that Linux takes (writev(2), `IOV_MAX`).
const WRITE_SLICES_MAX: usize = 1024;
/// Frames planned for one vectored write.
const WRITE_FRAMES_MAX: usize = 256;
/// Bytes planned for one vectored write; more than any socket buffer takes at once would be planned in vain.
const WRITE_BYTES_MAX: usize = 512 << 10;

/// What waits for one peer.
#[derive(Debug, Default)]
pub struct Outbox {
    pending: Pending,
}

/// One thing is held in place; only what could not leave at once, or came beside another, costs an allocation.
#[derive(Debug, Default)]
enum Pending {
    #[default]
    Nothing,
    Staged(Bytes),
    Messages(Slice),
    Backlog(Box<Backlog>),
}

#[derive(Debug, Default)]
struct Backlog {
    staged: Vec<u8>,
    batches: VecDeque<Slice>,
    begun: Option<Begun>,
    close: Bytes,
    /// Messages in `batches`.
    messages: usize,
    /// Their weight in bytes.
    weight: usize,
}

/// What a flush got rid of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Messages whose frame is out.
    pub messages: usize,
    /// Data frames that are out.
    pub frames: usize,
    /// Bytes taken by the stream.
    pub bytes: usize,
    /// Whether the stream would take no more.
    pub blocked: bool,
}

impl Outbox {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        matches!(self.pending, Pending::Nothing)
    }

    /// Bytes that wait, the headers of frames not yet begun counted about as they will be.
    pub fn unsent_bytes(&self) -> usize {
        match &self.pending {
            Pending::Nothing => 0,
            Pending::Staged(bytes) => bytes.len(),
            Pending::Messages(slice) => slice.weight(),
            Pending::Backlog(backlog) => backlog.unsent_bytes(),
        }
    }

    /// Whether more waits than a peer may leave unsent. One message alone may be of any size.
    pub fn exceeds(&self, max_unsent_bytes: usize) -> bool {
        let Pending::Backlog(backlog) = &self.pending else {
            return false;
        };
        let alone = backlog.messages <= 1 && backlog.staged.len() <= max_unsent_bytes;
        backlog.batches.len() > OUTBOX_BATCHES_MAX
            || (!alone && backlog.unsent_bytes() > max_unsent_bytes)
    }

    /// Queues messages.
    pub fn push(&mut self, slice: Slice) {
        match &mut self.pending {
            Pending::Nothing => self.pending = Pending::Messages(slice),
            _ => self.backlog().push(slice),
        }
    }

    /// Queues wire bytes that are whole units of their protocol, to leave before any message not yet begun.
    pub fn stage(&mut self, bytes: Bytes) {
        match &mut self.pending {
            Pending::Nothing => self.pending = Pending::Staged(bytes),
            _ => self.backlog().staged.extend_from_slice(&bytes),
        }
    }

    /// Queues the close frame, to leave after everything else. Only what was owed before it may still be pushed.
    pub fn close(&mut self, frame: Bytes) {
        let backlog = self.backlog();
        debug_assert!(backlog.close.is_empty(), "a peer is closed once");
        backlog.close = frame;
    }

    /// Drops every message of which no byte is out.
    pub fn abandon(&mut self) {
        match &mut self.pending {
            Pending::Nothing | Pending::Staged(_) => {}
            Pending::Messages(_) => self.pending = Pending::Nothing,
            Pending::Backlog(backlog) => backlog.abandon(),
        }
    }

    /// Writes until nothing waits or the stream would block. A lone batch costs one write and no copy.
    ///
    /// # Errors
    /// Those of the stream, except that it would block: the peer is gone.
    pub fn flush(&mut self, stream: &mut impl Write) -> io::Result<Flushed> {
        let mut flushed = Flushed::default();
        if let Pending::Messages(slice) = &self.pending
            && slice.is_whole()
            && self.write_whole(stream, &mut flushed)?
        {
            return Ok(flushed);
        }
        if let Pending::Staged(bytes) = &mut self.pending {
            match write(stream, |stream| stream.write(bytes))? {
                Some(written) if written == bytes.len() => {
                    flushed.bytes += written;
                    self.pending = Pending::Nothing;
                }
                Some(written) => {
                    flushed.bytes += written;
                    let _ = bytes.split_to(written);
                }
                None => flushed.blocked = true,
            }
        }
        if self.is_empty() || flushed.blocked {
            return Ok(flushed);
        }
        let backlog = self.backlog();
        while !flushed.blocked && !backlog.is_empty() {
            backlog.write(stream, &mut flushed)?;
        }
        if backlog.is_empty() {
            self.pending = Pending::Nothing;
        }
        Ok(flushed)
    }

    /// Writes a whole run as it is, and says whether that settled the flush.
    fn write_whole(&mut self, stream: &mut impl Write, flushed: &mut Flushed) -> io::Result<bool> {
        let Pending::Messages(slice) = &mut self.pending else {
            return Ok(false);
        };
        let run = &slice.run;
        let Some(written) = write(stream, |stream| stream.write(run.bytes()))? else {
            flushed.blocked = true;
            return Ok(true);
        };
        flushed.bytes = written;
        if written == run.bytes().len() {
            flushed.messages = run.messages() as usize;
            flushed.frames = run.frames() as usize;
            self.pending = Pending::Nothing;
            return Ok(true);
        }
        let (first, begun) = run.locate(written);
        flushed.messages = first as usize;
        flushed.frames = run.frames_before(first);
        slice.from = first;
        self.backlog().begun = begun;
        Ok(false)
    }

    /// The backlog, made of whatever waits.
    fn backlog(&mut self) -> &mut Backlog {
        if !matches!(self.pending, Pending::Backlog(_)) {
            let mut backlog = Box::<Backlog>::default();
            match mem::take(&mut self.pending) {
                Pending::Staged(bytes) => backlog.staged.extend_from_slice(&bytes),
                Pending::Messages(slice) => backlog.push(slice),
                Pending::Nothing | Pending::Backlog(_) => {}
            }
            self.pending = Pending::Backlog(backlog);
        }
        match &mut self.pending {
            Pending::Backlog(backlog) => backlog,
            _ => unreachable!("made just above"),
        }
    }
}

impl Backlog {
    fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.staged.is_empty() && self.close.is_empty()
    }

    fn unsent_bytes(&self) -> usize {
        let begun = self.begun.map_or(0, |begun| begun.written);
        (self.weight + self.staged.len() + self.close.len()).saturating_sub(begun)
    }

    fn push(&mut self, slice: Slice) {
        if !slice.is_empty() {
            self.messages += slice.len() as usize;
            self.weight += slice.weight();
            self.batches.push_back(slice);
        }
    }

    fn abandon(&mut self) {
        let mut kept = self.begun.map_or(0, |begun| begun.messages);
        let batches = mem::take(&mut self.batches);
        self.messages = 0;
        self.weight = 0;
        for mut slice in batches {
            if kept == 0 {
                break;
            }
            slice.to = slice.to.min(slice.from + kept);
            kept -= slice.len();
            self.push(slice);
        }
    }

    /// Plans one vectored write, makes it, and takes off what is out.
    fn write(&mut self, stream: &mut impl Write, flushed: &mut Flushed) -> io::Result<()> {
        let plan = Plan::new(self);
        let Some(mut written) = plan.write(self, stream)? else {
            flushed.blocked = true;
            return Ok(());
        };
        flushed.bytes += written;
        let mut frames = plan.frames.into_iter();
        if self.begun.is_some()
            && let Some(frame) = frames.next()
        {
            written = self.advance(frame, written, flushed);
        }
        let staged = written.min(self.staged.len());
        self.staged.drain(..staged);
        written -= staged;
        for frame in frames {
            if written == 0 {
                break;
            }
            written = self.advance(frame, written, flushed);
        }
        let _ = self.close.split_to(written);
        Ok(())
    }

    /// Takes a planned frame off the front, as far as `written` bytes go, and returns what is left of them.
    fn advance(&mut self, frame: Frame, written: usize, flushed: &mut Flushed) -> usize {
        let rest = frame.bytes() - frame.skip;
        if written < rest {
            self.begun = Some(Begun {
                messages: frame.messages,
                written: frame.skip + written,
            });
            return 0;
        }
        self.begun = None;
        self.pop(frame.messages);
        flushed.messages += frame.messages as usize;
        flushed.frames += 1;
        written - rest
    }

    fn pop(&mut self, mut messages: u32) {
        self.messages -= messages as usize;
        while messages > 0 {
            let front = &mut self.batches[0];
            let before = front.weight();
            let taken = messages.min(front.len());
            front.from += taken;
            self.weight -= before - front.weight();
            messages -= taken;
            if front.is_empty() {
                self.batches.pop_front();
            }
        }
    }
}

/// A frame about to be written: its header and how many messages from the queue it carries.
#[derive(Clone, Copy, Debug)]
struct Frame {
    header: Header,
    payload: usize,
    messages: u32,
    /// Bytes of it that are out already.
    skip: usize,
}

impl Frame {
    fn bytes(&self) -> usize {
        self.header.as_ref().len() + self.payload
    }
}

/// The frames of one vectored write, in order.
struct Plan {
    frames: ArrayVec<Frame, WRITE_FRAMES_MAX>,
    /// Whether every waiting message is in a frame of the plan, so that the close frame may follow.
    complete: bool,
}

impl Plan {
    fn new(backlog: &Backlog) -> Self {
        let mut frames = ArrayVec::new();
        let mut cursor = Cursor::new(&backlog.batches);
        let mut begun = backlog.begun;
        let mut bytes = 0;
        while !frames.is_full() && bytes < WRITE_BYTES_MAX {
            let Some(frame) = cursor.frame(begun.take()) else {
                break;
            };
            bytes += frame.bytes();
            frames.push(frame);
        }
        Self {
            frames,
            complete: cursor.is_at_end(),
        }
    }

    /// Gathers the planned bytes and writes them with one call; `None` if the stream would block.
    fn write(&self, backlog: &Backlog, stream: &mut impl Write) -> io::Result<Option<usize>> {
        let mut slices = Gather::default();
        let mut cursor = Cursor::new(&backlog.batches);
        let (begun, fresh) = self
            .frames
            .split_at(usize::from(backlog.begun.is_some()).min(self.frames.len()));
        let fits = begun.iter().all(|frame| cursor.gather(frame, &mut slices))
            && slices.push(&backlog.staged)
            && fresh.iter().all(|frame| cursor.gather(frame, &mut slices));
        if fits && self.complete {
            slices.push(&backlog.close);
        }
        write(stream, |stream| stream.write_vectored(&slices.slices))
    }
}

/// Slices for a vectored write, the first bytes of which may be out already.
#[derive(Default)]
struct Gather<'a> {
    slices: ArrayVec<IoSlice<'a>, WRITE_SLICES_MAX>,
    skip: usize,
}

impl<'a> Gather<'a> {
    /// Adds bytes, and says whether there was room. Nothing may be added after a refusal.
    fn push(&mut self, bytes: &'a [u8]) -> bool {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        let rest = &bytes[skipped..];
        rest.is_empty() || self.slices.try_push(IoSlice::new(rest)).is_ok()
    }
}

/// A walk over the queued messages, from the front.
struct Cursor<'a> {
    batches: &'a VecDeque<Slice>,
    batch: usize,
    /// Messages of the current batch that are behind.
    behind: u32,
}

impl<'a> Cursor<'a> {
    fn new(batches: &'a VecDeque<Slice>) -> Self {
        Self {
            batches,
            batch: 0,
            behind: 0,
        }
    }

    fn is_at_end(&self) -> bool {
        self.batch == self.batches.len()
    }

    /// The next message: its batch and its number there.
    fn peek(&self) -> Option<(&'a Slice, u32)> {
        let slice = self.batches.get(self.batch)?;
        Some((slice, slice.from + self.behind))
    }

    fn skip(&mut self, messages: u32) {
        self.behind += messages;
        if self.behind == self.batches[self.batch].len() {
            self.batch += 1;
            self.behind = 0;
        }
    }

    /// Plans the next frame: the one that is begun, as it was, or as many messages as may share one.
    fn frame(&mut self, begun: Option<Begun>) -> Option<Frame> {
        let (slice, first) = self.peek()?;
        let kind = slice.run.kind(first);
        let joinable = slice.run.is_joinable(first);
        let mut payload = slice.run.body(first).len();
        let mut messages = 1;
        self.skip(1);
        while let Some((slice, next)) = self.peek() {
            let grown = payload + 1 + slice.run.body(next).len();
            let joins = match begun {
                Some(begun) => messages < begun.messages,
                None => joinable && slice.run.is_joinable(next) && grown <= FRAME_BYTES_MAX,
            };
            if !joins {
                break;
            }
            payload = grown;
            messages += 1;
            self.skip(1);
        }
        Some(Frame {
            header: Header::new(kind, payload),
            payload,
            messages,
            skip: begun.map_or(0, |begun| begun.written),
        })
    }

    /// Adds a planned frame's bytes to a write, and says whether all of them found room.
    fn gather<'b>(&mut self, frame: &'b Frame, slices: &mut Gather<'b>) -> bool
    where
        'a: 'b,
    {
        slices.skip = frame.skip;
        let mut fits = slices.push(frame.header.as_ref());
        let mut left = frame.messages;
        while fits && left > 0 {
            let Some((slice, first)) = self.peek() else {
                break;
            };
            let (bodies, next) = slice.run.contiguous(first, slice.to.min(first + left));
            if left < frame.messages {
                fits = slices.push(&[SEPARATOR]);
            }
            fits = fits && slices.push(bodies);
            left -= next - first;
            self.skip(next - first);
        }
        fits
    }
}

/// Makes one write, again if it was interrupted; `None` if it would block.
fn write<W: Write>(
    stream: &mut W,
    mut attempt: impl FnMut(&mut W) -> io::Result<usize>,
) -> io::Result<Option<usize>> {
    loop {
        match attempt(stream) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => return Ok(Some(written)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor as Bytewise;
    use std::rc::Rc;

    use tungstenite::protocol::frame::{
        FrameHeader,
        coding::{Control, Data, OpCode},
    };

    use super::*;
    use crate::{
        state::batch::{Form, OpenBatch, Run},
        vocabulary::frame::{self, Kind, PING},
    };

    /// A stream that takes as much as it is told to, then blocks.
    #[derive(Default)]
    struct Sink {
        taken: Vec<u8>,
        room: usize,
        writes: usize,
        /// The most that one write takes.
        gulp: usize,
    }

    impl Sink {
        fn with_room(room: usize) -> Self {
            Self {
                room,
                gulp: usize::MAX,
                ..Self::default()
            }
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            let taken = bytes.len().min(self.room).min(self.gulp);
            if taken == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room -= taken;
            self.taken.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            let bytes: Vec<u8> = slices
                .iter()
                .flat_map(|slice| slice.iter().copied())
                .collect();
            self.write(&bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug, PartialEq)]
    enum Seen {
        Text(Vec<String>),
        Binary(Vec<u8>),
        Ping,
        Close,
    }

    /// Reads whole frames, and insists that nothing is left over.
    fn seen(bytes: &[u8]) -> Vec<Seen> {
        let mut rest = bytes;
        let mut seen = Vec::new();
        while !rest.is_empty() {
            let mut cursor = Bytewise::new(rest);
            let (header, len) = FrameHeader::parse(&mut cursor)
                .unwrap()
                .expect("a whole header");
            let start = usize::try_from(cursor.position()).unwrap();
            let payload;
            (payload, rest) = rest[start..].split_at(usize::try_from(len).unwrap());
            seen.push(match header.opcode {
                OpCode::Data(Data::Text) => {
                    let text = std::str::from_utf8(payload).unwrap();
                    Seen::Text(text.split('\n').map(str::to_owned).collect())
                }
                OpCode::Data(Data::Binary) => Seen::Binary(payload.to_vec()),
                OpCode::Control(Control::Ping) => Seen::Ping,
                OpCode::Control(Control::Close) => Seen::Close,
                other => panic!("nobody sends {other:?}"),
            });
        }
        seen
    }

    fn texts(words: &[&str], form: Form) -> Slice {
        let mut batch = OpenBatch::default();
        for word in words {
            batch.push_line(word);
        }
        Slice::whole(Rc::new(batch.encode(form)))
    }

    fn text(words: &[&str]) -> Seen {
        Seen::Text(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn a_lone_batch_is_one_write_of_the_shared_bytes() {
        let mut outbox = Outbox::default();
        let mut sink = Sink::with_room(usize::MAX);
        let slice = texts(&["a", "b"], Form::Joined);
        let shared = slice.run.bytes().to_vec();
        outbox.push(slice);
        let flushed = outbox.flush(&mut sink).unwrap();
        assert_eq!((sink.writes, &sink.taken), (1, &shared));
        assert_eq!(
            (flushed.messages, flushed.frames, flushed.blocked),
            (2, 1, false)
        );
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_backlog_is_joined_into_fewer_fuller_frames() {
        let mut outbox = Outbox::default();
        for word in ["a", "b", "c"] {
            outbox.push(texts(&[word], Form::Joined));
            assert!(outbox.flush(&mut Sink::with_room(0)).unwrap().blocked);
        }
        let mut sink = Sink::with_room(usize::MAX);
        let flushed = outbox.flush(&mut sink).unwrap();
        assert_eq!(seen(&sink.taken), [text(&["a", "b", "c"])]);
        assert_eq!((flushed.messages, flushed.frames, sink.writes), (3, 1, 1));
    }

    #[test]
    fn single_messages_keep_frames_of_their_own_in_one_write() {
        let mut outbox = Outbox::default();
        outbox.push(texts(&["a", "b"], Form::Single));
        outbox.push(texts(&["c"], Form::Single));
        let mut sink = Sink::with_room(usize::MAX);
        outbox.flush(&mut sink).unwrap();
        assert_eq!(
            seen(&sink.taken),
            [text(&["a"]), text(&["b"]), text(&["c"])]
        );
        assert_eq!(sink.writes, 1);
    }

    #[test]
    fn text_is_not_joined_across_a_binary_message_nor_with_an_echo() {
        let mut outbox = Outbox::default();
        let mut batch = OpenBatch::default();
        batch.push_line("a");
        batch.push(Kind::Binary, b"\n");
        batch.push_line("b");
        outbox.push(Slice::whole(Rc::new(batch.encode(Form::Joined))));
        outbox.push(Slice::whole(Rc::new(Run::alone(Kind::Text, b"echo"))));
        outbox.push(texts(&["c"], Form::Joined));
        let mut sink = Sink::with_room(usize::MAX);
        outbox.flush(&mut sink).unwrap();
        let expected = [
            text(&["a"]),
            Seen::Binary(b"\n".to_vec()),
            text(&["b"]),
            text(&["echo"]),
            text(&["c"]),
        ];
        assert_eq!(seen(&sink.taken), expected);
    }

    #[test]
    fn joined_frames_hold_at_most_16_kib_unless_one_message_is_larger() {
        let mut outbox = Outbox::default();
        let half = "x".repeat(FRAME_BYTES_MAX / 2);
        let large = "y".repeat(FRAME_BYTES_MAX + 1);
        for word in [&half, &half, &half, &large, &half] {
            outbox.push(texts(&[word], Form::Joined));
        }
        let mut sink = Sink::with_room(usize::MAX);
        outbox.flush(&mut sink).unwrap();
        let sizes: Vec<_> = seen(&sink.taken)
            .iter()
            .map(|frame| match frame {
                Seen::Text(words) => words.iter().map(String::len).sum::<usize>(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            sizes,
            [half.len(), half.len(), half.len(), large.len(), half.len()]
        );
    }

    #[test]
    fn a_control_frame_waits_for_the_frame_that_is_half_out_and_for_no_other() {
        let mut outbox = Outbox::default();
        outbox.push(texts(&["half"], Form::Joined));
        let mut sink = Sink::with_room(3);
        outbox.flush(&mut sink).unwrap();
        outbox.push(texts(&["next"], Form::Joined));
        outbox.stage(PING);
        sink.room = usize::MAX;
        outbox.flush(&mut sink).unwrap();
        assert_eq!(
            seen(&sink.taken),
            [text(&["half"]), Seen::Ping, text(&["next"])]
        );
    }

    #[test]
    fn the_close_frame_comes_last_and_an_abandoned_backlog_keeps_only_what_is_half_out() {
        let mut outbox = Outbox::default();
        outbox.push(texts(&["half", "out"], Form::Joined));
        let mut sink = Sink::with_room(3);
        outbox.flush(&mut sink).unwrap();
        outbox.push(texts(&["dropped"], Form::Joined));
        outbox.abandon();
        outbox.close(frame::close(4001, "slow"));
        outbox.stage(PING);
        sink.room = usize::MAX;
        outbox.flush(&mut sink).unwrap();
        assert_eq!(
            seen(&sink.taken),
            [text(&["half", "out"]), Seen::Ping, Seen::Close]
        );
        assert_eq!(outbox.unsent_bytes(), 0);
    }

    #[test]
    fn too_much_is_judged_after_a_flush_and_one_message_alone_is_never_too_much() {
        let mut outbox = Outbox::default();
        outbox.push(texts(&[&"x".repeat(1000)], Form::Joined));
        outbox.flush(&mut Sink::with_room(1)).unwrap();
        assert!(!outbox.exceeds(100));
        outbox.push(texts(&["y"], Form::Joined));
        assert!(outbox.exceeds(100));
        assert!(!outbox.exceeds(2000));
    }

    #[test]
    fn the_number_of_waiting_batches_is_bounded_whatever_their_size() {
        let mut outbox = Outbox::default();
        let slice = texts(&["x"], Form::Joined);
        for _ in 0..OUTBOX_BATCHES_MAX {
            outbox.push(slice.clone());
        }
        assert!(!outbox.exceeds(usize::MAX));
        outbox.push(slice);
        assert!(outbox.exceeds(usize::MAX));
    }

    #[test]
    fn whatever_the_stream_takes_messages_arrive_whole_once_and_in_order() {
        for seed in 0..100 {
            let mut chance = fastrand::Rng::with_seed(seed);
            let joins = chance.u8(0..3) > 0;
            let mut outbox = Outbox::default();
            let mut sink = Sink::with_room(0);
            let mut said = Vec::new();
            let mut pings = 0;
            let mut flushed = Flushed::default();
            for turn in 0..chance.usize(1..40) {
                let mut batch = OpenBatch::default();
                let mut words = Vec::new();
                for message in 0..chance.usize(1..12) {
                    let filler = match chance.u8(0..30) {
                        0 => chance.usize(0..20_000),
                        1..3 => chance.usize(0..2000),
                        _ => chance.usize(0..80),
                    };
                    let word = format!("{turn}.{message}{}", "x".repeat(filler));
                    if chance.u8(0..10) == 0 {
                        batch.push(Kind::Binary, word.as_bytes());
                    } else {
                        batch.push_line(&word);
                    }
                    words.push(word);
                }
                let form = if joins { Form::Joined } else { Form::Single };
                let run = Rc::new(batch.encode(form));
                let from = chance.u32(0..run.messages());
                let to = chance.u32(from..=run.messages());
                let (from, to) = if chance.bool() {
                    (0, run.messages())
                } else {
                    (from, to)
                };
                said.extend(words.drain(from as usize..to as usize));
                outbox.push(Slice { run, from, to });
                if chance.u8(0..5) == 0 {
                    outbox.stage(PING);
                    pings += 1;
                }
                if chance.bool() {
                    sink.room = chance.usize(0..30_000);
                    sink.gulp = chance.usize(1..20_000);
                    let now = outbox.flush(&mut sink).unwrap();
                    flushed.messages += now.messages;
                    flushed.frames += now.frames;
                }
            }
            outbox.close(frame::close(1000, ""));
            sink.room = usize::MAX;
            let last = outbox.flush(&mut sink).unwrap();
            assert!(
                outbox.is_empty() && outbox.unsent_bytes() == 0,
                "seed {seed}"
            );
            let mut frames = seen(&sink.taken);
            assert_eq!(frames.pop(), Some(Seen::Close), "seed {seed}");
            let mut heard = Vec::new();
            let mut data_frames = 0;
            for frame in frames {
                data_frames += usize::from(frame != Seen::Ping);
                match frame {
                    Seen::Text(words) => {
                        let bytes = words.iter().map(|word| word.len() + 1).sum::<usize>() - 1;
                        assert!(words.len() == 1 || bytes <= FRAME_BYTES_MAX, "seed {seed}");
                        assert!(words.len() == 1 || joins, "seed {seed}");
                        heard.extend(words);
                    }
                    Seen::Binary(bytes) => heard.push(String::from_utf8(bytes).unwrap()),
                    Seen::Ping => pings -= 1,
                    Seen::Close => panic!("one close, at the end"),
                }
            }
            assert!(heard == said, "seed {seed}");
            assert_eq!(pings, 0, "seed {seed}");
            assert_eq!(flushed.messages + last.messages, said.len(), "seed {seed}");
            assert_eq!(flushed.frames + last.frames, data_frames, "seed {seed}");
        }
    }
}
