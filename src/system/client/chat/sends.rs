//! What one said oneself and has not seen come back. The copy, with its `ref`, is the acknowledgement.

use std::collections::VecDeque;
use std::rc::Rc;

/// What may be unanswered before the next line is taken.
const UNANSWERED_MAX: usize = 1_000;
/// Characters of a line by which people know it again.
const EXCERPT_CHARS_MAX: usize = 80;
/// What tells the `ref` of a question that nobody typed.
const LOOK: &str = "look-";

/// What is unanswered, in the order in which it was said.
#[derive(Debug)]
pub(super) struct Sends {
    /// Begins with chance, so that no other client with the same id has these `ref`s.
    prefix: String,
    count: u64,
    /// The id that this connection has, once it is known.
    id: Option<Rc<str>>,
    unanswered: VecDeque<Send>,
    /// What nothing more will be heard of, in words.
    unknown: VecDeque<String>,
}

#[derive(Debug)]
struct Send {
    reference: String,
    /// None for what is private.
    channel: Option<String>,
    /// In words.
    what: String,
    /// Who said it. Others may repeat a `ref` that they saw, or guess the next.
    id: Option<Rc<str>>,
    /// Whether its copy may be among what is lost.
    is_doubtful: bool,
}

impl Sends {
    /// Nothing yet. By `chance` it is known from other clients.
    pub(super) fn new(chance: u64) -> Self {
        Self {
            prefix: format!("{chance:x}-"),
            count: 0,
            id: None,
            unanswered: VecDeque::new(),
            unknown: VecDeque::new(),
        }
    }

    /// The `ref` for what is said in a channel now.
    pub(super) fn say(&mut self, channel: &str, text: &str) -> String {
        let what = format!("in {channel}: {}", excerpt(text));
        self.send(Some(channel.to_owned()), what)
    }

    /// The `ref` for what is said to one person now.
    pub(super) fn tell(&mut self, name: &str, text: &str) -> String {
        self.send(None, format!("to {name}: {}", excerpt(text)))
    }

    fn send(&mut self, channel: Option<String>, what: String) -> String {
        self.count += 1;
        let reference = format!("{}{}", self.prefix, self.count);
        self.unanswered.push_back(Send {
            reference: reference.clone(),
            channel,
            what,
            id: self.id.clone(),
            is_doubtful: false,
        });
        reference
    }

    /// The `ref` for a look through history.
    pub(super) fn look(&mut self) -> String {
        self.count += 1;
        format!("{}{LOOK}{}", self.prefix, self.count)
    }

    /// Whether this is the `ref` of a look through history.
    pub(super) fn is_look(&self, reference: &str) -> bool {
        let own = reference.strip_prefix(&self.prefix);
        own.is_some_and(|reference| reference.starts_with(LOOK))
    }

    /// Whether so much is unanswered that nothing should be said.
    pub(super) fn is_full(&self) -> bool {
        self.unanswered.len() >= UNANSWERED_MAX
    }

    /// Whether anything is unanswered.
    pub(super) fn is_waiting(&self) -> bool {
        !self.unanswered.is_empty()
    }

    /// The server says who one is. What was said before it had ever said so was said by no other, as far as can be known.
    pub(super) fn welcome(&mut self, id: &str) {
        let id = Rc::from(id);
        for send in &mut self.unanswered {
            if send.id.is_none() {
                send.id = Some(Rc::clone(&id));
            }
        }
        self.id = Some(id);
    }

    /// The copy of something: it was said.
    pub(super) fn copy(&mut self, sender: &str, reference: &str) {
        self.unanswered
            .retain(|send| send.reference != reference || send.id.as_deref() != Some(sender));
    }

    /// The server refused something, and told why.
    pub(super) fn refuse(&mut self, reference: &str) {
        self.unanswered.retain(|send| send.reference != reference);
    }

    /// The connection is lost. What was said in the channels that one comes back to may turn up there; nothing shows what
    /// became of the rest.
    pub(super) fn lose(&mut self, comes_back: impl Fn(&str) -> bool) {
        self.id = None;
        self.give_up_if(|send| !send.channel.as_deref().is_some_and(&comes_back));
        for send in &mut self.unanswered {
            send.is_doubtful = true;
        }
    }

    /// Messages of a channel are lost; whether the copy of anything may be among them.
    pub(super) fn doubt(&mut self, channel: &str) -> bool {
        let mut is_any = false;
        for send in &mut self.unanswered {
            if send.channel.as_deref() == Some(channel) {
                send.is_doubtful = true;
                is_any = true;
            }
        }
        is_any
    }

    /// All of a channel came that must come: what is still in doubt stays unknown.
    pub(super) fn settle(&mut self, channel: &str) {
        self.give_up_if(|send| send.is_doubtful && send.channel.as_deref() == Some(channel));
    }

    /// Nothing more will be heard at all.
    pub(super) fn end(&mut self) {
        self.give_up_if(|_| true);
    }

    /// The next thing, in words, of which it stays unknown whether it was said.
    pub(super) fn unknown(&mut self) -> Option<String> {
        self.unknown.pop_front()
    }

    fn give_up_if(&mut self, is_hopeless: impl Fn(&Send) -> bool) {
        let (unknown, unanswered) = self.unanswered.drain(..).partition(is_hopeless);
        self.unanswered = unanswered;
        let unknown: VecDeque<Send> = unknown;
        let words = unknown.into_iter().map(|send| send.what);
        self.unknown.extend(words);
    }
}

fn excerpt(text: &str) -> String {
    let mut chars = text.chars();
    let mut excerpt: String = chars.by_ref().take(EXCERPT_CHARS_MAX).collect();
    if chars.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "ada";

    fn sends() -> Sends {
        let mut sends = Sends::new(1);
        sends.welcome(ADA);
        sends
    }

    fn unknown(sends: &mut Sends) -> Vec<String> {
        std::iter::from_fn(|| sends.unknown()).collect()
    }

    #[test]
    fn a_copy_by_oneself_or_a_refusal_answers() {
        let mut sends = sends();
        let said = sends.say("tea", "hot");
        let refused = sends.tell("Bob", "psst");
        sends.copy(ADA, &said);
        sends.refuse(&refused);
        assert!(!sends.is_waiting());
        sends.end();
        assert_eq!(unknown(&mut sends), [""; 0]);
    }

    #[test]
    fn what_another_says_under_the_same_ref_answers_nothing() {
        let mut sends = sends();
        let said = sends.say("tea", "hot");
        sends.copy("mallory", &said);
        sends.end();
        assert_eq!(unknown(&mut sends), ["in tea: hot"]);
    }

    #[test]
    fn what_was_said_before_the_welcome_was_said_by_the_one_who_is_welcomed() {
        let mut sends = Sends::new(1);
        let said = sends.say("tea", "hot");
        sends.welcome(ADA);
        sends.copy(ADA, &said);
        assert!(!sends.is_waiting());
    }

    #[test]
    fn a_copy_that_turns_up_after_a_loss_answers_though_one_has_another_id_now() {
        let mut sends = sends();
        let said = sends.say("tea", "hot");
        sends.say("tea", "cold");
        sends.lose(|channel| channel == "tea");
        sends.welcome("another");
        sends.copy(ADA, &said);
        sends.settle("cake");
        assert_eq!(unknown(&mut sends), [""; 0]);
        sends.settle("tea");
        assert_eq!(unknown(&mut sends), ["in tea: cold"]);
    }

    #[test]
    fn after_a_loss_nothing_shows_what_became_of_what_is_private_or_in_a_channel_that_was_left() {
        let mut sends = sends();
        sends.tell("Bob", "psst");
        sends.say("cake", "sweet");
        sends.lose(|channel| channel == "tea");
        assert_eq!(unknown(&mut sends), ["to Bob: psst", "in cake: sweet"]);
    }

    #[test]
    fn only_what_was_said_before_messages_were_lost_is_in_doubt() {
        let mut sends = sends();
        assert!(!sends.doubt("tea"));
        sends.say("tea", "hot");
        assert!(sends.doubt("tea"));
        let later = sends.say("tea", "later");
        sends.settle("tea");
        assert_eq!(unknown(&mut sends), ["in tea: hot"]);
        sends.copy(ADA, &later);
        assert!(!sends.is_waiting());
    }

    #[test]
    fn so_much_may_be_unanswered_and_no_more() {
        let mut sends = sends();
        for _ in 0..UNANSWERED_MAX {
            assert!(!sends.is_full());
            sends.say("tea", "hot");
        }
        assert!(sends.is_full());
        sends.end();
        assert_eq!(unknown(&mut sends).len(), UNANSWERED_MAX);
    }

    #[test]
    fn a_long_line_is_known_by_its_beginning() {
        let mut sends = sends();
        sends.say("tea", &"é".repeat(EXCERPT_CHARS_MAX));
        sends.say("tea", &"é".repeat(EXCERPT_CHARS_MAX + 1));
        sends.end();
        let [whole, cut] = unknown(&mut sends).try_into().unwrap();
        assert_eq!(cut, format!("{whole}…"));
    }
}
