//! How requests of ours are made, to whomever they go.

use std::time::Duration;

use ureq::{Agent, config::ConfigBuilder, typestate::AgentScope};

/// What they have in common, each with this time from the attempt to connect to the last byte of its answer: they go to nobody
/// but whom they are meant for, and any status is an answer.
pub fn manners(wait: Duration) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .timeout_global(Some(wait))
        .http_status_as_error(false)
        .max_redirects(0)
        // What the environment says of proxies is meant for other programs.
        .proxy(None)
        .user_agent(concat!("hubbub/", env!("CARGO_PKG_VERSION")))
}
