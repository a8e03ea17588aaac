//! A program at the door of any node: it publishes orders, each under an id of its own, and publishes them again, perhaps at
//! another node, as one does that has lost the answer.

use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::faults::Operations;
use crate::fields::{number, text};
use crate::person::CHANNELS;
use crate::record::Record;
use crate::socket::{Manners, Pipe, Shared};

/// A program's connection.
#[derive(Debug)]
pub struct Program {
    pub pipe: Shared,
    incoming: Vec<u8>,
    /// The orders of each request that is not answered.
    asked: VecDeque<Vec<u64>>,
}

impl Program {
    /// One that knocks at any node.
    pub fn new() -> Self {
        Self {
            pipe: Pipe::new(Manners::plain(), Rc::new(Operations::default()), 0),
            incoming: Vec::new(),
            asked: VecDeque::new(),
        }
    }

    /// Publishes orders in one request.
    pub fn publish(&mut self, orders: Vec<u64>) {
        let items = orders.iter().map(|order| {
            let id = format!("order-{order}");
            json!({"channel": channel_of(*order), "data": {"order": order}, "id": id})
        });
        let body = items.collect::<Value>().to_string();
        let head = format!(
            "POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut pipe = self.pipe.borrow_mut();
        pipe.send(head.as_bytes());
        pipe.send(body.as_bytes());
        drop(pipe);
        self.asked.push_back(orders);
    }

    /// Breaks the connection, and never hears what came of it.
    pub fn vanish(&mut self) {
        self.pipe.borrow_mut().reset();
    }

    /// Whether nothing comes any more.
    pub fn is_over(&self) -> bool {
        let pipe = self.pipe.borrow();
        pipe.is_reset || pipe.is_dropped && pipe.to_peer.is_empty()
    }

    /// Whether all is answered that was asked.
    pub fn is_answered(&self) -> bool {
        self.asked.is_empty()
    }

    /// Hears what came of it.
    ///
    /// # Errors
    /// It is not what everyone else heard.
    pub fn step(&mut self, record: &mut Record) -> Result<(), String> {
        let mut pipe = self.pipe.borrow_mut();
        self.incoming.extend(pipe.take(usize::MAX));
        if pipe.is_shut && !pipe.is_ended && !pipe.is_reset {
            pipe.end();
        }
        drop(pipe);
        while let Some((status, body)) = self.answer() {
            let Some(orders) = self.asked.pop_front() else {
                return Err(format!("nothing was asked: {status} {body}"));
            };
            match status {
                200 => check(&orders, &body, record)?,
                // The node learns what there is, or goes.
                503 => {}
                _ => return Err(format!("{orders:?}: {status} {body}")),
            }
        }
        Ok(())
    }

    /// The next response, if it has come.
    fn answer(&mut self) -> Option<(u16, String)> {
        const END: &[u8] = b"\r\n\r\n";
        let head = self
            .incoming
            .windows(END.len())
            .position(|part| part == END)?;
        let text = String::from_utf8_lossy(&self.incoming[..head]).to_lowercase();
        let status = text.split(' ').nth(1)?.parse().ok()?;
        let length = text.split("content-length: ").nth(1)?;
        let length: usize = length.split("\r\n").next()?.parse().ok()?;
        let end = head + END.len() + length;
        if self.incoming.len() < end {
            return None;
        }
        let response: Vec<u8> = self.incoming.drain(..end).collect();
        let body = String::from_utf8_lossy(&response[head + END.len()..]);
        Some((status, body.into_owned()))
    }
}

/// Where an order is told.
fn channel_of(order: u64) -> &'static str {
    CHANNELS[usize::try_from(order).expect("there are few") % CHANNELS.len()]
}

/// What came of each is what everyone hears.
fn check(orders: &[u64], body: &str, record: &mut Record) -> Result<(), String> {
    let answers: Vec<Value> = serde_json::from_str(body).map_err(|error| error.to_string())?;
    if answers.len() != orders.len() {
        return Err(format!("{orders:?}: {body}"));
    }
    for (&order, answer) in orders.iter().zip(&answers) {
        match text(&answer["error"], "code") {
            "" => {
                let channel = channel_of(order).to_owned();
                let place = (channel, number(answer, "epoch"), number(answer, "seq"));
                record.told_again += usize::from(answer["duplicate"] == true);
                record.tell(order, &place)?;
            }
            "unavailable" | "unknown" | "too-many-channels" => {}
            _ => return Err(format!("{order}: {answer}")),
        }
    }
    Ok(())
}
