//! Which process on this machine listens where.

use std::{net::SocketAddr, path::Path};

use procfs::{
    ProcResult,
    net::{TcpNetEntry, TcpState, UnixNetEntry, UnixState},
    process::{self, FDTarget},
};

use crate::plan::target::Place;

/// The process that listens at a place on this machine, if it can be seen (other users' processes need privileges)
/// and is the only one: of several that share a socket nobody knows which of them serves.
pub fn listener(place: &Place) -> Option<i32> {
    let inode = match place {
        Place::Tcp { address, .. } if !address.ip().is_loopback() => return None,
        Place::Tcp { address, .. } => listening_inode(*address),
        Place::Unix(path) => listening_unix_inode(path),
    };
    let inode = inode.ok()??;
    let holds = |process: &process::Process| {
        process.fd().is_ok_and(|descriptors| {
            descriptors
                .flatten()
                .any(|descriptor| descriptor.target == FDTarget::Socket(inode))
        })
    };
    let mut holders = process::all_processes().ok()?.flatten().filter(holds);
    let only = holders.next()?.pid;
    holders.next().is_none().then_some(only)
}

fn listening_inode(address: SocketAddr) -> ProcResult<Option<u64>> {
    let here = |entry: &TcpNetEntry| {
        let local = entry.local_address;
        entry.state == TcpState::Listen
            && local.port() == address.port()
            && (local.ip() == address.ip() || local.ip().is_unspecified())
    };
    let mut entries = procfs::net::tcp()?;
    // A machine without version 6 of the protocol has no such file.
    if Path::new("/proc/net/tcp6").exists() {
        entries.extend(procfs::net::tcp6()?);
    }
    Ok(entries.into_iter().find(here).map(|entry| entry.inode))
}

fn listening_unix_inode(path: &Path) -> ProcResult<Option<u64>> {
    // Accepted sockets have the same path, and are connected.
    let here = |entry: &UnixNetEntry| {
        entry.state == UnixState::UNCONNECTED && entry.path.as_deref() == Some(path)
    };
    let mut entries = procfs::net::unix()?.into_iter();
    Ok(entries.find(here).map(|entry| entry.inode))
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, os::unix::net::UnixListener};

    use super::*;

    fn own() -> Option<i32> {
        i32::try_from(std::process::id()).ok()
    }

    #[test]
    fn a_listener_is_found_by_its_address() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Place::Tcp {
            address: socket.local_addr().unwrap(),
            tls: None,
        };
        assert_eq!(listener(&place), own());
        drop(socket);
        assert_eq!(listener(&place), None);
    }

    #[test]
    fn a_listener_is_found_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let place = Place::Unix(path.clone());
        let socket = UnixListener::bind(path).unwrap();
        assert_eq!(listener(&place), own());
        drop(socket);
        assert_eq!(listener(&place), None);
    }
}
