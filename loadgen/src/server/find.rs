//! Which process on this machine listens where.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    path::Path,
};

use procfs::{
    ProcResult,
    net::{TcpNetEntry, TcpState, UnixNetEntry, UnixState},
    process::{self, FDTarget, Process},
};

use crate::plan::target::Place;

/// The processes that listen at a place on this machine, each with a socket of its own, if they can be seen (other users'
/// processes need privileges): of several that share a socket nobody knows which of them serves.
pub fn listeners(place: &Place) -> Option<Vec<i32>> {
    let inodes = match place {
        Place::Tcp { address, .. } if !address.ip().is_loopback() => return None,
        Place::Tcp { address, .. } => listening_inodes(*address),
        Place::Unix(path) => listening_unix_inodes(path),
    };
    let inodes = inodes.ok().filter(|inodes| !inodes.is_empty())?;
    let mut holders = vec![Vec::new(); inodes.len()];
    for process in process::all_processes().ok()?.flatten() {
        let held: BTreeSet<u64> = sockets(&process).collect();
        for (inode, pids) in inodes.iter().zip(&mut holders) {
            if held.contains(inode) {
                pids.push(process.pid);
            }
        }
    }
    let only = holders.into_iter().map(|pids| match pids[..] {
        [pid] => Some(pid),
        _ => None,
    });
    only.collect()
}

/// The sockets that a process holds, by their inodes.
fn sockets(process: &Process) -> impl Iterator<Item = u64> {
    let descriptors = process.fd().into_iter().flatten().flatten();
    descriptors.filter_map(|descriptor| match descriptor.target {
        FDTarget::Socket(inode) => Some(inode),
        _ => None,
    })
}

/// Those that listen at an address itself, or else at all addresses.
fn listening_inodes(address: SocketAddr) -> ProcResult<Vec<u64>> {
    let mut entries = procfs::net::tcp()?;
    // A machine without version 6 of the protocol has no such file.
    if Path::new("/proc/net/tcp6").exists() {
        entries.extend(procfs::net::tcp6()?);
    }
    let inodes = |is_there: &dyn Fn(IpAddr) -> bool| -> Vec<u64> {
        let here = |entry: &&TcpNetEntry| {
            let local = entry.local_address;
            entry.state == TcpState::Listen
                && local.port() == address.port()
                && is_there(local.ip())
        };
        let here = entries.iter().filter(here);
        here.map(|entry| entry.inode).collect()
    };
    let exactly = inodes(&|ip| ip == address.ip());
    Ok(if exactly.is_empty() {
        inodes(&|ip| ip.is_unspecified())
    } else {
        exactly
    })
}

fn listening_unix_inodes(path: &Path) -> ProcResult<Vec<u64>> {
    // Accepted sockets have the same path, and are connected.
    let here = |entry: &UnixNetEntry| {
        entry.state == UnixState::UNCONNECTED && entry.path.as_deref() == Some(path)
    };
    let entries = procfs::net::unix()?.into_iter().filter(here);
    Ok(entries.map(|entry| entry.inode).collect())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, os::unix::net::UnixListener};

    use socket2::{Domain, Socket, Type};

    use super::*;

    fn own() -> Vec<i32> {
        vec![i32::try_from(std::process::id()).unwrap()]
    }

    #[test]
    fn a_listener_is_found_by_its_address() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Place::Tcp {
            address: socket.local_addr().unwrap(),
            tls: None,
        };
        assert_eq!(listeners(&place), Some(own()));
        drop(socket);
        assert_eq!(listeners(&place), None);
    }

    #[test]
    fn all_that_share_a_port_are_found() {
        let sharing = |address: SocketAddr| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_reuse_port(true).unwrap();
            socket.bind(&address.into()).unwrap();
            socket.listen(1).unwrap();
            socket
        };
        let one = sharing("127.0.0.1:0".parse().unwrap());
        let address = one.local_addr().unwrap().as_socket().unwrap();
        let two = sharing(address);
        assert_eq!(listening_inodes(address).unwrap().len(), 2);
        drop((one, two));
        assert_eq!(listening_inodes(address).unwrap().len(), 0);
    }

    #[test]
    fn a_listener_is_found_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let place = Place::Unix(path.clone());
        let socket = UnixListener::bind(path).unwrap();
        assert_eq!(listeners(&place), Some(own()));
        drop(socket);
        assert_eq!(listeners(&place), None);
    }
}
