//! Who is cut off when, and comes back when.

use std::ops::{Range, RangeInclusive};

/// The cuts of one thread: so many in a period, at random; where these are all, all at once.
#[derive(Debug)]
pub struct Cuts {
    clients: Vec<usize>,
    /// How many in a period.
    each: usize,
    span_ns: Range<u64>,
    period_ns: u64,
    away_ns: RangeInclusive<u64>,
    /// How often it was time so far.
    turns: u64,
}

impl Cuts {
    /// So many of some clients in a period, within a span of time in nanoseconds since the origin.
    pub fn new(
        clients: Vec<usize>,
        each: usize,
        span_ns: Range<u64>,
        period_ns: u64,
        away_ns: RangeInclusive<u64>,
    ) -> Self {
        Self {
            each: each.min(clients.len()),
            clients,
            span_ns,
            period_ns,
            away_ns,
            turns: 0,
        }
    }

    /// Cuts nobody off any more.
    pub fn stop(&mut self) {
        self.span_ns.end = self.span_ns.start;
    }

    /// Who is cut off at `now_ns`, and when each comes back.
    pub fn due(&mut self, now_ns: u64) -> Vec<(usize, u64)> {
        let mut cut = Vec::new();
        while now_ns >= self.next_ns() {
            self.turns += 1;
            let back_ns = now_ns + fastrand::u64(self.away_ns.clone());
            if self.each == self.clients.len() {
                cut.extend(self.clients.iter().map(|&client| (client, back_ns)));
            } else if let Some(&client) = fastrand::choice(&self.clients) {
                cut.push((client, back_ns));
            }
        }
        cut
    }

    /// When the next one is, in nanoseconds since the origin.
    pub fn next_ns(&self) -> u64 {
        let a_period = if self.each == self.clients.len() {
            self.each.min(1)
        } else {
            self.each
        };
        let offset =
            (u128::from(self.turns) * u128::from(self.period_ns)).checked_div(a_period as u128);
        offset
            .and_then(|offset| u64::try_from(offset).ok())
            .map(|offset| self.span_ns.start.saturating_add(offset))
            .filter(|next_ns| self.span_ns.contains(next_ns))
            .unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_cut_off_in_every_period_and_come_back() {
        let mut cuts = Cuts::new((0..10).collect(), 2, 100..1100, 500, 10..=20);
        assert_eq!(cuts.due(99), []);
        let cut = cuts.due(u64::MAX - 100);
        assert_eq!(cut.len(), 4);
        assert_eq!(cuts.next_ns(), u64::MAX);
    }

    #[test]
    fn all_are_cut_off_at_once_and_come_back_at_once() {
        let mut cuts = Cuts::new(vec![3, 5], 2, 100..1100, 500, 10..=20);
        let cut = cuts.due(100);
        assert_eq!(
            cut.iter().map(|(client, _)| *client).collect::<Vec<_>>(),
            [3, 5]
        );
        assert_eq!(cut[0].1, cut[1].1);
        assert_eq!(cuts.next_ns(), 600);
    }
}
