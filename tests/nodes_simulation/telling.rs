//! How a node tells the endpoint of a webhook what happens, one request after the other, as a thread of its own does elsewhere.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hubbub::server::{Server, webhooks::Courier};
use hubbub::vocabulary::{
    time::Now,
    webhook::{Answer, WebhookPace, WebhookSecret},
};

use crate::endpoint::Endpoint;
use crate::socket::FakeSocket;

/// What tells it, and what will come of the request that is under way.
#[derive(Debug)]
pub struct Telling {
    courier: Courier,
    endpoint: Rc<RefCell<Endpoint>>,
    under_way: Option<(Duration, Answer)>,
}

impl Telling {
    pub fn new(endpoint: Rc<RefCell<Endpoint>>, pace: &WebhookPace, seed: u64) -> Self {
        let secret = WebhookSecret::read(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        Self {
            courier: Courier::new(secret.expect("a secret"), pace, seed),
            endpoint,
            under_way: None,
        }
    }

    /// Tells what is to be told at the end of a turn of the server, by its clock and everybody's.
    pub fn turn(&mut self, server: &mut Server<FakeSocket>, now: Now, everybodys: Duration) {
        let is_answered = |(at, _): &mut (Duration, Answer)| *at <= everybodys;
        let answer = self.under_way.take_if(is_answered);
        let answer = answer.map(|(_, answer)| answer);
        if let Some(attempt) = self.courier.turn(now, answer.as_ref(), server) {
            assert!(self.under_way.is_none(), "one request after the other");
            let mut endpoint = self.endpoint.borrow_mut();
            self.under_way = Some(endpoint.take(attempt, everybodys));
        }
    }

    /// The server is to end.
    pub fn hurry(&mut self, now: Now) {
        self.courier.hurry(now);
    }
}
