//! What an endpoint is told, whoever brings it about.

use super::*;
use crate::state::events::Settlement;
use crate::vocabulary::{
    config::{WEBHOOK_GATHERING, WEBHOOK_VACANCY},
    webhook::{Topic, WebhookPace, WebhookSettings},
};

const NODE: NodeId = NodeId(2);

fn scene() -> (Scene, Late) {
    let late = Late::default();
    late.free(usize::MAX / 2);
    let webhook = WebhookSettings {
        url: "http://localhost/".parse().unwrap(),
        secret: "secret".into(),
        topics: Topic::ALL.into_iter().collect(),
        pace: WebhookPace::default(),
    };
    let config = Config {
        webhook: Some(webhook),
        ..Config::default()
    };
    (Scene::new(&config, late.clone()), late)
}

impl Scene {
    /// Lets time go on, and says of what an endpoint is told then: the event, and who did it or what they said.
    fn told_after(&mut self, late: &Late, time: Duration) -> Vec<String> {
        self.turn();
        for _ in 0..2 {
            self.now.monotonic += time;
            late.add(Event::Nothing);
            self.turn();
        }
        let events = self.commons.registry.events_mut().unwrap();
        let mut told = Vec::new();
        while let Some(offer) = events.offer(NODE) {
            events.settle(Settlement::Told(offer.id.span), self.now.into());
            let body: Value = serde_json::from_slice(&offer.body).unwrap();
            for event in body["data"]["events"].as_array().unwrap() {
                let said = &event["message"]["message"];
                let who = said.as_str().or(event["member"]["name"].as_str());
                let what = event["event"].as_str().unwrap();
                told.push(format!("{what} {}", who.unwrap_or_default()));
            }
        }
        told
    }
}

#[test]
fn an_endpoint_is_told_of_people_and_programs_of_all_servers() {
    let (mut scene, late) = scene();
    let ada = scene.enter_as("Ada", Some("ada"));
    scene.join(ada, "tea", &json!({}));
    scene.say(ada, "tea", "hot");
    scene.turn();
    let bob = scene.commons.registry.identity("Bob", None, None);
    late.overhear(NODE, 7, Deed::Enter(Rc::new(bob)));
    late.overhear(NODE, 7, Deed::Join("tea".into()));
    late.overhear(NODE, 8, publishing::publish("tea", "sold", None));
    assert_eq!(
        scene.told_after(&late, WEBHOOK_GATHERING),
        [
            "started ",
            "occupied ",
            "joined ada",
            "published hot",
            "joined Bob",
            "published sold"
        ]
    );
    let expelled = Deed::Expel {
        target: "ada".into(),
        channel: "tea".into(),
    };
    late.overhear(NODE, 8, expelled);
    late.add(Event::Death(NODE));
    assert_eq!(
        scene.told_after(&late, WEBHOOK_GATHERING),
        ["left ada", "left Bob"]
    );
    assert_eq!(scene.told_after(&late, WEBHOOK_VACANCY), ["vacated "]);
}
