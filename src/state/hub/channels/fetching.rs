//! Memory that is waited for once by many, and not by each: with many channels hardly any of them is in a cache.

use std::hint::black_box;

use super::{
    super::{ChannelId, Space},
    Channels, Named,
};

impl Channels {
    /// Looks at all of these channels that is needed to say something there, but for their logs, which are where these say.
    pub(in crate::state::hub) fn fetch(&self, channels: impl Iterator<Item = ChannelId>) {
        for id in channels {
            self.get(id).fetch();
        }
    }

    /// Looks at what is needed of the logs to say so many bytes in these channels of the chat, and to drop as much of what is
    /// kept where that is too much. None of it depends on another, so that all of it is under way at the same time.
    pub(in crate::state::hub) fn fetch_logs(
        &self,
        channels: impl Iterator<Item = ChannelId>,
        bytes: usize,
    ) {
        for id in channels {
            black_box(self.get(id).log.ends());
        }
        let mut excess = (self.bytes + bytes).saturating_sub(self.bounds.total_bytes);
        let mut quietest = self.quiet[Space::Chat as usize].iter();
        while excess > 0
            && let Some(thing) = quietest.next()
        {
            let named = self.get(ChannelId(thing));
            named.fetch();
            black_box(named.log.ends());
            excess = excess.saturating_sub(named.log.bytes());
        }
    }
}

impl Named {
    /// Looks at each of its lines that is needed.
    fn fetch(&self) {
        black_box((self.name.len(), self.unix_ms, self.log.first()));
    }
}
