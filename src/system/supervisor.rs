//! What the supervisor is told that started this process, if it wants to know (`sd_notify(3)`).

use std::io;

use sd_notify::NotifyState;
use tracing::warn;

/// All listens, and newcomers are served; also after the files were read again.
pub fn ready() {
    warn_unless(sd_notify::notify(&[NotifyState::Ready]));
}

/// The files are read again, until the next [`ready`].
pub fn reloading() {
    let told = NotifyState::monotonic_usec_now()
        .and_then(|now| sd_notify::notify(&[NotifyState::Reloading, now]));
    warn_unless(told);
}

/// Nobody new is served any more.
pub fn stopping() {
    warn_unless(sd_notify::notify(&[NotifyState::Stopping]));
}

fn warn_unless(told: io::Result<()>) {
    if let Err(error) = told {
        warn!(%error, "the supervisor cannot be told (NOTIFY_SOCKET)");
    }
}
