//! What a program is told of all that, by channel.

use std::collections::BTreeMap;
use std::time::Duration;

use hubbub::state::{commons::Commons, events::Settlement};
use hubbub::vocabulary::config::WEBHOOK_VACANCY;
use hubbub::vocabulary::{id::NodeId, time::Now};
use serde_json::Value;

use crate::{CHANNELS, name};

/// What it is to be told.
#[derive(Default)]
pub(crate) struct Telling {
    pub(crate) told: BTreeMap<String, Vec<String>>,
    /// Since when a channel is empty of which it was not told so.
    vacant: BTreeMap<usize, Duration>,
}

impl Telling {
    pub(crate) fn join(&mut self, channel: usize, who: usize, count: usize) {
        if count == 1 && self.vacant.remove(&channel).is_none() {
            self.tell(channel, "occupied".to_owned());
        }
        self.tell(channel, format!("joined {} {count}", name(who)));
    }

    pub(crate) fn leave(&mut self, channel: usize, who: usize, count: usize, now: Duration) {
        self.tell(channel, format!("left {} {count}", name(who)));
        if count == 0 {
            self.vacant.insert(channel, now);
        }
    }

    pub(crate) fn publish(&mut self, channel: usize, message: &str) {
        self.tell(channel, format!("published {message}"));
    }

    /// Time has passed.
    pub(crate) fn go_on(&mut self, now: Duration) {
        let is_due = |_: &usize, since: &mut Duration| *since + WEBHOOK_VACANCY <= now;
        let due: Vec<_> = self.vacant.extract_if(.., is_due).collect();
        for (channel, _) in due {
            self.tell(channel, "vacated".to_owned());
        }
    }

    fn tell(&mut self, channel: usize, what: String) {
        let told = self.told.entry(CHANNELS[channel].to_owned());
        told.or_default().push(what);
    }
}

/// What it is told in the end, when nobody comes any more.
pub(crate) fn told(commons: &mut Commons) -> BTreeMap<String, Vec<String>> {
    let mut told = BTreeMap::<_, Vec<_>>::new();
    let mut last = 0;
    let offer = |commons: &Commons| commons.registry.events()?.offer(NodeId::default());
    while let Some(offer) = offer(commons) {
        commons.settle(Settlement::Told(offer.id.span), Now::default());
        let body: Value = serde_json::from_slice(&offer.body).unwrap();
        for event in body["data"]["events"].as_array().unwrap() {
            last += 1;
            assert_eq!(event["n"], last);
            let what = event["event"].as_str().unwrap();
            let member = || event["member"]["name"].as_str().unwrap();
            let what = match what {
                "started" => {
                    assert_eq!(last, 1);
                    continue;
                }
                "joined" | "left" => format!("{what} {} {}", member(), event["count"]),
                "published" => {
                    format!("{what} {}", event["message"]["message"].as_str().unwrap())
                }
                _ => what.to_owned(),
            };
            let channel = event["channel"].as_str().unwrap().to_owned();
            told.entry(channel).or_default().push(what);
        }
    }
    told
}
