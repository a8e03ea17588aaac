//! Clients that are cut off.

use std::ops::Range;

use crate::{
    plan::{nanoseconds, roles::Role},
    swarm::{cuts::Cuts, shard::Shard},
};

impl Shard<'_> {
    /// Cuts off from now on whom the plan says, within a span of time in nanoseconds since the origin.
    pub(super) fn begin_to_cut(&mut self, span_ns: Range<u64>) {
        self.cuts = self.plan.cut.map(|cut| {
            let clients = 0..self.clients.len();
            let members = clients.filter(|&client| self.record.role(client) == Role::Member);
            let (least, most) = (self.plan.away.start(), self.plan.away.end());
            Cuts::new(
                members.collect(),
                self.plan.cut_of(self.thread),
                span_ns,
                nanoseconds(cut.period),
                nanoseconds(*least)..=nanoseconds(*most),
            )
        });
    }

    /// Cuts off whose turn it is; when the next one is.
    pub(super) fn cut_due(&mut self, now_ns: u64) -> u64 {
        let Some(cuts) = &mut self.cuts else {
            return u64::MAX;
        };
        let cut = cuts.due(now_ns);
        let next_ns = cuts.next_ns();
        for (index, back_ns) in cut {
            if self.clients[index].is_open() {
                self.record.cut_off(index);
                self.cut(index, back_ns);
            }
        }
        next_ns
    }
}
