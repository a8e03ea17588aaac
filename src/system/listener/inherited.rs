//! Sockets that listened before this process began: systemd opens them, and hands them over (`sd_listen_fds(3)`).

use std::io;
use std::net;
use std::os::unix;

use listenfd::ListenFd;
use mio::net::{TcpListener, UnixListener};
use socket2::SockRef;

use super::{ListenError, Listener};

/// Takes what was handed over, in its order, so that it can be taken no more. The environment says what there is, and does
/// not say it afterwards; so no other thread may be looking.
///
/// # Errors
/// Names the one that does not listen, or not to a stream.
pub fn inherited() -> Result<Vec<Listener>, ListenError> {
    let mut handed = ListenFd::from_env();
    (0..handed.len())
        .map(|index| {
            take(&mut handed, index).map_err(|cause| ListenError::Inherited {
                number: index + 1,
                cause,
            })
        })
        .collect()
}

fn take(handed: &mut ListenFd, index: usize) -> io::Result<Listener> {
    if let Ok(Some(listener)) = handed.take_tcp_listener(index) {
        return tcp(listener);
    }
    let listener = handed.take_unix_listener(index)?;
    unix(listener.ok_or(io::ErrorKind::NotFound)?)
}

fn tcp(listener: net::TcpListener) -> io::Result<Listener> {
    prepare(&SockRef::from(&listener))?;
    SockRef::from(&listener).set_tcp_nodelay(true)?;
    Ok(Listener::Tcp(TcpListener::from_std(listener)))
}

/// The file belongs to whoever opened the socket.
fn unix(listener: unix::net::UnixListener) -> io::Result<Listener> {
    prepare(&SockRef::from(&listener))?;
    Ok(Listener::Unix(None, UnixListener::from_std(listener)))
}

fn prepare(socket: &SockRef<'_>) -> io::Result<()> {
    if !socket.is_listener()? {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it does not listen, as one of a unit with Accept=yes",
        ));
    }
    socket.set_nonblocking(true)
}
