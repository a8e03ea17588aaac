//! Clients that come and go with the stages: each is told where its turn was.

use crate::record::Record;

impl Record<'_> {
    /// Notes that a client which comes with a stage is connected, `took_ns` after it was its turn.
    pub fn connected_with(&mut self, stage: usize, took_ns: u64) {
        if let Some(stages) = &mut self.stages {
            stages.part(stage).connect.record(took_ns);
        }
    }

    /// Notes that it is in.
    pub fn came(&mut self, client: usize, stage: usize) {
        if let Some(stages) = &mut self.stages {
            stages.part(stage).came += 1;
        }
        self.entered(client);
    }

    /// Notes that it did not come in, and why.
    pub fn did_not_come(&mut self, stage: usize, why: String) {
        if let Some(stages) = &mut self.stages {
            let part = stages.part(stage);
            part.failed += 1;
            part.failure.get_or_insert(why);
        }
    }

    /// Notes that a client says goodbye: what is under way to it may come and need not.
    pub fn goes(&mut self, client: usize, stage: usize) {
        if let Some(stages) = &mut self.stages {
            stages.part(stage).went += 1;
        }
        self.left(client);
        self.integrity.let_go(client);
    }

    /// Notes that nothing comes to a client any more whose turn it was to go, be it that the server sent it away before. Another
    /// one may come in its place.
    pub fn gone(&mut self, client: usize) {
        self.count_by_stage(client, false);
        self.count_owed(client, false);
        self.integrity.begin_anew(client);
        self.order.begin_anew(client);
    }
}
