//! What clients of this node do, on its way into the journal and back.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::time::Duration;

use bytes::Bytes;

use super::{header::EntryKind, line::Line};
use crate::{state::engine::Deed, vocabulary::config::ENTRY_BYTES_MAX};

/// What is to be appended as one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The node's own number for it.
    pub number: u64,
    /// What it is for.
    pub kind: EntryKind,
    /// What it says.
    pub body: Bytes,
}

/// Batches in the order of their numbers, and what will be in the next ones.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// How many were handed out.
    number: u64,
    /// Those that were handed out and did not come back yet.
    sent: VecDeque<Sent>,
    /// How many of these are known to be in the journal.
    appended: usize,
    /// What was never handed out: full ones, and last the one that grows.
    waiting: VecDeque<Draft>,
    /// Bytes of those.
    waiting_bytes: usize,
    /// What will not be done, in the order in which it was asked for.
    refused: VecDeque<Refused>,
    /// When messages that came back were said, and how many then.
    returned: Vec<(Duration, u64)>,
}

/// What was handed out.
#[derive(Debug)]
struct Sent {
    batch: Batch,
    /// Whose it is, in order.
    clients: Box<[u32]>,
    /// When messages in it were said, and how many then.
    said: Vec<(Duration, u64)>,
    /// When the first of it was asked for.
    since: Duration,
    /// How often it was handed out and may have been appended.
    tries: u32,
}

/// What a client asked for that will not be done.
#[derive(Debug, PartialEq)]
pub(super) struct Refused {
    pub(super) client: u32,
    pub(super) deed: Deed<'static>,
    /// The last batch that may hold what the client had asked for before.
    after: u64,
}

#[derive(Debug)]
struct Draft {
    kind: EntryKind,
    body: Vec<u8>,
    clients: Vec<u32>,
    /// When messages in it were said, and how many then.
    said: Vec<(Duration, u64)>,
    /// When the first of it was asked for.
    since: Duration,
    /// Whether someone was refused something behind it, so that nothing more may come into it.
    is_closed: bool,
}

impl Draft {
    fn new(kind: EntryKind, since: Duration) -> Self {
        Self {
            kind,
            body: Vec::new(),
            clients: Vec::new(),
            said: Vec::new(),
            since,
            is_closed: false,
        }
    }

    fn is_open(&self) -> bool {
        self.kind == EntryKind::Actions && !self.is_closed
    }
}

impl Queue {
    /// Adds what a client does.
    pub(super) fn add(&mut self, client: u32, deed: &Deed<'_>, now: Duration) {
        if !self.waiting.back().is_some_and(Draft::is_open) {
            let draft = Draft::new(EntryKind::Actions, now);
            self.waiting.push_back(draft);
        }
        let mut draft = self.waiting.back_mut().expect("there is an open one");
        let before = draft.body.len();
        Line::of(client, deed).write(&mut draft.body);
        self.waiting_bytes += draft.body.len() - before;
        if before > 0 && draft.body.len() > ENTRY_BYTES_MAX {
            let body = draft.body.split_off(before);
            let next = Draft::new(EntryKind::Actions, now);
            self.waiting.push_back(Draft { body, ..next });
            draft = self.waiting.back_mut().expect("it was just added");
        }
        draft.clients.push(client);
        if deed.is_said() {
            match draft.said.last_mut() {
                Some((at, messages)) if *at == now => *messages += 1,
                _ => draft.said.push((now, 1)),
            }
        }
    }

    /// Adds an entry that is about the node itself.
    pub(super) fn add_entry(&mut self, kind: EntryKind, body: Vec<u8>, now: Duration) {
        let draft = Draft::new(kind, now);
        self.waiting_bytes += body.len();
        self.waiting.push_back(Draft { body, ..draft });
    }

    /// What is to be appended now: the same until that is known to be done.
    pub(super) fn next(&mut self) -> Option<&Batch> {
        if self.sent.len() == self.appended {
            let mut draft = self.waiting.pop_front()?;
            self.waiting_bytes -= draft.body.len();
            self.number += 1;
            draft.clients.sort_unstable();
            draft.clients.dedup();
            let batch = Batch {
                number: self.number,
                kind: draft.kind,
                body: draft.body.into(),
            };
            self.sent.push_back(Sent {
                batch,
                clients: draft.clients.into(),
                said: draft.said,
                since: draft.since,
                tries: 0,
            });
        }
        let sent = self.sent.get_mut(self.appended)?;
        sent.tries += 1;
        Some(&sent.batch)
    }

    /// Notes that nothing came of it that this batch was handed out last. If nothing can have come of it before either, it
    /// waits again as if it never was, unless someone was refused something behind it.
    pub(super) fn undone(&mut self, number: u64) {
        let is_refused_behind = self.refused.iter().any(|refused| refused.after >= number);
        let is_it = |sent: &&mut Sent| sent.batch.number == number;
        let Some(sent) = self.sent.back_mut().filter(is_it) else {
            return;
        };
        sent.tries -= 1;
        if sent.tries > 0 || is_refused_behind {
            return;
        }
        let Some(sent) = self.sent.pop_back() else {
            return;
        };
        self.number -= 1;
        self.waiting_bytes += sent.batch.body.len();
        self.waiting.push_front(Draft {
            kind: sent.batch.kind,
            body: sent.batch.body.into(),
            clients: sent.clients.into(),
            said: sent.said,
            since: sent.since,
            is_closed: false,
        });
    }

    /// Whether what waits had better wait for more: it is a batch that still grows, behind one of clients, too, that is about
    /// to come back.
    pub(super) fn may_gather(&self) -> bool {
        let under_way = self
            .sent
            .back()
            .filter(|_| self.sent.len() == self.appended);
        let is_coming = under_way.is_some_and(|sent| sent.batch.kind == EntryKind::Actions);
        is_coming && self.waiting.len() == 1 && self.waiting[0].is_open()
    }

    /// The number of the next batch.
    pub(super) fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// Notes that all up to a number are in the journal.
    pub(super) fn appended(&mut self, number: u64) {
        let appended = |sent: &&Sent| sent.batch.number <= number;
        self.appended = self.sent.iter().take_while(appended).count();
    }

    /// Notes that all up to a number came back.
    pub(super) fn came_back(&mut self, number: u64) {
        let is_back = |sent: &mut Sent| sent.batch.number <= number;
        while let Some(sent) = self.sent.pop_front_if(is_back) {
            self.returned.extend(sent.said);
            self.appended = self.appended.saturating_sub(1);
        }
    }

    /// When messages were said that came back since this was last asked, and how many then.
    pub(super) fn take_returned(&mut self) -> Vec<(Duration, u64)> {
        mem::take(&mut self.returned)
    }

    /// Has all that did not come back handed out again.
    pub(super) fn send_again(&mut self) {
        self.appended = 0;
    }

    /// Bytes of what was never handed out.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Since when the oldest waits that was never handed out.
    pub(super) fn oldest(&self) -> Option<Duration> {
        self.waiting.front().map(|draft| draft.since)
    }

    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.waiting.is_empty()
    }

    /// Refuses all that was never handed out, but for who comes and goes.
    pub(super) fn refuse_waiting(&mut self) {
        self.waiting_bytes = 0;
        // Who has something that stays, which is to be answered before what is refused behind it.
        let mut staying = HashSet::new();
        for draft in mem::take(&mut self.waiting) {
            if draft.is_closed || draft.kind != EntryKind::Actions {
                staying.extend(&draft.clients);
                self.waiting_bytes += draft.body.len();
                self.waiting.push_back(draft);
                continue;
            }
            let mut body = &draft.body[..];
            while let Some((line, rest)) = Line::read(body) {
                body = rest;
                let (client, deed) = (line.client, line.deed().expect("it was written here"));
                if is_refusable(&deed) {
                    self.refuse(client, deed.into_owned(), staying.contains(&client));
                } else {
                    self.add(client, &deed, draft.since);
                    staying.insert(client);
                }
            }
        }
    }

    fn refuse(&mut self, client: u32, deed: Deed<'static>, is_behind_waiting: bool) {
        let mut after = self.number;
        if let Some(newest) = self.waiting.back_mut().filter(|_| is_behind_waiting) {
            newest.is_closed = true;
            after += self.waiting.len() as u64;
        }
        self.refused.push_back(Refused {
            client,
            deed,
            after,
        });
    }

    /// The next that will not be done, if all that the same client asked for before came back. To be asked before anything
    /// that comes back is passed on, as that may be what the client asked for after.
    pub(super) fn take_refused(&mut self) -> Option<Refused> {
        let is_under_way = |refused: &Refused| {
            let sent = self.sent.iter();
            let mut before = sent.take_while(|sent| sent.batch.number <= refused.after);
            refused.after > self.number
                || before.any(|sent| sent.clients.binary_search(&refused.client).is_ok())
        };
        let mut refused = self.refused.iter();
        let next = refused.position(|refused| !is_under_way(refused))?;
        self.refused.remove(next)
    }
}

/// Whether it may be refused: not who comes and goes, as that is a fact.
pub(super) fn is_refusable(deed: &Deed<'_>) -> bool {
    !matches!(
        deed,
        Deed::Enter(_) | Deed::Return { .. } | Deed::Exit | Deed::Leave(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(channel: &str) -> Deed<'static> {
        Deed::Join(channel.to_owned().into())
    }

    fn numbers(queue: &mut Queue) -> Vec<u64> {
        let mut numbers = Vec::new();
        while let Some(number) = queue.next().map(|batch| batch.number) {
            numbers.push(number);
            queue.appended(number);
        }
        numbers
    }

    #[test]
    fn what_gathers_while_a_batch_is_under_way_is_the_next() {
        let mut queue = Queue::default();
        queue.add(1, &join("a"), Duration::ZERO);
        let first = queue.next().unwrap().clone();
        queue.add(1, &join("b"), Duration::ZERO);
        queue.add(2, &join("c"), Duration::ZERO);
        assert_eq!(queue.next(), Some(&first));
        queue.appended(first.number);
        let second = queue.next().unwrap();
        assert_eq!(second.number, 2);
        let (line, rest) = Line::read(&second.body).unwrap();
        assert_eq!((line.client, line.deed()), (1, Some(join("b"))));
        let (line, rest) = Line::read(rest).unwrap();
        assert_eq!((line.client, line.deed()), (2, Some(join("c"))));
        assert!(rest.is_empty());
    }

    #[test]
    fn a_batch_that_grows_had_better_wait_for_those_that_come_back() {
        let mut queue = Queue::default();
        let add = |queue: &mut Queue| queue.add(1, &join("a"), Duration::ZERO);
        add(&mut queue);
        assert!(!queue.may_gather());
        numbers(&mut queue);
        assert!(!queue.may_gather());
        add(&mut queue);
        assert!(queue.may_gather());
        queue.send_again();
        assert!(!queue.may_gather());
        queue.appended(1);
        assert!(queue.may_gather());
        queue.came_back(1);
        assert!(!queue.may_gather());
    }

    #[test]
    fn neither_a_full_batch_waits_nor_one_about_the_node() {
        let mut queue = Queue::default();
        queue.add(1, &join("a"), Duration::ZERO);
        numbers(&mut queue);
        queue.add(1, &join("a"), Duration::ZERO);
        queue.add_entry(EntryKind::Alive, Vec::new(), Duration::ZERO);
        assert!(!queue.may_gather());
        assert_eq!(numbers(&mut queue), [2, 3]);
        for _ in 0..2 {
            queue.add(1, &join(&"x".repeat(ENTRY_BYTES_MAX)), Duration::ZERO);
        }
        assert!(!queue.may_gather());
    }

    #[test]
    fn a_batch_has_its_bound_and_what_is_larger_goes_alone() {
        let mut queue = Queue::default();
        for bytes in [
            ENTRY_BYTES_MAX / 2,
            ENTRY_BYTES_MAX / 2,
            2 * ENTRY_BYTES_MAX,
            1,
        ] {
            queue.add(1, &join(&"x".repeat(bytes)), Duration::ZERO);
        }
        assert_eq!(numbers(&mut queue), [1, 2, 3, 4]);
        assert_eq!(queue.waiting_bytes(), 0);
    }

    #[test]
    fn of_messages_that_came_back_is_told_when_they_were_said() {
        let mut queue = Queue::default();
        let say = Deed::Say {
            channel: "a".into(),
            body: b"".into(),
        };
        for (deed, seconds) in [(&join("a"), 1), (&say, 1), (&say, 1), (&say, 2)] {
            queue.add(1, deed, Duration::from_secs(seconds));
        }
        numbers(&mut queue);
        queue.add(1, &say, Duration::from_secs(3));
        numbers(&mut queue);
        assert_eq!(queue.take_returned(), []);
        queue.came_back(1);
        let said = [(Duration::from_secs(1), 2), (Duration::from_secs(2), 1)];
        assert_eq!(queue.take_returned(), said);
        assert_eq!(queue.take_returned(), []);
    }

    #[test]
    fn what_did_not_come_back_is_handed_out_again_under_its_number() {
        let mut queue = Queue::default();
        for channel in ["a", "b", "c"] {
            queue.add(1, &join(channel), Duration::ZERO);
            numbers(&mut queue);
        }
        queue.came_back(1);
        queue.send_again();
        assert_eq!(numbers(&mut queue), [2, 3]);
        queue.came_back(3);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_was_never_handed_out_can_be_refused_but_not_who_comes_and_goes() {
        let mut queue = Queue::default();
        queue.add(1, &join("a"), Duration::ZERO);
        queue.add(1, &Deed::Exit, Duration::ZERO);
        queue.add(2, &join("b"), Duration::ZERO);
        queue.refuse_waiting();
        let mut refused = || {
            queue
                .take_refused()
                .map(|refused| (refused.client, refused.deed))
        };
        assert_eq!(refused(), Some((1, join("a"))));
        assert_eq!(refused(), Some((2, join("b"))));
        assert_eq!(refused(), None);
        let batch = queue.next().unwrap();
        let (line, rest) = Line::read(&batch.body).unwrap();
        assert_eq!((line.deed(), rest), (Some(Deed::Exit), &[][..]));
    }

    #[test]
    fn who_goes_from_somewhere_is_refused_what_it_asked_for_next_after_that() {
        let mut queue = Queue::default();
        let leave = |channel: &str| Deed::Leave(channel.to_owned().into());
        for deed in [join("a"), leave("b"), join("c"), leave("d"), join("e")] {
            queue.add(1, &deed, Duration::ZERO);
        }
        queue.refuse_waiting();
        queue.add(1, &leave("f"), Duration::ZERO);
        queue.refuse_waiting();
        let mut answered = Vec::new();
        for _ in 0..4 {
            while let Some(refused) = queue.take_refused() {
                answered.push(refused.deed);
            }
            let Some(Batch { number, body, .. }) = queue.next().cloned() else {
                break;
            };
            queue.appended(number);
            let (line, rest) = Line::read(&body).unwrap();
            answered.push(line.deed().unwrap().into_owned());
            assert!(rest.is_empty());
            queue.came_back(number);
        }
        let expected = [
            join("a"),
            leave("b"),
            join("c"),
            leave("d"),
            join("e"),
            leave("f"),
        ];
        assert_eq!(answered, expected);
    }

    #[test]
    fn what_nothing_came_of_waits_again_and_can_be_refused() {
        let mut queue = Queue::default();
        queue.add(1, &join("a"), Duration::from_secs(3));
        let batch = queue.next().unwrap().clone();
        assert_eq!((queue.oldest(), queue.waiting_bytes()), (None, 0));
        queue.add(2, &join("b"), Duration::from_secs(4));
        queue.undone(batch.number);
        assert_eq!(queue.oldest(), Some(Duration::from_secs(3)));
        assert_eq!(queue.next(), Some(&batch));
        queue.undone(batch.number);
        queue.refuse_waiting();
        assert_eq!(queue.take_refused().map(|refused| refused.client), Some(1));
        assert_eq!(queue.take_refused().map(|refused| refused.client), Some(2));
        assert!(queue.is_empty() && queue.waiting_bytes() == 0);
    }

    #[test]
    fn what_something_may_have_come_of_is_under_way_until_it_comes_back() {
        let mut queue = Queue::default();
        queue.add(1, &join("a"), Duration::ZERO);
        let batch = queue.next().unwrap().clone();
        assert_eq!(queue.next(), Some(&batch));
        queue.undone(batch.number);
        assert_eq!(queue.oldest(), None);
        queue.appended(batch.number);
        queue.send_again();
        assert_eq!(queue.next(), Some(&batch));
        queue.undone(batch.number);
        assert_eq!(queue.oldest(), None);
        queue.came_back(batch.number);
        queue.undone(batch.number);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_someone_is_refused_something_behind_stays_before_it() {
        let mut queue = Queue::default();
        queue.add(1, &join("a"), Duration::ZERO);
        let batch = queue.next().unwrap().clone();
        queue.add(1, &join("b"), Duration::ZERO);
        queue.refuse_waiting();
        queue.undone(batch.number);
        queue.refuse_waiting();
        assert_eq!(queue.take_refused(), None);
        assert_eq!(queue.next(), Some(&batch));
        queue.came_back(batch.number);
        assert_eq!(
            queue.take_refused().map(|refused| refused.deed),
            Some(join("b"))
        );
    }

    #[test]
    fn who_has_something_under_way_is_refused_the_rest_after_it() {
        let mut queue = Queue::default();
        queue.add(1, &join("a"), Duration::ZERO);
        queue.next();
        queue.add(1, &join("b"), Duration::ZERO);
        queue.add(2, &join("c"), Duration::ZERO);
        queue.refuse_waiting();
        queue.add(1, &join("d"), Duration::ZERO);
        queue.appended(1);
        queue.next();
        assert_eq!(queue.take_refused().map(|refused| refused.client), Some(2));
        assert_eq!(queue.take_refused(), None);
        queue.came_back(1);
        assert_eq!(queue.take_refused().map(|refused| refused.client), Some(1));
    }
}
