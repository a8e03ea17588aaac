//! Who is there when, where stages say how many: whoever came last goes first, and publishers, the first of all, stay.

use std::ops::RangeInclusive;

use crate::plan::{Plan, error::PlanError, nanoseconds, stage::Stage};

/// One client that comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When, in nanoseconds since the origin.
    pub at_ns: u64,
    /// Its number in the whole run.
    pub client: usize,
    /// Whether it comes.
    pub comes: bool,
    /// In which stage, from 0.
    pub stage: usize,
}

/// The comings and goings of one thread's clients, in the order of time.
#[derive(Debug)]
pub struct Turns {
    thread: usize,
    threads: usize,
    ramps: Vec<Ramp>,
    /// The first of these that is not over.
    ramp: usize,
    /// Of all its turns, those that are over.
    over: usize,
}

/// A stage in which clients come, or go, evenly.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    stage: usize,
    begin_ns: u64,
    length_ns: u64,
    from: usize,
    to: usize,
}

impl Ramp {
    /// Its turn of that number, from 0: the first as it begins, and the last as long before its end as they are apart.
    fn turn(&self, number: usize) -> Option<Turn> {
        let turns = self.from.abs_diff(self.to);
        if number >= turns {
            return None;
        }
        let comes = self.to > self.from;
        let client = if comes {
            self.from + number
        } else {
            self.from - 1 - number
        };
        let offset_ns = (u128::from(self.length_ns) * number as u128).div_ceil(turns as u128);
        let offset_ns = u64::try_from(offset_ns).unwrap_or(u64::MAX);
        Some(Turn {
            at_ns: self.begin_ns.saturating_add(offset_ns),
            client,
            comes,
            stage: self.stage,
        })
    }
}

impl Turns {
    /// The next one, if it is due at `now_ns`.
    pub fn due(&mut self, now_ns: u64) -> Option<Turn> {
        let turn = self.next().filter(|turn| turn.at_ns <= now_ns)?;
        self.over += 1;
        Some(turn)
    }

    /// When the next one is, in nanoseconds since the origin.
    pub fn next_ns(&mut self) -> u64 {
        self.next().map_or(u64::MAX, |turn| turn.at_ns)
    }

    /// Has nobody come or go any more.
    pub fn stop(&mut self) {
        self.ramps.clear();
    }

    fn next(&mut self) -> Option<Turn> {
        while let Some(ramp) = self.ramps.get(self.ramp) {
            match ramp.turn(self.over) {
                Some(turn) if turn.client % self.threads == self.thread => return Some(turn),
                Some(_) => self.over += 1,
                None => (self.ramp, self.over) = (self.ramp + 1, 0),
            }
        }
        None
    }
}

/// The fewest and the most clients, of so many at first, that there are in these stages and before them.
pub(super) fn extent(clients: usize, stages: &[Stage]) -> RangeInclusive<usize> {
    let ends = || {
        stages
            .iter()
            .flat_map(|stage| [stage.clients_from, stage.clients_to])
    };
    ends().fold(clients, usize::min)..=ends().fold(clients, usize::max)
}

impl Plan {
    /// Whether clients come or go with the stages.
    pub fn has_ramps_of_clients(&self) -> bool {
        let mut stages = self.stages.iter();
        stages.any(|stage| stage.clients_from != stage.clients_to)
    }

    /// The most clients that are there at any time, a storm's apart.
    pub fn clients_most(&self) -> usize {
        *extent(self.clients, &self.stages).end()
    }

    /// Who of one thread comes and goes when, if measuring begins at `begin_ns` since the origin.
    pub fn turns(&self, thread: usize, begin_ns: u64) -> Turns {
        let ramp = |(number, (stage, end_ns)): (usize, (Stage, u64))| {
            let length_ns = nanoseconds(stage.length);
            Ramp {
                stage: number,
                begin_ns: end_ns.saturating_sub(length_ns),
                length_ns,
                from: stage.clients_from,
                to: stage.clients_to,
            }
        };
        Turns {
            thread,
            threads: self.threads,
            ramps: self.stage_ends_ns(begin_ns).enumerate().map(ramp).collect(),
            ramp: 0,
            over: 0,
        }
    }

    /// How many are there from a moment on and stay, in nanoseconds since measuring began: whoever comes later, or in the same
    /// stage, is not among them.
    pub(super) fn staying(&self, since_ns: u64) -> usize {
        let later = self
            .stage_ends_ns(0)
            .filter(|(_, end_ns)| *end_ns > since_ns);
        let later = later.map(|(stage, _)| stage.clients_from.min(stage.clients_to));
        let last = self
            .stages
            .last()
            .map_or(self.clients, |last| last.clients_to);
        later.fold(last, usize::min)
    }

    /// Whether the stages' clients go with all else.
    ///
    /// # Errors
    /// The user's: the first flag that they do not go with.
    pub(super) fn check_crowd(&self) -> Result<(), PlanError> {
        if !self.has_ramps_of_clients() {
            return Ok(());
        }
        for (stage, number) in self.stages.iter().zip(1..) {
            let clients = stage.clients_from.min(stage.clients_to);
            if clients < self.publishers {
                return Err(PlanError::StagePublishers {
                    stage: number,
                    clients,
                    publishers: self.publishers,
                });
            }
        }
        if self.channels > 1 {
            return Err(PlanError::StageChannels);
        }
        if self.has_numbers() {
            return Err(PlanError::StageNumbers);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;

    fn plan(stages: &[&str], flags: &str) -> Result<Plan, String> {
        let stages = stages.iter().flat_map(|&stage| ["--stage", stage]);
        let words = ["loadgen"].into_iter().chain(stages);
        let args = Args::read(words.chain(flags.split_whitespace())).unwrap();
        Plan::new(&args).map_err(|error| error.to_string())
    }

    /// When who comes (+) and goes (-), in milliseconds since measuring began.
    fn turns(stages: &[&str], thread: usize, flags: &str) -> Vec<(u64, char, usize)> {
        let mut turns = plan(stages, flags).unwrap().turns(thread, 7_000_000);
        let turns = std::iter::from_fn(|| turns.due(u64::MAX - 1));
        let told = turns.map(|turn| {
            let sign = if turn.comes { '+' } else { '-' };
            (turn.at_ns / 1_000_000 - 7, sign, turn.client)
        });
        told.collect()
    }

    #[test]
    fn clients_come_evenly_and_the_last_that_came_go_first() {
        let stages = ["400ms: clients=2..6", "100ms", "300ms: clients=6..3"];
        assert_eq!(
            turns(&stages, 0, "--publishers 2"),
            [
                (0, '+', 2),
                (100, '+', 3),
                (200, '+', 4),
                (300, '+', 5),
                (500, '-', 5),
                (600, '-', 4),
                (700, '-', 3),
            ]
        );
    }

    #[test]
    fn each_thread_has_the_turns_of_its_own_clients() {
        let stages = ["400ms: clients=2..6", "100ms"];
        let flags = "--publishers 1 --threads 2";
        assert_eq!(turns(&stages, 0, flags), [(0, '+', 2), (200, '+', 4)]);
        assert_eq!(turns(&stages, 1, flags), [(100, '+', 3), (300, '+', 5)]);
    }

    #[test]
    fn a_turn_is_due_from_its_time_on_and_never_before() {
        let mut turns = plan(&["1s: clients=1..4", "1s"], "").unwrap().turns(0, 0);
        assert_eq!(turns.due(0).unwrap().client, 1);
        assert_eq!(turns.next_ns(), 333_333_334);
        assert_eq!(turns.due(333_333_333), None);
        assert_eq!(turns.due(333_333_334).unwrap().client, 2);
        turns.stop();
        assert_eq!((turns.due(u64::MAX), turns.next_ns()), (None, u64::MAX));
    }

    #[test]
    fn only_who_was_there_and_stays_is_counted_on() {
        let stages = ["1s: clients=50..300", "1s", "1s: clients=300..20", "1s"];
        let plan = plan(&stages, "").unwrap();
        let staying = [0, 1, 2, 3, 9].map(|second| plan.staying(second * 1_000_000_000));
        assert_eq!(staying, [20; 5]);
        assert_eq!(
            (plan.clients, plan.clients_most(), plan.publishers),
            (50, 300, 10)
        );
        let rising = plan_of("1s: clients=50..300");
        let staying = [0, 999, 1000].map(|ms| rising.staying(ms * 1_000_000));
        assert_eq!(staying, [50, 50, 300]);
    }

    fn plan_of(stage: &str) -> Plan {
        plan(&[stage, "1s"], "").unwrap()
    }

    #[test]
    fn a_thread_always_has_somebody_to_hear_the_others() {
        let threads = |flags: &str| {
            let flags = format!("--threads 8 --publishers 1 {flags}");
            plan(&["1s: clients=20..5", "1s"], &flags).unwrap().threads
        };
        assert_eq!(threads(""), 5);
        let url = "--url ws://127.0.0.1:1/ --protocol raw --sender skipped";
        assert_eq!(threads(url), 2);
    }

    #[test]
    fn what_does_not_go_with_clients_that_come_and_go_is_refused_by_name() {
        let refused = |stage: &str, flags: &str| plan(&[stage, "1s"], flags).unwrap_err();
        let told = refused("1s: clients=20..5", "--publishers 6");
        assert!(
            told.contains("--stage 1 has 5 clients") && told.contains("--publishers (6)"),
            "{told}"
        );
        let told = refused("1s: clients=20..50", "--channels 2");
        assert!(told.contains("--channels"), "{told}");
        let told = refused("1s: clients=20..50", "--protocol chat --skips");
        assert!(told.contains("--skips"), "{told}");
        let nodes = "--protocol chat --url ws://127.0.0.1:1/ --url ws://127.0.0.1:2/";
        assert!(refused("1s: clients=20..50", nodes).contains("one --url"));
    }
}
