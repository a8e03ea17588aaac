//! Which process on this machine listens where.

use std::{net::SocketAddr, path::Path};

use procfs::{
    ProcResult,
    net::{TcpNetEntry, TcpState},
    process::{self, FDTarget},
};

/// The process that listens at an address of this machine, if it can be seen (other users' processes need privileges)
/// and is the only one: of several that share a socket nobody knows which of them serves.
pub fn listener(address: SocketAddr) -> Option<i32> {
    if !address.ip().is_loopback() {
        return None;
    }
    let inode = listening_inode(address).ok()??;
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listener_is_found_by_its_address() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(listener(address), Some(own));
        drop(socket);
        assert_eq!(listener(address), None);
    }
}
