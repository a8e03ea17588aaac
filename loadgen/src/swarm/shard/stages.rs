//! The measured time, stage by stage if there are any.

use crate::{
    server::usage::Watched,
    swarm::shard::{Shard, ShardError, Timeline, Window, Windows},
};

impl Shard<'_> {
    /// Keeps to what is due until the end of measuring, or the user's signal; what was done meanwhile.
    pub(super) fn measure(
        &mut self,
        timeline: Timeline,
        watched: Option<&Watched>,
    ) -> Result<Windows, ShardError> {
        let mut begin = self.mark(watched);
        if self.plan.stages.is_empty() {
            self.run_until(timeline.end_ns)?;
            let end = self.mark(watched);
            return Ok(Windows {
                judged: Window { begin, end },
                stages: Vec::new(),
            });
        }
        let plan = self.plan;
        let mut judged = Window::default();
        let mut stages = Vec::new();
        for (stage, end_ns) in plan.stage_ends_ns(timeline.begin_ns) {
            self.run_until(end_ns)?;
            let end = self.mark(watched);
            let window = Window { begin, end };
            if stage.holds_still() {
                judged.add(&window);
            }
            stages.push(window);
            begin = end;
            if self.common.is_ending() {
                break;
            }
        }
        Ok(Windows { judged, stages })
    }
}
