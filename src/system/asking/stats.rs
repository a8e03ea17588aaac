//! `hubbub stats`: how it goes with a server.

use std::io::{self, IsTerminal};
use std::mem;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{Api, error::AskError, out::Out, table::table};
use crate::vocabulary::visible::visible_json;

const PATH: &str = "/api/stats";
/// What they lack for a second where nobody has asked lately.
const RATE: &str = "/messages/received_per_second";
/// The server makes them as often.
const BETWEEN: Duration = Duration::from_secs(1);
/// What begins a screen anew (ECMA-48, CUP and ED).
const CLEAR: &str = "\x1b[H\x1b[2J";

/// How they are shown.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    /// As the server says them.
    pub is_json: bool,
    /// Again each second, until nobody looks.
    pub watches: bool,
}

/// Prints how it goes, with what happens in a second: where nobody asked before, it is asked for again in a second.
///
/// # Errors
/// The server refuses to say so, or does not answer.
pub fn stats(api: &Api, show: Show) -> Result<(), AskError> {
    let begins_anew = show.watches && !show.is_json && io::stdout().is_terminal();
    let mut out = Out::default();
    let mut may_lack_rates = !show.watches;
    loop {
        let said = api.get(PATH)?;
        let stats: Value = serde_json::from_str(&said).map_err(|_| api.stranger())?;
        if mem::take(&mut may_lack_rates) && stats.pointer(RATE).is_some_and(Value::is_null) {
            thread::sleep(BETWEEN);
            continue;
        }
        let told = if show.is_json {
            format!("{}\n", visible_json(said.trim_end()))
        } else {
            format!(
                "{}{}\n",
                if begins_anew { CLEAR } else { "" },
                table(&stats)
            )
        };
        out.print(&told)?;
        if !show.watches || out.is_closed() {
            return Ok(());
        }
        thread::sleep(BETWEEN);
    }
}
