//! One connection to Redis after the other, each with its beginning, its deadlines and its end.

use std::io;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;

use super::{
    greeting::{Facts, Greeting},
    outage::Outage,
    resp::Reply,
    wire::Wire,
};
use crate::{
    server::stream::{Readiness, Stream},
    state::backoff::Backoff,
    vocabulary::{
        config::{REDIS_ANSWER_TIMEOUT, REDIS_PAUSE, REDIS_REFUSED_WAITS, REDIS_RETRY_WAITS},
        redis::RedisUrl,
    },
};

/// A connection, or the wait for one. One question is under way at a time. A connection of which an answer does not come
/// in time is never used again, since the late answer would be taken for the next one.
#[derive(Debug)]
pub(super) struct Connection<S> {
    url: Rc<RedisUrl>,
    state: State<S>,
    /// When it is opened, greeted again or given up, as its state has it.
    until: Option<Duration>,
    /// How long is waited until it is given up.
    patience: Duration,
    /// Why nobody serves.
    outage: Option<Outage>,
    /// Why one who serves is of no use, until it is.
    complaint: Option<Outage>,
    chance: Rng,
    failures: Backoff,
    refusals: Backoff,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are two of them")]
enum State<S> {
    /// There is none.
    Resting,
    /// There is to be one.
    Opening,
    /// There is a stream.
    Open(Wire<S>, Stage),
}

#[derive(Debug)]
enum Stage {
    /// Redis is loading its data, and is left alone with it for a while.
    Pausing,
    /// It is asked who it is.
    Greeting(Greeting),
    /// It serves.
    Serving { facts: Rc<Facts>, is_asked: bool },
}

impl<S: Stream> Connection<S> {
    /// None yet; it is to be opened at once.
    pub(super) fn new(url: Rc<RedisUrl>, seed: u64) -> Self {
        let backoff = |[first, longest]: [Duration; 2]| Backoff::new(first, longest);
        Self {
            url,
            state: State::Resting,
            until: Some(Duration::ZERO),
            patience: REDIS_ANSWER_TIMEOUT,
            outage: Some(Outage::Unasked),
            complaint: None,
            chance: Rng::with_seed(seed),
            failures: backoff(REDIS_RETRY_WAITS),
            refusals: backoff(REDIS_REFUSED_WAITS),
        }
    }

    /// Whether a stream is to be opened now. Of each it is said once.
    pub(super) fn wants(&mut self, now: Duration) -> bool {
        let is_due = matches!(self.state, State::Resting) && self.is_due(now);
        if is_due {
            self.state = State::Opening;
            self.wait(REDIS_ANSWER_TIMEOUT, now);
        }
        is_due
    }

    /// It was opened, or could not be. One that nobody waits for any more is closed.
    pub(super) fn opened(&mut self, stream: io::Result<S>, now: Duration) {
        match (stream, &self.state) {
            (Ok(stream), State::Opening) => self.greet(Wire::new(stream), now),
            (Err(error), State::Opening) => self.fail(Outage::unreachable(&error), now),
            _ => {}
        }
    }

    /// Notes what an event says of the stream.
    pub(super) fn signal(&mut self, readiness: Readiness) {
        if let State::Open(wire, _) = &mut self.state {
            wire.signal(readiness);
        }
    }

    /// Reads on, by up to `bytes` or a buffer more, and lets deadlines pass. What has come before counts before them.
    pub(super) fn advance(&mut self, bytes: usize, buffer: &mut [u8], now: Duration) {
        if let Err(outage) = self
            .receive(bytes, buffer, now)
            .and_then(|()| self.hear(now))
        {
            self.fail(outage, now);
        }
        if self.is_due(now) {
            match mem::replace(&mut self.state, State::Resting) {
                State::Resting => {}
                State::Open(wire, Stage::Pausing) => self.greet(wire, now),
                State::Opening | State::Open(..) => self.fail(Outage::Silent(self.patience), now),
            }
        }
    }

    /// Who serves, if anybody does.
    pub(super) fn facts(&self) -> Option<&Rc<Facts>> {
        match &self.state {
            State::Open(_, Stage::Serving { facts, .. }) => Some(facts),
            _ => None,
        }
    }

    /// Why nobody does, or not as is needed.
    pub(super) fn outage(&self) -> Option<&Outage> {
        self.outage.as_ref().or(self.complaint.as_ref())
    }

    /// Whether it serves, and waits for no answer.
    pub(super) fn is_free(&self) -> bool {
        matches!(
            self.state,
            State::Open(
                _,
                Stage::Serving {
                    is_asked: false,
                    ..
                }
            )
        )
    }

    /// Asks one who [is free](Self::is_free), and waits as long as `hold` for the answer, beside the usual time.
    pub(super) fn ask(&mut self, words: &[&[u8]], hold: Duration, now: Duration) {
        if let State::Open(wire, Stage::Serving { is_asked, .. }) = &mut self.state {
            wire.say(words);
            *is_asked = true;
            self.wait(hold + REDIS_ANSWER_TIMEOUT, now);
        }
    }

    /// The answer, once it is there.
    pub(super) fn answer(&mut self, now: Duration) -> Option<Reply> {
        let State::Open(wire, Stage::Serving { is_asked, .. }) = &mut self.state else {
            return None;
        };
        match wire.reply() {
            Ok(Some(reply)) if *is_asked => {
                *is_asked = false;
                self.until = None;
                if !matches!(reply, Reply::Error(_)) {
                    self.complaint = None;
                    self.failures.reset();
                    self.refusals.reset();
                }
                return Some(reply);
            }
            Ok(Some(_)) => self.fail(Outage::unexpected("before it was asked"), now),
            Ok(None) => {}
            Err(outage) => self.fail(outage, now),
        }
        None
    }

    /// Writes what was asked, as far as the stream takes it.
    pub(super) fn flush(&mut self, now: Duration) {
        if let State::Open(wire, _) = &mut self.state
            && let Err(outage) = wire.flush()
        {
            self.fail(outage, now);
        }
    }

    /// Ends the connection. The next one comes after a wait, lest all nodes storm Redis at once.
    pub(super) fn fail(&mut self, outage: Outage, now: Duration) {
        let backoff = if outage.is_refusal() {
            &mut self.refusals
        } else {
            &mut self.failures
        };
        self.until = Some(now + backoff.wait(self.chance.f64()));
        self.outage = Some(outage);
        self.state = State::Resting;
    }

    /// Notes that an answer was of no use. Unless that passes by itself, the connection ends.
    pub(super) fn complain(&mut self, outage: Outage, now: Duration) {
        self.complaint = Some(outage.clone());
        if !outage.is_wait() {
            self.fail(outage, now);
        }
    }

    /// Ends the connection if an answer is under way, which is not wanted any more. The next one comes at once.
    pub(super) fn renew(&mut self, now: Duration) {
        if let State::Open(_, Stage::Serving { is_asked: true, .. }) = self.state {
            self.until = Some(now);
            self.state = State::Resting;
        }
    }

    /// When to be called again, if no event comes before.
    pub(super) fn due(&self) -> Option<Duration> {
        match &self.state {
            State::Open(wire, _) if wire.is_readable() => Some(Duration::ZERO),
            _ => self.until,
        }
    }

    fn is_due(&self, now: Duration) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn wait(&mut self, patience: Duration, now: Duration) {
        self.patience = patience;
        self.until = Some(now + patience);
    }

    /// A connection is not given up as long as something comes of it.
    fn receive(&mut self, bytes: usize, buffer: &mut [u8], now: Duration) -> Result<(), Outage> {
        let State::Open(wire, stage) = &mut self.state else {
            return Ok(());
        };
        let mut received = 0;
        while received < bytes && wire.is_readable() {
            received += wire.receive(buffer)?;
        }
        if received > 0 && self.until.is_some() && !matches!(stage, Stage::Pausing) {
            self.until = Some(now + self.patience);
        }
        Ok(())
    }

    /// Hears out who is being greeted.
    fn hear(&mut self, now: Duration) -> Result<(), Outage> {
        while let State::Open(wire, stage) = &mut self.state
            && let Stage::Greeting(greeting) = stage
            && let Some(reply) = wire.reply()?
        {
            match greeting.answer(&reply, &self.url) {
                Ok(None) => {}
                Ok(Some(facts)) => {
                    *stage = Stage::Serving {
                        facts: Rc::new(facts),
                        is_asked: false,
                    };
                    self.until = None;
                    self.outage = None;
                }
                Err(Outage::Loading) => {
                    *stage = Stage::Pausing;
                    self.outage = Some(Outage::Loading);
                    self.until = Some(now + REDIS_PAUSE);
                }
                Err(outage) => return Err(outage),
            }
        }
        Ok(())
    }

    fn greet(&mut self, mut wire: Wire<S>, now: Duration) {
        let greeting = Greeting::begin(&self.url, |words| wire.say(words));
        self.state = State::Open(wire, Stage::Greeting(greeting));
        self.wait(REDIS_ANSWER_TIMEOUT, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::redis::testing::{Pipe, greetings, settings};

    const NOW: Duration = Duration::from_secs(100);

    fn connection() -> Connection<Pipe> {
        Connection::new(Rc::new(settings().url), 1)
    }

    /// One that is open, with the other end of its stream.
    fn opened() -> (Connection<Pipe>, Pipe) {
        let mut connection = connection();
        let pipe = Pipe::default();
        assert!(connection.wants(NOW));
        connection.opened(Ok(pipe.clone()), NOW);
        connection.flush(NOW);
        (connection, pipe)
    }

    /// One that serves.
    fn serving() -> (Connection<Pipe>, Pipe) {
        let (mut connection, pipe) = opened();
        pipe.give(&greetings());
        turn(&mut connection, NOW);
        assert!(connection.facts().is_some());
        pipe.taken();
        (connection, pipe)
    }

    fn turn(connection: &mut Connection<Pipe>, now: Duration) {
        connection.signal(Readiness {
            readable: true,
            writable: true,
            is_deceptive: false,
        });
        connection.advance(usize::MAX, &mut [0; 64], now);
        connection.flush(now);
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_is_opened_once_greets_and_serves() {
        let (mut connection, pipe) = opened();
        assert!(!connection.wants(NOW));
        assert!(pipe.taken().contains("HELLO"));
        assert!(!connection.is_free());
        for piece in greetings().as_bytes().chunks(7) {
            assert_eq!(connection.facts(), None);
            pipe.give(str::from_utf8(piece).unwrap());
            turn(&mut connection, NOW);
        }
        assert_eq!(connection.facts().unwrap().run, "run-1");
        assert_eq!(connection.outage(), None);
        assert!(connection.is_free());
        assert_eq!(connection.due(), None);
    }

    #[test]
    fn an_answer_is_given_once_it_is_whole() {
        let (mut connection, pipe) = serving();
        connection.ask(&[b"PING"], Duration::ZERO, NOW);
        connection.flush(NOW);
        assert_eq!(pipe.taken(), "*1\r\n$4\r\nPING\r\n");
        assert!(!connection.is_free());
        pipe.give("+PO");
        turn(&mut connection, NOW);
        assert_eq!(connection.answer(NOW), None);
        pipe.give("NG\r\n");
        turn(&mut connection, NOW);
        assert_eq!(connection.answer(NOW), Some(Reply::Text("PONG".into())));
        assert!(connection.is_free());
    }

    #[test]
    fn an_answer_that_was_not_asked_for_ends_it() {
        let (mut connection, pipe) = serving();
        pipe.give("+PONG\r\n");
        turn(&mut connection, NOW);
        assert_eq!(connection.answer(NOW), None);
        assert_eq!(connection.facts(), None);
    }

    #[test]
    fn one_that_is_silent_is_given_up_and_another_opened_after_a_wait() {
        let (mut connection, _pipe) = serving();
        connection.ask(&[b"PING"], ms(500), NOW);
        let until = NOW + REDIS_ANSWER_TIMEOUT + ms(500);
        assert_eq!(connection.due(), Some(until));
        turn(&mut connection, NOW + ms(2499));
        assert!(connection.facts().is_some());
        turn(&mut connection, until);
        assert_eq!(connection.outage(), Some(&Outage::Silent(ms(2500))));
        let again = connection.due().unwrap();
        assert!(again <= until + REDIS_RETRY_WAITS[0]);
        assert!(connection.wants(again));
    }

    #[test]
    fn what_came_before_the_deadline_counts_though_nobody_looked() {
        let (mut connection, pipe) = serving();
        connection.ask(&[b"PING"], Duration::ZERO, NOW);
        pipe.give("+PONG\r\n");
        let late = NOW + Duration::from_mins(1);
        turn(&mut connection, late);
        assert!(connection.answer(late).is_some());
    }

    #[test]
    fn nobody_waits_for_ever_for_a_stream_or_a_greeting() {
        let mut unopened = connection();
        assert!(unopened.wants(NOW));
        let (mut ungreeted, pipe) = opened();
        pipe.give("%7\r\n");
        for waiting in [&mut unopened, &mut ungreeted] {
            turn(waiting, NOW);
            assert_eq!(waiting.outage(), Some(&Outage::Unasked));
            turn(waiting, NOW + REDIS_ANSWER_TIMEOUT);
            let silent = Outage::Silent(REDIS_ANSWER_TIMEOUT);
            assert_eq!(waiting.outage(), Some(&silent));
        }
        unopened.opened(Ok(Pipe::default()), NOW + REDIS_ANSWER_TIMEOUT);
        assert!(matches!(unopened.state, State::Resting));
    }

    #[test]
    fn one_that_loads_its_data_is_greeted_again_on_the_same_stream() {
        let (mut connection, pipe) = opened();
        pipe.taken();
        pipe.give(&greetings().replace("+digest\r\n", "-LOADING no\r\n"));
        turn(&mut connection, NOW);
        assert_eq!(connection.outage(), Some(&Outage::Loading));
        let again = connection.due().unwrap();
        assert_eq!(again, NOW + REDIS_PAUSE);
        turn(&mut connection, again);
        assert!(pipe.taken().contains("HELLO"));
        pipe.give(&greetings());
        turn(&mut connection, again);
        assert!(connection.is_free());
    }

    #[test]
    fn what_an_operator_has_to_mend_is_not_asked_for_all_the_time() {
        let (mut connection, pipe) = opened();
        pipe.give("-WRONGPASS no\r\n");
        let mut now = NOW;
        turn(&mut connection, now);
        for _ in 0..20 {
            assert_eq!(connection.outage(), Some(&Outage::WrongPassword));
            now = connection.due().unwrap();
            assert!(connection.wants(now));
            connection.opened(Ok(pipe.clone()), now);
            pipe.give("-WRONGPASS no\r\n");
            turn(&mut connection, now);
        }
        assert!(now > NOW + Duration::from_secs(20));
    }

    #[test]
    fn the_end_of_a_stream_ends_it() {
        let (mut connection, pipe) = serving();
        pipe.close();
        turn(&mut connection, NOW);
        assert_eq!(connection.outage(), Some(&Outage::Closed));
        let mut refused = self::connection();
        assert!(refused.wants(NOW));
        refused.opened(Err(io::ErrorKind::ConnectionRefused.into()), NOW);
        assert!(matches!(refused.outage(), Some(Outage::Unreachable(_))));
    }
}
