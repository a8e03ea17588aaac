//! Parts of a run, one after another, each with a load that holds still or changes evenly.

use std::time::Duration;

use crate::{
    args::{rate::Rate, stage::StageFlag},
    plan::{Plan, error::PlanError, nanoseconds, piece::Piece},
};

/// Stages that a run can have: each has distributions of its own in every thread.
const STAGES_MAX: usize = 64;

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// How long it is.
    pub length: Duration,
    /// Messages a second in all, at its begin.
    pub from: Rate,
    /// And at its end.
    pub to: Rate,
    /// Clients that are there, at its begin.
    pub clients_from: usize,
    /// And at its end.
    pub clients_to: usize,
}

impl Stage {
    /// Whether its load is the same throughout: only such a stage carries a verdict.
    pub fn holds_still(self) -> bool {
        self.from == self.to && self.clients_from == self.clients_to
    }

    /// What the flags say, beginning at a rate and with so many clients.
    ///
    /// # Errors
    /// The user's: too many of them, none that could be judged, or clients that would have to come or go in no time.
    pub fn all(
        flags: &[StageFlag],
        mut rate: Rate,
        mut clients: usize,
    ) -> Result<Vec<Self>, PlanError> {
        if flags.len() > STAGES_MAX {
            return Err(PlanError::Stages {
                stages: flags.len(),
                most: STAGES_MAX,
            });
        }
        let stage = |(flag, number): (&StageFlag, usize)| {
            let (from, to) = flag.rate.unwrap_or((rate, rate));
            let named = flag.clients.map(|(from, to)| (from as usize, to as usize));
            let (clients_from, clients_to) = named.unwrap_or((clients, clients));
            if clients_from != clients {
                return Err(PlanError::Jump {
                    stage: number,
                    clients: clients_from,
                    before: clients,
                });
            }
            (rate, clients) = (to, clients_to);
            Ok(Self {
                length: flag.length,
                from,
                to,
                clients_from,
                clients_to,
            })
        };
        let stages = flags.iter().zip(1..).map(stage);
        let stages = stages.collect::<Result<Vec<Self>, PlanError>>()?;
        if !stages.is_empty() && !stages.iter().any(|stage| stage.holds_still()) {
            return Err(PlanError::NothingStill);
        }
        Ok(stages)
    }
}

impl Plan {
    /// When each stage ends, if measuring begins then, in nanoseconds since the origin.
    pub fn stage_ends_ns(&self, begin_ns: u64) -> impl Iterator<Item = (Stage, u64)> + use<'_> {
        let stages = self.stages.iter();
        stages.scan(begin_ns, |end_ns, stage| {
            *end_ns = end_ns.saturating_add(nanoseconds(stage.length));
            Some((*stage, *end_ns))
        })
    }

    /// Which of how many stages a moment is in, the first being 1, if measuring begins then.
    pub fn stage_at(&self, begin_ns: u64, now_ns: u64) -> Option<(usize, usize)> {
        let ends = self.stage_ends_ns(begin_ns);
        let over = ends.filter(|(_, end_ns)| *end_ns <= now_ns).count();
        let count = self.stages.len();
        (now_ns >= begin_ns && over < count).then_some((over + 1, count))
    }

    /// The rates of a run with stages, the warm-up first, which is at the rate with which they begin.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let warmup = self.stages.first().map(|first| Stage {
            length: self.warmup,
            to: first.from,
            ..*first
        });
        let mut after = Piece::default();
        let stages = warmup.iter().chain(&self.stages);
        let pieces = stages.map(|stage| {
            after = after.then(nanoseconds(stage.length), stage.from, stage.to);
            after
        });
        pieces.filter(|piece| piece.length_ns > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;

    fn stages(texts: &[&str]) -> Result<Vec<(f64, f64)>, String> {
        let flags = texts.iter().flat_map(|&text| ["--stage", text]);
        let args = Args::read(["loadgen"].into_iter().chain(flags)).unwrap();
        let plan = Plan::new(&args).map_err(|error| error.to_string())?;
        let rates = plan.stages.iter();
        let rates = rates.map(|stage| (stage.from.per_second(), stage.to.per_second()));
        Ok(rates.collect())
    }

    #[test]
    fn what_a_stage_does_not_say_stays_as_the_one_before_ended() {
        let found = stages(&["1s", "1s: rate=200..300", "1s"]).unwrap();
        assert_eq!(found, [(100.0, 100.0), (200.0, 300.0), (300.0, 300.0)]);
    }

    #[test]
    fn clients_are_as_many_as_the_one_before_had_in_the_end() {
        let line = [
            "--stage",
            "1s: clients=50..300",
            "--stage",
            "1s",
            "--stage",
            "1s: clients=300..20",
        ];
        let plan = Plan::new(&Args::read([&["loadgen"], &line[..]].concat()).unwrap()).unwrap();
        let all = plan.stages.iter();
        let found: Vec<_> = all
            .map(|stage| (stage.clients_from, stage.clients_to, stage.holds_still()))
            .collect();
        assert_eq!(
            found,
            [(50, 300, false), (300, 300, true), (300, 20, false)]
        );
        let told = stages(&["1s", "1s: clients=50..300"]).unwrap_err();
        assert!(
            told.contains("--stage 2 begins with 50 clients") && told.contains("1000..50"),
            "{told}"
        );
        assert!(
            stages(&["1s: clients=50..300"])
                .unwrap_err()
                .contains("holds still")
        );
    }

    #[test]
    fn the_measured_time_is_that_of_all_stages() {
        let words = ["loadgen", "--stage", "1s: rate=5", "--stage", "2s"];
        let plan = Plan::new(&Args::read(words).unwrap()).unwrap();
        assert_eq!(plan.duration, Duration::from_secs(3));
        let ends: Vec<u64> = plan.stage_ends_ns(7).map(|(_, end_ns)| end_ns).collect();
        assert_eq!(ends, [1_000_000_007, 3_000_000_007]);
        let at = [6, 7, 1_000_000_006, 1_000_000_007, 3_000_000_007];
        let in_stage = [None, Some((1, 2)), Some((1, 2)), Some((2, 2)), None];
        assert_eq!(at.map(|ns| plan.stage_at(7, ns)), in_stage);
        let schedule = plan.schedule(0).unwrap();
        assert_eq!(schedule.total(), 2 * 5 + 3 * 5);
    }

    #[test]
    fn too_many_stages_and_such_that_cannot_be_judged_are_refused() {
        let many = ["1s"; STAGES_MAX + 1];
        assert!(stages(&many).unwrap_err().contains("65 --stage"));
        assert!(stages(&many[1..]).is_ok());
        assert!(
            stages(&["1s: rate=1..2"])
                .unwrap_err()
                .contains("holds still")
        );
    }
}
