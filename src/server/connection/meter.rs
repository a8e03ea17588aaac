//! What a client sends, measured: one that sends too much is read more slowly, and closed if it goes on.

use std::time::Duration;

use crate::{
    state::{bucket::Bucket, metrics::Metrics},
    vocabulary::config::ClientRates,
};

/// What one client sent lately.
#[derive(Debug)]
pub(super) struct Meter {
    rates: ClientRates,
    messages: Bucket,
    bytes: Bucket,
    pings: Bucket,
    /// When to go on reading.
    paused_until: Option<Duration>,
    /// Since when it has been sending too much.
    over_since: Option<Duration>,
}

/// What came of one read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) pings: u64,
}

impl Sent {
    /// So many bytes over the wire, whatever was in them.
    pub(super) fn bytes(bytes: usize) -> Self {
        Self {
            bytes: bytes as u64,
            ..Self::default()
        }
    }
}

impl Meter {
    /// Nothing yet; `None` where everything is allowed.
    pub(super) fn new(rates: ClientRates) -> Option<Self> {
        (rates != ClientRates::default()).then(|| Self {
            rates,
            messages: Bucket::default(),
            bytes: Bucket::default(),
            pings: Bucket::default(),
            paused_until: None,
            over_since: None,
        })
    }

    /// Notes what was sent, and pauses reading if it was too much. Says whether there will be room only when it has been
    /// too much for longer than `grace`.
    pub(super) fn note(
        &mut self,
        sent: Sent,
        grace: Duration,
        now: Duration,
        metrics: &mut Metrics,
    ) -> bool {
        if [self.messages, self.bytes, self.pings]
            .iter()
            .all(|bucket| bucket.is_full(now))
        {
            self.over_since = None;
        }
        let rates = self.rates;
        let bounds = [
            (
                &mut self.messages,
                sent.messages,
                rates.messages.map(u64::from),
            ),
            (
                &mut self.bytes,
                sent.bytes,
                rates.bytes.map(|bytes| bytes as u64),
            ),
            (&mut self.pings, sent.pings, rates.pings.map(u64::from)),
        ];
        let mut room_at = None;
        for ((bucket, amount, rate), pauses) in bounds.into_iter().zip(&mut metrics.pauses) {
            let until = rate.and_then(|rate| bucket.spend(amount, rate, now));
            *pauses += u64::from(until.is_some() && amount > 0);
            room_at = room_at.max(until);
        }
        self.paused_until = room_at;
        let Some(room_at) = room_at else {
            self.over_since = None;
            return false;
        };
        let since = *self.over_since.get_or_insert(now);
        room_at > since + grace
    }

    /// When to go on reading, if it is paused.
    pub(super) fn paused_until(&self) -> Option<Duration> {
        self.paused_until
    }

    /// Goes on, if it is time. Says whether it was paused until now.
    pub(super) fn resume(&mut self, now: Duration) -> bool {
        let was_paused = self.paused_until.is_some();
        self.paused_until = self.paused_until.filter(|&until| now < until);
        was_paused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const GRACE: Duration = Duration::from_secs(10);

    fn meter(messages: u32) -> Meter {
        let rates = ClientRates {
            messages: Some(messages),
            ..ClientRates::default()
        };
        Meter::new(rates).unwrap()
    }

    fn note(meter: &mut Meter, messages: u64, now: Duration) -> bool {
        let sent = Sent {
            messages,
            ..Sent::default()
        };
        meter.note(sent, GRACE, now, &mut Metrics::default())
    }

    #[test]
    fn where_everything_is_allowed_nothing_is_measured() {
        assert!(Meter::new(ClientRates::default()).is_none());
    }

    #[test]
    fn one_that_sends_too_much_is_paused_until_there_is_room() {
        let mut meter = meter(10);
        assert!(!note(&mut meter, 10, SECOND));
        assert_eq!(meter.paused_until(), None);
        assert!(!note(&mut meter, 10, SECOND));
        assert_eq!(meter.paused_until(), Some(SECOND * 2));
        assert!(meter.resume(SECOND) && meter.paused_until().is_some());
        assert!(meter.resume(SECOND * 2) && meter.paused_until().is_none());
        assert!(!meter.resume(SECOND * 2));
    }

    #[test]
    fn one_that_says_much_now_and_then_keeps_to_its_rate() {
        let mut meter = meter(10);
        for second in [1, 20, 40] {
            assert!(!note(&mut meter, 30, SECOND * second));
            assert!(meter.paused_until().is_some());
        }
    }

    #[test]
    fn one_that_goes_on_is_known_for_it_and_one_that_keeps_to_the_rate_is_forgiven() {
        let mut flooding = meter(10);
        let mut forgiven = meter(10);
        for second in 1..=9 {
            let is_known = note(&mut flooding, 20, SECOND * second);
            assert_eq!(is_known, second > 5, "after {second} s");
            assert!(!note(
                &mut forgiven,
                if second == 5 { 0 } else { 11 },
                SECOND * second
            ));
        }
    }
}
