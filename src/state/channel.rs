//! A channel: its members, and what is said in it this turn.

use std::mem;
use std::rc::Rc;

use super::{
    batch::{Form, OpenBatch, Run, Slice},
    memory::of_list,
    press::{Audience, Press},
    seal::Seal,
};
use crate::vocabulary::{
    coding::{Coding, Window},
    frame::Kind,
};

/// Where a member stands in its channel. It changes when another member leaves, and the hub is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which of the two rows: members who want joined frames, or single ones.
    pub form: Form,
    /// The place in that row.
    pub index: u32,
}

/// One who gets what is said.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The client, to the hub.
    pub client: u32,
    /// The connection's slot, to whoever delivers.
    pub slot: u32,
    /// The number of the first message that is the member's to get.
    since: u64,
}

/// How a member goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// Of its own will: it gets all that was said before.
    Leaves,
    /// With its connection, which takes nothing more.
    Vanishes,
}

/// What one who left this turn is still owed: messages `from..to` of the open batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    form: Form,
    from: u32,
    to: u32,
}

/// What came of a leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The client whose seat this became, if the last of the row had to move up.
    pub moved: Option<u32>,
    /// What the one who left is still owed.
    pub owed: Option<Owed>,
}

/// A channel, and who gets what is said there.
#[derive(Debug, Default)]
pub struct Channel {
    /// The number of the open batch's first message; the channel's first message ever is number 0.
    first: u64,
    /// Where several servers have the same channels, nobody is here of most of them.
    here: Option<Box<Here>>,
}

/// Members in dense rows, and the open batch. It is there while there is any of either.
#[derive(Debug, Default)]
struct Here {
    /// By [`Form`].
    rows: [Row; 2],
    open: OpenBatch,
}

/// Members who want what is said in one form.
#[derive(Debug, Default)]
struct Row {
    members: Vec<Member>,
    /// Those of them who inflate, by [`Window`].
    audiences: [Audience; Window::ALL.len()],
    /// Whether someone who was in it is owed some of the open batch.
    owes: bool,
    /// The open batch, encoded, while it is handed out.
    sealed: Option<Rc<Run>>,
}

impl Channel {
    /// One without members, in which so many messages were said.
    pub fn after(said: u64) -> Self {
        Self {
            first: said,
            here: None,
        }
    }

    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        self.here.as_ref().map_or(0, |here| {
            let members = here.rows.iter().map(|row| row.members.capacity());
            size_of::<Here>() + of_list::<Member>(members.sum()) + here.open.heap_bytes()
        })
    }

    /// How many messages were ever said.
    pub fn said(&self) -> u64 {
        self.first + self.here.as_ref().map_or(0, |here| here.open.len()) as u64
    }

    /// The place of the open batch's first message.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The message that was said last; one was said this turn.
    pub fn newest(&self) -> (Kind, &[u8]) {
        self.here().open.newest()
    }

    /// Whether what is said there is anybody's here to get.
    pub fn is_heard(&self) -> bool {
        self.here.is_some()
    }

    /// Counts a message that is nobody's here to get.
    pub fn skip(&mut self) {
        debug_assert!(!self.is_heard());
        self.first += 1;
    }

    /// Takes an empty batch to collect what is said this turn.
    pub fn begin(&mut self, batch: OpenBatch) {
        let open = &mut self.here.get_or_insert_default().open;
        debug_assert!(open.is_empty() && batch.is_empty());
        *open = batch;
    }

    /// Takes in a member, who gets all that is said from now on. O(1).
    pub fn join(&mut self, client: u32, slot: u32, form: Form, coding: Coding) -> Seat {
        let since = self.said();
        let row = &mut self.here.get_or_insert_default().rows[form as usize];
        let index = row.members.len();
        let index = u32::try_from(index).expect("members are connections, which 32 bits count");
        row.members.push(Member {
            client,
            slot,
            since,
        });
        if let Coding::Deflate(window) = coding {
            row.audiences[window as usize].join();
        }
        Seat { form, index }
    }

    /// How many messages came before those that a member is yet to get.
    pub fn heard(&self, seat: Seat) -> u64 {
        let member = &self.here().rows[seat.form as usize].members[seat.index as usize];
        member.since.max(self.first)
    }

    /// Lets a member go, who still gets all that was said until now, if it can take anything. O(1).
    pub fn leave(&mut self, seat: Seat, coding: Coding, departure: Departure) -> Left {
        let first = self.first;
        let here = self.here_mut();
        let next = here.open.len();
        let row = &mut here.rows[seat.form as usize];
        let member = row.members.swap_remove(seat.index as usize);
        let moved = row.members.get(seat.index as usize);
        let moved = moved.map(|member| member.client);
        if let Coding::Deflate(window) = coding {
            row.audiences[window as usize].leave();
        }
        let from = member.suffix(first);
        let to = u32::try_from(next).expect("a batch's messages fit 32 bits");
        let is_owed = departure == Departure::Leaves && from < to;
        row.owes |= is_owed;
        let form = seat.form;
        let owed = is_owed.then_some(Owed { form, from, to });
        self.let_go();
        Left { moved, owed }
    }

    /// Adds a message that is written by `write`, which writes no newline in text. Returns its bytes.
    pub fn compose(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        self.here_mut().open.compose(kind, write)
    }

    /// Encodes the open batch once for each form that someone wants, under a seal, and deflates it where that pays.
    pub fn seal(&mut self, seal: &Seal, press: &mut Press) {
        let here = self.here_mut();
        for form in [Form::Joined, Form::Single] {
            let row = &mut here.rows[form as usize];
            let is_wanted = mem::take(&mut row.owes) || !row.members.is_empty();
            row.sealed = is_wanted.then(|| {
                let mut run = here.open.encode(form, seal.clone());
                for (window, audience) in Window::ALL.into_iter().zip(&mut row.audiences) {
                    press.press(&mut run, window, audience);
                }
                Rc::new(run)
            });
        }
    }

    /// What one who left is owed of the sealed batch.
    pub fn settle(&self, owed: Owed) -> Slice {
        let run = self.here().rows[owed.form as usize].sealed.as_ref();
        slice(run.expect("sealed for whom it owes"), owed.from, owed.to)
    }

    /// Hands every member the part of the sealed batch that is theirs, and gives the emptied batch back.
    pub fn deliver(&mut self, deliver: &mut impl FnMut(u32, Slice)) -> OpenBatch {
        let first = self.first;
        let here = self.here_mut();
        for row in &mut here.rows {
            let Some(run) = row.sealed.take() else {
                continue;
            };
            let to = run.messages();
            for member in &row.members {
                let from = member.suffix(first);
                if from < to {
                    deliver(member.slot, slice(&run, from, to));
                }
            }
        }
        let mut batch = mem::take(&mut here.open);
        self.first += batch.len() as u64;
        batch.clear();
        self.let_go();
        batch
    }

    fn here(&self) -> &Here {
        self.here.as_ref().expect("someone is here")
    }

    fn here_mut(&mut self) -> &mut Here {
        self.here.as_mut().expect("someone is here")
    }

    /// Keeps nothing for those here where nobody is and nothing is still to be handed out.
    fn let_go(&mut self) {
        let is_over = |here: &mut Box<Here>| {
            here.open.is_empty() && here.rows.iter().all(|row| row.members.is_empty())
        };
        self.here.take_if(is_over);
    }
}

impl Member {
    /// The first message that is the member's, counted from `first`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "nobody joins beyond the open batch, whose messages fit 32 bits"
    )]
    fn suffix(&self, first: u64) -> u32 {
        self.since.saturating_sub(first) as u32
    }
}

fn slice(run: &Rc<Run>, from: u32, to: u32) -> Slice {
    Slice {
        run: Rc::clone(run),
        from,
        to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seals and returns who got which words, those who left first.
    fn heard(channel: &mut Channel, owed: &[(u32, Option<Owed>)]) -> Vec<(u32, String)> {
        let mut heard = Vec::new();
        let mut hear = |slot, slice: Slice| {
            for message in slice.from..slice.to {
                let body = String::from_utf8(slice.run.body(message).to_vec()).unwrap();
                heard.push((slot, body));
            }
        };
        channel.seal(&Seal::default(), &mut Press::new(0));
        for &(slot, owed) in owed {
            hear(slot, channel.settle(owed.expect("something is owed")));
        }
        channel.deliver(&mut hear);
        heard
    }

    fn say_line(channel: &mut Channel, line: &str) {
        compose(channel, Kind::Text, line.as_bytes());
    }

    fn say(channel: &mut Channel, body: &[u8]) {
        compose(channel, Kind::Binary, body);
    }

    fn compose(channel: &mut Channel, kind: Kind, body: &[u8]) {
        if !channel.is_heard() {
            channel.begin(OpenBatch::default());
        }
        channel.compose(kind, |bytes| bytes.extend_from_slice(body));
    }

    fn expect(heard: &[(u32, String)], slot: u32, words: &[&str]) {
        let got: Vec<_> = heard
            .iter()
            .filter(|(to, _)| *to == slot)
            .map(|(_, word)| word)
            .collect();
        assert_eq!(got, words, "slot {slot}");
    }

    #[test]
    fn a_joiner_gets_what_is_said_after_and_a_leaver_what_was_said_before() {
        let mut channel = Channel::default();
        let stays = channel.join(0, 10, Form::Joined, Coding::Plain);
        let leaves = channel.join(1, 11, Form::Joined, Coding::Plain);
        say_line(&mut channel, "one");
        let owed = channel.leave(leaves, Coding::Plain, Departure::Leaves).owed;
        say_line(&mut channel, "two");
        channel.join(2, 12, Form::Single, Coding::Plain);
        say_line(&mut channel, "three");
        let first = heard(&mut channel, &[(11, owed)]);
        expect(&first, 10, &["one", "two", "three"]);
        expect(&first, 11, &["one"]);
        expect(&first, 12, &["three"]);
        say_line(&mut channel, "four");
        let owed = channel.leave(stays, Coding::Plain, Departure::Leaves).owed;
        let second = heard(&mut channel, &[(10, owed)]);
        expect(&second, 10, &["four"]);
        expect(&second, 11, &[]);
        expect(&second, 12, &["four"]);
    }

    #[test]
    fn one_who_leaves_and_comes_back_within_a_turn_gets_both_parts_in_order() {
        let mut channel = Channel::default();
        let seat = channel.join(0, 10, Form::Joined, Coding::Plain);
        say_line(&mut channel, "before");
        let owed = channel.leave(seat, Coding::Plain, Departure::Leaves).owed;
        say_line(&mut channel, "while away");
        channel.join(0, 10, Form::Joined, Coding::Plain);
        say_line(&mut channel, "after");
        let heard = heard(&mut channel, &[(10, owed)]);
        expect(&heard, 10, &["before", "after"]);
    }

    #[test]
    fn what_a_member_has_heard_is_what_was_handed_out_since_it_joined() {
        let mut channel = Channel::default();
        say_line(&mut channel, "one");
        let seat = channel.join(0, 10, Form::Joined, Coding::Plain);
        say_line(&mut channel, "two");
        assert_eq!(channel.heard(seat), 1);
        heard(&mut channel, &[]);
        say_line(&mut channel, "three");
        assert_eq!(channel.heard(seat), 2);
    }

    #[test]
    fn one_who_vanishes_is_owed_nothing() {
        let mut channel = Channel::default();
        let seat = channel.join(0, 10, Form::Joined, Coding::Plain);
        say_line(&mut channel, "unheard");
        assert_eq!(
            channel.leave(seat, Coding::Plain, Departure::Vanishes).owed,
            None
        );
        assert_eq!(heard(&mut channel, &[]), []);
    }

    #[test]
    fn leaving_tells_whose_seat_changed() {
        let mut channel = Channel::default();
        let first = channel.join(0, 10, Form::Joined, Coding::Plain);
        let second = channel.join(1, 11, Form::Joined, Coding::Plain);
        assert_eq!(
            channel.leave(first, Coding::Plain, Departure::Leaves).moved,
            Some(1)
        );
        let second = Seat { index: 0, ..second };
        assert_eq!(
            channel
                .leave(second, Coding::Plain, Departure::Leaves)
                .moved,
            None
        );
    }

    #[test]
    fn what_is_said_is_deflated_for_as_long_as_a_member_reads_that() {
        const FULL: Coding = Coding::Deflate(Window::Full);
        let mut channel = Channel::default();
        let mut press = Press::default();
        let mut deflates = |channel: &mut Channel| {
            let before = press.deflation().batches;
            say_line(channel, &"words ".repeat(200));
            channel.seal(&Seal::default(), &mut press);
            channel.deliver(&mut |_, _| {});
            press.deflation().batches > before
        };
        let plain = channel.join(0, 10, Form::Joined, Coding::Plain);
        assert!(!deflates(&mut channel));
        channel.join(1, 11, Form::Joined, FULL);
        assert!(deflates(&mut channel));
        let left = channel.leave(plain, Coding::Plain, Departure::Leaves);
        assert_eq!(left.moved, Some(1), "who keeps its coding");
        assert!(deflates(&mut channel));
        channel.join(2, 12, Form::Joined, Coding::Plain);
        channel.leave(plain, FULL, Departure::Leaves);
        assert!(!deflates(&mut channel));
    }

    #[test]
    fn a_channel_takes_memory_while_someone_is_here_or_is_owed_something() {
        let mut channel = Channel::default();
        let seat = channel.join(0, 10, Form::Joined, Coding::Plain);
        say_line(&mut channel, "one");
        let owed = channel.leave(seat, Coding::Plain, Departure::Leaves).owed;
        assert_ne!(channel.heap_bytes(), 0);
        expect(&heard(&mut channel, &[(10, owed)]), 10, &["one"]);
        assert_eq!((channel.heap_bytes(), channel.said()), (0, 1));
        let seat = channel.join(0, 10, Form::Joined, Coding::Plain);
        assert_ne!(channel.heap_bytes(), 0);
        channel.leave(seat, Coding::Plain, Departure::Leaves);
        assert_eq!(channel.heap_bytes(), 0);
    }

    #[test]
    fn what_nobody_gets_is_not_encoded_and_still_numbered() {
        let mut channel = Channel::default();
        say(&mut channel, b"to nobody");
        assert_eq!(heard(&mut channel, &[]), []);
        channel.join(0, 10, Form::Single, Coding::Plain);
        say(&mut channel, b"to one");
        expect(&heard(&mut channel, &[]), 10, &["to one"]);
    }
}
