//! The outbox: the one writer of a socket. Every byte for a peer leaves through it, and in an order that keeps frames
//! whole.
//!
//! The order is: the rest of a frame that is half out; wire bytes that were [staged](Outbox::stage) (control frames,
//! HTTP); messages; and last the close frame. A single batch leaves as the bytes that all its receivers share. Once
//! something could not leave at once there is a backlog, and its pending text is joined under fresh headers, so that a
//! peer that lags gets fewer, fuller frames.

mod backlog;

use std::io::{self, ErrorKind, Write};
use std::mem;

use bytes::Bytes;

use self::backlog::Backlog;
use super::batch::Slice;

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

    /// Bytes that it takes beside itself; of what is shared, its share.
    pub fn heap_bytes(&self) -> usize {
        match &self.pending {
            Pending::Nothing => 0,
            Pending::Staged(bytes) => bytes.len(),
            Pending::Messages(slice) => slice.heap_bytes(),
            Pending::Backlog(backlog) => backlog.heap_bytes(),
        }
    }

    /// Whether more waits than a peer may leave unsent. One message larger than that is let through, and does not count
    /// while it is first in line.
    pub fn exceeds(&self, max_unsent_bytes: usize) -> bool {
        match &self.pending {
            Pending::Backlog(backlog) => backlog.exceeds(max_unsent_bytes),
            _ => false,
        }
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
            _ => self.backlog().stage(&bytes),
        }
    }

    /// Queues the close frame, to leave after everything else. Only what was owed before it may still be pushed.
    pub fn close(&mut self, frame: Bytes) {
        self.backlog().close(frame);
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
            self.backlog();
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
        self.backlog().begin(begun);
        Ok(false)
    }

    /// The backlog, made of whatever waits.
    fn backlog(&mut self) -> &mut Backlog {
        if !matches!(self.pending, Pending::Backlog(_)) {
            let mut backlog = Box::<Backlog>::default();
            match mem::take(&mut self.pending) {
                Pending::Staged(bytes) => backlog.stage(&bytes),
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
    use std::io::{Cursor as Bytewise, IoSlice};
    use std::rc::Rc;

    use tungstenite::protocol::frame::{
        FrameHeader,
        coding::{Control, Data, OpCode},
    };

    use super::*;
    use crate::{
        state::batch::{Form, OpenBatch, Run},
        vocabulary::{
            config::{FRAME_BYTES_MAX, OUTBOX_BATCHES_MAX},
            frame::{self, Kind, PING},
        },
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
        outbox.push(Slice::whole(Rc::new(Run::alone(
            Kind::Text,
            b"echo",
            Form::Single,
        ))));
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
    fn one_message_larger_than_what_may_wait_is_let_through_and_not_counted() {
        let mut outbox = Outbox::default();
        outbox.push(texts(&[&"x".repeat(1000)], Form::Joined));
        outbox.flush(&mut Sink::with_room(1)).unwrap();
        outbox.push(texts(&["y"], Form::Joined));
        assert!(!outbox.exceeds(100));
        outbox.push(texts(&[&"z".repeat(100)], Form::Joined));
        assert!(outbox.exceeds(100));
        assert!(!outbox.exceeds(2000));
    }

    #[test]
    fn a_batch_of_which_nothing_was_taken_is_judged_as_well() {
        let mut outbox = Outbox::default();
        let words = ["x".repeat(60), "y".repeat(60)];
        outbox.push(texts(&[&words[0], &words[1]], Form::Joined));
        outbox.flush(&mut Sink::with_room(0)).unwrap();
        assert!(outbox.exceeds(100));
    }

    #[test]
    fn an_empty_message_of_ones_own_weighs_what_it_takes() {
        let mut outbox = Outbox::default();
        for _ in 0..100 {
            outbox.push(Slice::whole(Rc::new(Run::alone(
                Kind::Text,
                b"",
                Form::Single,
            ))));
        }
        assert!(outbox.exceeds(10_000));
    }

    #[test]
    fn one_who_waits_for_little_of_much_keeps_only_that() {
        let large = "x".repeat(50_000);
        let mut outbox = Outbox::default();
        for _ in 0..100 {
            let Slice { run, .. } = texts(&[&large, "mine", &large], Form::Joined);
            outbox.push(Slice {
                run,
                from: 1,
                to: 2,
            });
        }
        assert!(outbox.heap_bytes() < large.len(), "{}", outbox.heap_bytes());
        let mut sink = Sink::with_room(usize::MAX);
        outbox.flush(&mut sink).unwrap();
        assert_eq!(seen(&sink.taken), [text(&["mine"; 100])]);
    }

    #[test]
    fn what_has_left_weighs_nothing_while_more_waits() {
        let alone = || Slice::whole(Rc::new(Run::alone(Kind::Text, b"answer", Form::Single)));
        let mut outbox = Outbox::default();
        for _ in 0..10 {
            outbox.push(alone());
        }
        let all = outbox.unsent_bytes();
        let frame = alone().run.bytes().len();
        let mut sink = Sink::with_room(5 * frame);
        assert_eq!(outbox.flush(&mut sink).unwrap().frames, 5);
        assert_eq!(outbox.unsent_bytes(), all / 2);
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
