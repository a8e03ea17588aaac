//! What is said at the door for programs: things to publish, what came of them, and who may do what.

mod act;
mod answer;
mod data;
mod error;
mod item;
mod items;
mod rights;

pub use self::{
    act::{Closing, Removal},
    answer::Answer,
    error::{BodyError, ItemError},
    item::{Item, Recipient, Said, Sender, is_idempotency_key},
    items::{Form, items},
    rights::{ApiRights, Right},
};

#[cfg(test)]
mod tests;
