//! When each client does what all do again and again: one after another, evenly over each period, so that a server is not
//! met by all at once.

/// The turns of some clients.
#[derive(Clone, Copy, Debug)]
pub struct Beats {
    clients: u64,
    begun_ns: u64,
    period_ns: u64,
    turns: u64,
}

/// One client's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Whose it is.
    pub client: usize,
    /// Which of its own, from 1 on.
    pub number: u64,
}

impl Beats {
    /// So many clients, each once in a period (of more than no time), from a moment on.
    pub fn new(clients: usize, begun_ns: u64, period_ns: u64) -> Self {
        Self {
            clients: clients.max(1) as u64,
            begun_ns,
            period_ns,
            turns: 0,
        }
    }

    /// Whose turn it is by now; what was due a whole period ago is left out.
    pub fn due(&mut self, now_ns: u64) -> Option<Beat> {
        if now_ns < self.next_ns() {
            return None;
        }
        let late_ns = now_ns - self.next_ns();
        self.turns += late_ns / self.period_ns * self.clients;
        let turn = self.turns;
        self.turns += 1;
        Some(Beat {
            client: usize::try_from(turn % self.clients).ok()?,
            number: turn / self.clients + 1,
        })
    }

    /// When the next turn is, in nanoseconds since the origin.
    pub fn next_ns(&self) -> u64 {
        let (rounds, place) = (self.turns / self.clients, self.turns % self.clients + 1);
        let within_ns = u128::from(self.period_ns) * u128::from(place) / u128::from(self.clients);
        let within_ns = u64::try_from(within_ns).unwrap_or(u64::MAX);
        let before_ns = self.period_ns.saturating_mul(rounds);
        self.begun_ns
            .saturating_add(before_ns)
            .saturating_add(within_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(beats: &mut Beats, now_ns: u64) -> Vec<(usize, u64)> {
        let due = std::iter::from_fn(|| beats.due(now_ns));
        due.map(|beat| (beat.client, beat.number)).collect()
    }

    #[test]
    fn each_client_has_its_turn_once_in_a_period() {
        let mut beats = Beats::new(4, 1000, 100);
        assert_eq!(beats.next_ns(), 1025);
        assert_eq!(due(&mut beats, 1024), []);
        assert_eq!(due(&mut beats, 1050), [(0, 1), (1, 1)]);
        assert_eq!(due(&mut beats, 1125), [(2, 1), (3, 1), (0, 2)]);
    }

    #[test]
    fn what_was_due_long_ago_is_not_made_up_for() {
        let mut beats = Beats::new(2, 0, 100);
        let due = due(&mut beats, 1_000_000);
        assert_eq!(due.len(), 2, "{due:?}");
    }
}
