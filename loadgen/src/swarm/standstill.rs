//! Time in which a thread was not there: it neither slept by its own will, nor ran, nor waited for a core.

use std::mem;

use crate::figures;

/// How often it is looked at what a thread's time went into, in nanoseconds.
const LOOK_NS: u64 = 50_000_000;
/// The seconds between two looks of which nothing is known, from which on a thread stood still: waking up takes some, too.
const STOOD_SECONDS_MIN: f64 = 0.05;

/// What the system says of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// When it was asked, in nanoseconds since the origin.
    pub from_ns: u64,
    /// When all was answered: others may have had the core meanwhile, and nobody knows before which of the answers.
    pub to_ns: u64,
    /// CPU seconds so far.
    pub cpu_seconds: f64,
    /// Seconds so far that it waited for a core, if the system tells.
    pub waiting_seconds: Option<f64>,
}

/// How long a thread stood still, as one does that is stopped by a signal, or whose machine is.
///
/// What it does in its sleep, such as waiting for a core once it was woken, counts twice. It is looked at often, so that
/// what is missing at one time makes up for none of what there is too much of at another.
#[derive(Debug, Default)]
pub struct Standstill {
    last: Option<Look>,
    /// Since then.
    slept_ns: u64,
    stood_seconds: f64,
}

impl Standstill {
    /// Notes that the thread went to sleep until something was due, or came before that, and when it went on.
    #[inline]
    pub fn slept(&mut self, from_ns: u64, due_ns: u64, woke_ns: u64) {
        self.slept_ns += woke_ns.min(due_ns).saturating_sub(from_ns);
    }

    /// Whether it is time for the next look; there is none before the first.
    #[inline]
    pub fn is_due(&self, now_ns: u64) -> bool {
        self.last
            .is_some_and(|last| now_ns.saturating_sub(last.to_ns) >= LOOK_NS)
    }

    /// Looks at what the thread's time went into.
    pub fn look(&mut self, look: Look) {
        let slept_ns = mem::take(&mut self.slept_ns);
        let Some(last) = self.last.replace(look) else {
            return;
        };
        let Some((waiting, before)) = look.waiting_seconds.zip(last.waiting_seconds) else {
            return;
        };
        let known =
            figures::seconds(slept_ns) + look.cpu_seconds - last.cpu_seconds + waiting - before;
        let stood = figures::seconds(look.from_ns - last.to_ns) - known;
        if stood >= STOOD_SECONDS_MIN {
            self.stood_seconds += stood;
        }
    }

    /// How long it stood still so far, in seconds; `None` if the system does not tell what that takes.
    pub fn seconds(&self) -> Option<f64> {
        self.last?.waiting_seconds?;
        Some(self.stood_seconds)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    const MS: u64 = 1_000_000;

    /// How long a thread stood still that is looked at after so many milliseconds each, in which it slept, ran and waited for
    /// so many.
    fn stood(spans: impl IntoIterator<Item = [u64; 4]>) -> Option<f64> {
        stood_with(spans, true)
    }

    fn stood_with(spans: impl IntoIterator<Item = [u64; 4]>, tells_waiting: bool) -> Option<f64> {
        let mut standstill = Standstill::default();
        let [mut now, mut cpu, mut waiting] = [7000, 40, 300];
        let look = |now, cpu, waiting| Look {
            from_ns: now * MS,
            to_ns: now * MS,
            cpu_seconds: figures::seconds(cpu * MS),
            waiting_seconds: tells_waiting.then(|| figures::seconds(waiting * MS)),
        };
        assert!(!standstill.is_due(now * MS));
        standstill.look(look(now, cpu, waiting));
        for [span, slept, ran, waited] in spans {
            assert!(standstill.is_due((now + span) * MS), "{span} ms");
            standstill.slept(now * MS, (now + slept) * MS, (now + span) * MS);
            (now, cpu, waiting) = (now + span, cpu + ran, waiting + waited);
            standstill.look(look(now, cpu, waiting));
        }
        standstill.seconds()
    }

    fn rounded(seconds: Option<f64>) -> String {
        format!("{:.3}", seconds.unwrap())
    }

    #[test]
    fn who_sleeps_runs_or_waits_for_a_core_does_not_stand_still() {
        assert_eq!(stood([[50, 20, 30, 0]; 100]), Some(0.0));
        assert_eq!(stood([[400, 0, 400, 0], [300, 50, 10, 240]]), Some(0.0));
    }

    #[test]
    fn who_is_stopped_stands_still_from_when_it_should_have_gone_on() {
        let around = [50, 10, 30, 10];
        assert_eq!(rounded(stood([around, [2050, 50, 0, 0], around])), "2.000");
        assert_eq!(rounded(stood([around, [2040, 0, 40, 0], around])), "2.000");
        assert_eq!(rounded(stood([[150, 50, 0, 0], [250, 0, 20, 30]])), "0.300");
    }

    #[test]
    fn who_woke_up_before_it_was_due_has_slept_no_longer() {
        let mut standstill = Standstill::default();
        standstill.slept(0, 200 * MS, 50 * MS);
        assert_eq!(standstill.slept_ns, 50 * MS);
        standstill.slept(90 * MS, 80 * MS, 100 * MS);
        assert_eq!(standstill.slept_ns, 50 * MS);
    }

    #[test]
    fn the_little_that_nobody_knows_of_never_adds_up() {
        assert_eq!(stood(iter::repeat_n([60, 10, 9, 0], 1000)), Some(0.0));
        // Nor does what counts twice hide that it stood still at another time.
        let twice = [50, 50, 40, 30];
        let spans = [twice, twice, twice, [1000, 0, 0, 0]];
        assert_eq!(rounded(stood(spans)), "1.000");
    }

    #[test]
    fn what_happens_while_it_is_looked_at_is_no_standstill() {
        // It lost its core for 100 ms at the first look, before it was asked how long it had waited for one, or after that.
        for waited in [0, 100] {
            let mut standstill = Standstill::default();
            let look = |from_ns, to_ns, waited| Look {
                from_ns,
                to_ns,
                cpu_seconds: 0.0,
                waiting_seconds: Some(figures::seconds(waited * MS)),
            };
            standstill.look(look(0, 100 * MS, waited));
            standstill.slept(100 * MS, 150 * MS, 150 * MS);
            standstill.look(look(150 * MS, 150 * MS, 100));
            assert_eq!(standstill.seconds(), Some(0.0));
        }
    }

    #[test]
    fn where_nobody_knows_how_long_it_waited_nobody_knows_how_long_it_stood_still() {
        assert_eq!(stood_with([[2000, 50, 0, 0]], false), None);
        assert_eq!(Standstill::default().seconds(), None);
    }

    #[test]
    fn it_is_looked_at_no_more_often_than_is_needed() {
        let mut standstill = Standstill::default();
        standstill.look(Look {
            from_ns: 0,
            to_ns: 7 * MS,
            cpu_seconds: 0.0,
            waiting_seconds: Some(0.0),
        });
        assert!(!standstill.is_due(56 * MS) && standstill.is_due(57 * MS));
    }
}
