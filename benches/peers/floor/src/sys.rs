//! The system calls.

use std::{
    ffi::c_int,
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    ptr,
};

use libc::epoll_event;

/// Connections that wait to be accepted, at most.
const BACKLOG: c_int = 4096;

/// Raises the soft descriptor limit to the hard one, if the system lets it.
pub fn raise_descriptor_limit() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a live `rlimit`.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0 {
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: as above; a failure leaves the limit as it is.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    }
}

/// Gives a listening socket a longer queue than the standard library does.
pub fn lengthen_backlog(listener: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: no memory is passed.
    checked(unsafe { libc::listen(listener.as_raw_fd(), BACKLOG) }).map(drop)
}

/// Accepts a connection: it does not block, and nothing of it waits for more (`TCP_NODELAY`).
pub fn accept(listener: &impl AsRawFd) -> io::Result<RawFd> {
    // SAFETY: null pointers ask for no address.
    let fd = checked(unsafe {
        libc::accept4(
            listener.as_raw_fd(),
            ptr::null_mut(),
            ptr::null_mut(),
            libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC,
        )
    })?;
    let on: c_int = 1;
    let (level, option, size) = (libc::IPPROTO_TCP, libc::TCP_NODELAY, 4);
    // SAFETY: the pointer is to a live integer of the size that is given.
    unsafe { libc::setsockopt(fd, level, option, (&raw const on).cast(), size) };
    Ok(fd)
}

/// Sends as much as the socket takes.
pub fn send(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the pointer and the length are those of a live slice.
    let sent = unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Receives what is there, 0 bytes at the end.
pub fn receive(fd: RawFd, room: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer and the length are those of a live slice that nobody else uses.
    let received = unsafe { libc::recv(fd, room.as_mut_ptr().cast(), room.len(), 0) };
    usize::try_from(received).map_err(|_| io::Error::last_os_error())
}

/// Closes a socket; the caller does not use the number again.
pub fn close(fd: RawFd) {
    // SAFETY: no memory is passed, and each accepted descriptor is closed once, by its server.
    unsafe { libc::close(fd) };
}

/// An epoll instance. All is edge-triggered.
pub struct Poller(OwnedFd);

impl Poller {
    pub fn new() -> io::Result<Self> {
        // SAFETY: no memory is passed.
        let fd = checked(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the descriptor is new and has no other owner.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Tells when there is something to read.
    pub fn watch(&self, fd: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN | libc::EPOLLRDHUP)
    }

    /// Also tells when there is room to write, from now on.
    pub fn watch_room(&self, fd: RawFd) -> io::Result<()> {
        let events = libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLOUT;
        self.control(libc::EPOLL_CTL_MOD, fd, events)
    }

    /// Waits for events.
    pub fn wait<'room>(&self, room: &'room mut [epoll_event]) -> io::Result<&'room [epoll_event]> {
        let most = c_int::try_from(room.len()).unwrap_or(c_int::MAX);
        // SAFETY: the pointer and the length are those of a live slice that nobody else uses.
        let count = unsafe { libc::epoll_wait(self.0.as_raw_fd(), room.as_mut_ptr(), most, -1) };
        match usize::try_from(count) {
            Ok(count) => Ok(&room[..count]),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(&[]),
                error => Err(error),
            },
        }
    }

    fn control(&self, operation: c_int, fd: RawFd, events: c_int) -> io::Result<()> {
        let mut event = epoll_event {
            events: (events | libc::EPOLLET).cast_unsigned(),
            u64: u64::from(fd.cast_unsigned()),
        };
        // SAFETY: the pointer is to a live event.
        checked(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd, &raw mut event) })
            .map(drop)
    }
}

/// Room for the events of one turn.
pub fn room_for_events(count: usize) -> Vec<epoll_event> {
    vec![epoll_event { events: 0, u64: 0 }; count]
}

fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
