//! How far into the numbers of a channel one has come, and so what is new, what is doubled and what is missing. The same
//! rule as that of `position.js`, the page's.

use super::event::Joined;

/// The life of a channel, and the number of the last message of it that is accounted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) epoch: u64,
    pub(super) seq: u64,
}

/// What can never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// So many messages of the channel's life.
    Messages(u64),
    /// The channel began again: any end of the life it had before.
    End,
}

impl Position {
    /// Where an answer to a first join begins, and what is missing if it asked for what followed a position. None if
    /// the server does not number its messages.
    pub(super) fn first(answer: &Joined) -> Option<(Self, Vec<Loss>)> {
        let epoch = answer.epoch?;
        let next = answer.next()?;
        let from = answer.gap.as_ref().map_or(next, |gap| gap.from.min(next));
        let mut position = Self {
            epoch,
            seq: from.saturating_sub(1),
        };
        let mut losses = Vec::new();
        losses.extend(answer.reason.is_some().then_some(Loss::End));
        losses.extend(position.skip_to(next.saturating_sub(1)));
        Some((position, losses))
    }

    /// Takes in an answer to a join with `since`. What is between the position and what comes next is missing, whatever
    /// the answer calls it; in another life of the channel that is all before what comes next.
    pub(super) fn join(&mut self, answer: &Joined) -> Vec<Loss> {
        let (Some(epoch), Some(seq), Some(next)) = (answer.epoch, answer.seq, answer.next()) else {
            return Vec::new();
        };
        if answer.reason.as_deref() == Some("future") {
            *self = Self { epoch, seq };
            return vec![Loss::End];
        }
        let mut losses = Vec::new();
        losses.extend(self.restart(epoch));
        losses.extend(self.skip_to(next.saturating_sub(1)));
        losses
    }

    /// Takes in the number of a message: whether it is new, and what is missing before it without a word from the
    /// server.
    pub(super) fn advance(&mut self, seq: u64) -> (bool, Option<Loss>) {
        let loss = self.skip_to(seq.saturating_sub(1));
        let is_new = seq > self.seq;
        self.seq = self.seq.max(seq);
        (is_new, loss)
    }

    /// Takes in a gap up to a number, which is told among the messages.
    pub(super) fn skip(&mut self, epoch: u64, to: u64) -> Option<Loss> {
        if epoch == self.epoch {
            self.skip_to(to)
        } else {
            None
        }
    }

    /// Takes in which life the channel has now.
    pub(super) fn restart(&mut self, epoch: u64) -> Option<Loss> {
        if epoch == self.epoch {
            return None;
        }
        *self = Self { epoch, seq: 0 };
        Some(Loss::End)
    }

    fn skip_to(&mut self, to: u64) -> Option<Loss> {
        let count = to.checked_sub(self.seq).filter(|count| *count > 0)?;
        self.seq = to;
        Some(Loss::Messages(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::client::chat::event::Event;

    const HERE: Position = Position { epoch: 7, seq: 10 };

    /// An answer to a join, with these fields beside those that all have.
    fn joined(fields: &str) -> Joined {
        let text =
            format!(r#"{{"action":"joined","channel":"tea","members":[],"count":1,{fields}}}"#);
        match serde_json::from_str(&text).unwrap() {
            Event::Joined(joined) => joined,
            other => panic!("{other:?}"),
        }
    }

    /// Where a join leaves one who was at `HERE`, and what it lost.
    fn after(fields: &str) -> (Position, Vec<Loss>) {
        let mut position = HERE;
        let losses = position.join(&joined(fields));
        (position, losses)
    }

    fn at(epoch: u64, seq: u64) -> Position {
        Position { epoch, seq }
    }

    #[test]
    fn one_who_is_new_misses_nothing_that_was_said_before() {
        let first = |fields| Position::first(&joined(fields)).unwrap();
        let live = first(r#""epoch":7,"seq":10,"oldest":3"#);
        assert_eq!(live, (HERE, vec![]));
        let last = first(r#""epoch":7,"seq":10,"oldest":3,"replay":{"from":9,"to":10}"#);
        assert_eq!(last, (at(7, 8), vec![]));
    }

    #[test]
    fn one_who_asks_by_hand_for_what_followed_is_told_what_is_missing() {
        let first = |fields| Position::first(&joined(fields)).unwrap();
        let gap = first(
            r#""epoch":7,"seq":10,"recovered":false,"gap":{"from":4,"to":8},"replay":{"from":9,"to":10}"#,
        );
        assert_eq!(gap, (at(7, 8), vec![Loss::Messages(5)]));
        let epoch = first(r#""epoch":7,"seq":10,"recovered":false,"reason":"epoch""#);
        assert_eq!(epoch, (HERE, vec![Loss::End]));
    }

    #[test]
    fn a_server_that_does_not_number_its_messages_has_no_positions() {
        assert_eq!(Position::first(&joined(r#""x":1"#)), None);
        assert_eq!(after(r#""x":1"#), (HERE, vec![]));
    }

    #[test]
    fn a_replay_from_where_one_was_misses_nothing() {
        let fields = r#""epoch":7,"seq":14,"recovered":true,"replay":{"from":11,"to":14}"#;
        assert_eq!(after(fields), (HERE, vec![]));
        assert_eq!(
            after(r#""epoch":7,"seq":10,"recovered":true"#),
            (HERE, vec![])
        );
    }

    #[test]
    fn what_is_kept_no_longer_is_counted() {
        let fields = r#""epoch":7,"seq":20,"recovered":false,"gap":{"from":11,"to":15},"replay":{"from":16,"to":20}"#;
        assert_eq!(after(fields), (at(7, 15), vec![Loss::Messages(5)]));
        // Nothing is kept.
        let fields = r#""epoch":7,"seq":20,"recovered":false,"gap":{"from":11,"to":20}"#;
        assert_eq!(after(fields), (at(7, 20), vec![Loss::Messages(10)]));
    }

    #[test]
    fn another_life_is_told_with_what_is_missing_of_it() {
        let whole =
            r#""epoch":8,"seq":2,"recovered":false,"reason":"epoch","replay":{"from":1,"to":2}"#;
        assert_eq!(after(whole), (at(8, 0), vec![Loss::End]));
        let end =
            r#""epoch":8,"seq":9,"recovered":false,"reason":"epoch","replay":{"from":5,"to":9}"#;
        assert_eq!(after(end), (at(8, 4), vec![Loss::End, Loss::Messages(4)]));
        let future = r#""epoch":7,"seq":3,"recovered":false,"reason":"future""#;
        assert_eq!(after(future), (at(7, 3), vec![Loss::End]));
    }

    #[test]
    fn a_message_is_new_once_and_what_it_skips_is_counted() {
        let mut position = HERE;
        assert_eq!(position.advance(11), (true, None));
        assert_eq!(position.advance(11), (false, None));
        assert_eq!(position.advance(3), (false, None));
        assert_eq!(position.advance(14), (true, Some(Loss::Messages(2))));
        assert!(position.advance(u64::MAX).0);
        assert_eq!(position.advance(0), (false, None));
    }

    #[test]
    fn a_gap_counts_in_its_own_life_only_and_once() {
        let mut position = HERE;
        assert_eq!(position.skip(8, 20), None);
        assert_eq!(position.skip(7, 12), Some(Loss::Messages(2)));
        assert_eq!(position.skip(7, 12), None);
        assert_eq!(position.advance(13), (true, None));
    }

    #[test]
    fn a_channel_begins_again_once() {
        let mut position = HERE;
        assert_eq!(position.restart(8), Some(Loss::End));
        assert_eq!(position.restart(8), None);
        assert_eq!(position.advance(1), (true, None));
    }
}
