//! What the server promises, and whether it kept it.

pub mod admission;
pub mod bounds;
mod chat;
mod echo;
mod endings;
mod http;
mod programs;
mod record;
mod recovery;
mod relay;

use crate::simulation::Simulation;

/// Judges everything after it has calmed down.
///
/// # Errors
/// Who was promised what, and what they got.
pub fn check(simulation: &Simulation) -> Result<(), String> {
    endings::check(simulation)?;
    relay::check(simulation)?;
    let record = chat::check(&simulation.peers, &simulation.settings)?;
    programs::check(simulation, &record)?;
    echo::check(&simulation.peers)?;
    http::check(simulation)
}
