//! What programs do, all together, by chance.

use hubbub::state::engine::Deed;

use crate::person::CHANNELS;
use crate::program::Program;
use crate::record::Record;

/// The code with which people are dismissed.
pub const DISMISSED: u16 = 4403;
/// Connections of them at a time.
const CONNECTIONS: usize = 3;
/// Orders that are published again.
const RECENT: u64 = 8;

/// All programs.
#[derive(Debug, Default)]
pub struct Programs {
    connected: Vec<Program>,
    /// How many orders there were.
    orders: u64,
}

impl Programs {
    /// One more, if there is room, that is to be accepted somewhere.
    pub fn come(&mut self) -> Option<&Program> {
        if self.connected.len() >= CONNECTIONS {
            return None;
        }
        self.connected.push(Program::new());
        self.connected.last()
    }

    /// One publishes orders, of which some may be told already, and may go without waiting for the answer.
    pub fn publish(&mut self, chance: &mut fastrand::Rng) {
        let Some(program) = chance.choice(&mut self.connected) else {
            return;
        };
        let orders = (0..chance.u64(1..4)).map(|_| {
            self.orders += chance.u64(0..2);
            self.orders.saturating_sub(chance.u64(0..RECENT))
        });
        program.publish(orders.collect());
    }

    /// One is gone, whatever it waits for.
    pub fn lose(&mut self, chance: &mut fastrand::Rng) {
        if let Some(program) = chance.choice(&mut self.connected) {
            program.vanish();
        }
    }

    /// All are gone.
    pub fn vanish(&mut self) {
        for program in &mut self.connected {
            program.vanish();
        }
    }

    /// Hears what came of it.
    ///
    /// # Errors
    /// It is not what everyone else heard.
    pub fn step(&mut self, record: &mut Record) -> Result<(), String> {
        for program in &mut self.connected {
            program.step(record)?;
        }
        self.connected.retain(|program| !program.is_over());
        Ok(())
    }

    /// Whether all is answered that was asked.
    pub fn are_answered(&self) -> bool {
        self.connected.iter().all(Program::is_answered)
    }
}

/// To remove someone who has this id, out of a channel or altogether.
pub fn removal(id: &str, chance: &mut fastrand::Rng) -> Deed<'static> {
    if chance.bool() {
        return Deed::Dismiss {
            target: id.to_owned().into(),
            code: DISMISSED,
            words: "by a program".into(),
        };
    }
    let channel = chance.choice(CHANNELS).expect("there are some");
    Deed::Expel {
        target: id.to_owned().into(),
        channel: channel.into(),
    }
}
