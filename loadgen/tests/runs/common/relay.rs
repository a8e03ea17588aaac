//! A relay: whatever a client sends goes to everyone, unless a rule says otherwise.

use std::{mem, sync::mpsc::Sender, time::Duration};

use crate::common::room::{self, Door, Host, Room};

/// How often messages leave that wait for no certain number of others.
const PERIOD: Duration = Duration::from_millis(10);

/// A message on its way to a client.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Who sent it.
    pub(crate) from: usize,
    /// Which one it is, of all.
    pub(crate) number: usize,
    /// Which one it is, of its sender's.
    pub(crate) turn: usize,
    /// What it says.
    pub(crate) text: Vec<u8>,
}

/// Changes what one client is about to get in one frame.
type Rule = Box<dyn FnMut(&mut Room, usize, &mut Vec<Said>) + Send>;

/// A server for which one rule holds.
pub(crate) struct Relay {
    rule: Rule,
    batch: Batch,
    waiting: Vec<Said>,
    said: usize,
    /// What each has said.
    turns: Vec<usize>,
    /// Told of every message.
    ear: Option<Sender<()>>,
    /// Told of the answer to the ping that each gets on entry.
    pongs: Option<Sender<Vec<u8>>>,
    /// Told of every goodbye: whose it was, and its code.
    goodbyes: Option<Sender<(usize, Option<u16>)>>,
    /// What it answers whoever offers that messages be deflated.
    deflates: Option<&'static str>,
}

/// Which messages share a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    /// So many.
    Of(usize),
    /// Those that come in the same span of time.
    Timed,
}

impl Relay {
    /// Everyone gets everything.
    pub(crate) fn right() -> Self {
        Self::with(|_, _, _| {})
    }

    /// Everyone gets what is left of everything once a rule was applied.
    pub(crate) fn with(
        rule: impl FnMut(&mut Room, usize, &mut Vec<Said>) + Send + 'static,
    ) -> Self {
        Self {
            rule: Box::new(rule),
            batch: Batch::Of(1),
            waiting: Vec::new(),
            said: 0,
            turns: Vec::new(),
            ear: None,
            pongs: None,
            goodbyes: None,
            deflates: None,
        }
    }

    /// So many messages wait for each other and leave in one frame.
    pub(crate) fn in_batches_of(self, count: usize) -> Self {
        Self {
            batch: Batch::Of(count),
            ..self
        }
    }

    /// Messages leave once in a while, all that came in between in one frame.
    pub(crate) fn now_and_then(self) -> Self {
        Self {
            batch: Batch::Timed,
            ..self
        }
    }

    /// Tells of every message that it gets.
    pub(crate) fn that_tells(self, ear: Sender<()>) -> Self {
        Self {
            ear: Some(ear),
            ..self
        }
    }

    /// Pings everyone on entry, and tells what the answers carried.
    pub(crate) fn that_pings(self, pongs: Sender<Vec<u8>>) -> Self {
        Self {
            pongs: Some(pongs),
            ..self
        }
    }

    /// Tells who says goodbye, and with which code.
    pub(crate) fn that_hears_goodbyes(self, goodbyes: Sender<(usize, Option<u16>)>) -> Self {
        Self {
            goodbyes: Some(goodbyes),
            ..self
        }
    }

    /// Deflates for whoever offers it, as this answer says.
    pub(crate) fn that_deflates(self, answer: Option<&'static str>) -> Self {
        Self {
            deflates: answer,
            ..self
        }
    }

    /// Starts it; its URL.
    pub(crate) fn start(self) -> String {
        room::open(self, Door::OPEN)
    }

    /// Starts it with several nodes; their URLs.
    pub(crate) fn start_nodes<const N: usize>(self) -> [String; N] {
        room::open_nodes(self, Door::OPEN)
    }

    fn deliver(&mut self, room: &mut Room) {
        let waiting = mem::take(&mut self.waiting);
        for client in room.clients() {
            let mut batch = waiting.clone();
            (self.rule)(room, client, &mut batch);
            if !batch.is_empty() {
                let texts: Vec<Vec<u8>> = batch.into_iter().map(|said| said.text).collect();
                room.say(client, texts.join(&b'\n'));
            }
        }
    }
}

impl Host for Relay {
    fn entered(&mut self, room: &mut Room, client: usize) {
        if self.pongs.is_some() {
            room.ping(client, b"alive?");
        }
    }

    fn ponged(&mut self, payload: &[u8]) {
        if let Some(pongs) = &self.pongs {
            pongs.send(payload.to_vec()).unwrap();
        }
    }

    fn closed(&mut self, client: usize, code: Option<u16>) {
        if let Some(goodbyes) = &self.goodbyes {
            // Nobody asks about those at the end of a run.
            let _ = goodbyes.send((client, code));
        }
    }

    fn said(&mut self, room: &mut Room, from: usize, text: &str) {
        if let Some(ear) = &self.ear {
            // Whoever has heard enough is gone.
            let _ = ear.send(());
        }
        self.turns.resize(room.clients().end, 0);
        self.waiting.push(Said {
            from,
            number: self.said,
            turn: self.turns[from],
            text: text.into(),
        });
        self.said += 1;
        self.turns[from] += 1;
        if self.batch == Batch::Of(self.waiting.len()) {
            self.deliver(room);
        }
    }

    fn deflates(&self) -> Option<&'static str> {
        self.deflates
    }

    fn period(&self) -> Option<Duration> {
        (self.batch == Batch::Timed).then_some(PERIOD)
    }

    fn due(&mut self, room: &mut Room) {
        self.deliver(room);
    }
}
