//! A member of a relay channel, on whatever node: what it says tells who said it, and which of its messages it is.

use std::collections::HashSet;

use crate::connection::Connection;
use crate::record::Record;
use crate::socket::Manners;

/// Who talks on a relay.
#[derive(Debug)]
pub struct Talker {
    id: usize,
    said: usize,
    /// How much of that has come back.
    returned: usize,
    pub connection: Connection,
    heard: HashSet<String>,
    last: Option<String>,
}

impl Talker {
    /// One that knocks at any node.
    pub fn new(id: usize, channel: usize) -> Self {
        let path = format!("/relay?channel=c{channel}");
        Self {
            id,
            said: 0,
            returned: 0,
            connection: Connection::knock(&path, id, Manners::plain()),
            heard: HashSet::new(),
            last: None,
        }
    }

    /// Says its next message.
    pub fn say(&mut self) {
        self.said += 1;
        self.connection.say(&format!("{}.{}", self.id, self.said));
    }

    /// Sends and hears. Whoever may have missed something is turned out, as nothing tells them of it.
    ///
    /// # Errors
    /// It heard something twice, or in another order than others, or was turned out without a reason.
    pub fn step(&mut self, record: &mut Record, may_turn_out: bool) -> Result<(), String> {
        for message in self.connection.exchange(record)? {
            if !self.heard.insert(message.clone()) {
                return Err(format!("talker {} heard twice: {message}", self.id));
            }
            if let Some(last) = &self.last {
                record.follow(last, &message)?;
            }
            let own = message.split_once('.').and_then(|(id, _)| id.parse().ok());
            self.returned += usize::from(own == Some(self.id));
            self.last = Some(message);
        }
        if self.connection.is_turned_out() && self.returned == self.said && !may_turn_out {
            return Err(format!("talker {} was turned out for nothing", self.id));
        }
        Ok(())
    }
}
