//! File descriptors: how many this process may hold, and what to do when they run out all the same.

use std::fs::File;
use std::io;

use crate::vocabulary::config::{Config, ConfigError};

/// Raises the soft descriptor limit to the hard one and returns what it now is (setrlimit(2), `RLIMIT_NOFILE`).
///
/// # Errors
/// What the system said; the operator's to mend.
pub fn raise_limit() -> io::Result<usize> {
    let limit = rlimit::increase_nofile_limit(u64::MAX)?;
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// How many connections a process with `limit` descriptors may serve under a configuration.
///
/// # Errors
/// More are wanted than the limit allows.
pub fn max_connections(config: &Config, limit: usize) -> Result<usize, ConfigError> {
    let reserved = config.reserved_descriptors();
    let allowed = limit.saturating_sub(reserved);
    match config.max_connections {
        None if allowed > 0 => Ok(allowed),
        Some(wanted) if wanted <= allowed => Ok(wanted),
        wanted => Err(ConfigError::Descriptors {
            wanted: wanted.unwrap_or(1),
            reserved,
            limit,
        }),
    }
}

/// One descriptor held back, so that a connection can still be accepted, and closed, when there is no other.
///
/// Without it the connection would stay in the backlog, and the listener readable, for as long as the shortage lasts.
#[derive(Debug)]
pub struct Spare {
    file: Option<File>,
}

impl Spare {
    /// Takes the descriptor.
    ///
    /// # Errors
    /// There is none even now.
    pub fn take() -> io::Result<Self> {
        Ok(Self {
            file: Some(File::open("/dev/null")?),
        })
    }

    /// Gives the descriptor up for the time of `accept_and_close`, and takes it back.
    pub fn lend<T>(&mut self, accept_and_close: impl FnOnce() -> T) -> T {
        self.file = None;
        let result = accept_and_close();
        self.file = File::open("/dev/null").ok();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::address::Address;

    #[test]
    fn connections_leave_a_reserve_of_descriptors() {
        let mut config = Config::default();
        assert_eq!(max_connections(&config, 1024), Ok(1024 - 64));
        config.max_connections = Some(960);
        assert_eq!(max_connections(&config, 1024), Ok(960));
        config.admin_addr = Some(Address::loopback(0));
        assert!(max_connections(&config, 1024).is_err());
        config.max_connections = None;
        assert_eq!(max_connections(&config, 1024), Ok(1024 - 64 - 64));
        config.admin_addr = None;
        config.max_connections = Some(961);
        let error = max_connections(&config, 1024).unwrap_err().to_string();
        assert!(
            error.contains("--max-connections (961)") && error.contains("960"),
            "{error}"
        );
    }
}
