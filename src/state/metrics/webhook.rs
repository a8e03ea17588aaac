//! What an endpoint was told.

use std::fmt;

use super::page::Page;
use crate::{
    state::events::EventCounts,
    vocabulary::webhook::{Topic, Verdict},
};

/// How it stands with an endpoint that is told what happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookGauges {
    /// Attempts to tell it something, by [`Verdict`].
    pub attempts: [u64; Verdict::ALL.len()],
    /// Bytes that it is being told.
    pub under_way_bytes: usize,
    /// What there was to tell.
    pub events: EventCounts,
}

impl WebhookGauges {
    pub(super) fn write(&self, page: &mut Page) -> fmt::Result {
        page.family(
            "hubbub_webhook_attempts_total",
            "Requests of this server to the webhook's endpoint, by what came of them.",
            "counter",
            "result",
            Verdict::ALL
                .map(Verdict::name)
                .into_iter()
                .zip(self.attempts),
        )?;
        page.family(
            "hubbub_webhook_events_total",
            "Events to be told to it, by what happened. Each server of a hub counts those of all.",
            "counter",
            "event",
            Topic::ALL
                .map(Topic::name)
                .into_iter()
                .zip(self.events.recorded),
        )?;
        page.counter(
            "hubbub_webhook_dropped_total",
            "Events that were dropped, as too many waited or it was away for too long. Each server of a hub counts all.",
            self.events.dropped,
        )?;
        page.gauge(
            "hubbub_webhook_queue_bytes",
            "Bytes of events that wait to be told, which each server of a hub knows.",
            self.events.queue_bytes,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::metrics::{Gauges, Metrics};

    #[test]
    fn a_server_without_a_webhook_has_nothing_to_say_of_it() {
        let render = |webhook| {
            let gauges = Gauges {
                webhook,
                ..Gauges::default()
            };
            Metrics::default().render(&gauges)
        };
        assert!(!render(None).contains("webhook"));
        let mut webhook = WebhookGauges::default();
        webhook.attempts[Verdict::Gone as usize] = 1;
        webhook.events.recorded[Topic::Left as usize] = 2;
        webhook.events.dropped = 3;
        webhook.events.queue_bytes = 4;
        let text = render(Some(webhook));
        for line in [
            "hubbub_webhook_attempts_total{result=\"gone\"} 1",
            "hubbub_webhook_attempts_total{result=\"delivered\"} 0",
            "hubbub_webhook_events_total{event=\"left\"} 2",
            "hubbub_webhook_dropped_total 3",
            "hubbub_webhook_queue_bytes 4",
        ] {
            assert!(text.contains(line), "no {line} in\n{text}");
        }
    }
}
