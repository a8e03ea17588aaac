//! What bears the tag of this run, and is none of its messages.

use crate::record::Record;

impl Record<'_> {
    /// Notes a message that is not as it was sent, by what there is of it.
    #[cold]
    pub(super) fn received_damaged(&mut self, text: &[u8], now_ns: u64) {
        self.sums.foreign += 1;
        self.sums.damaged += 1;
        self.sums.heard.damaged(text, now_ns);
    }

    /// Notes so many messages that nobody sent, by the last of them.
    #[cold]
    pub(super) fn received_invented(&mut self, count: u32, text: &[u8], now_ns: u64) {
        self.sums.invented += u64::from(count);
        self.sums.heard.invented(text, now_ns);
    }
}
