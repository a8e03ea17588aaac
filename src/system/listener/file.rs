//! The file of a unix socket: which one it is, and that it goes with its listener.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The file that a unix socket is bound to, removed when it is dropped. One that has taken its place is left alone.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    identity: Identity,
}

/// Which socket's file is at a path. No other has its number as long as the socket is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// That of a socket which was just bound to a path.
    ///
    /// # Errors
    /// Somebody has removed it already.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: Identity::at(path)?.ok_or(io::ErrorKind::NotFound)?,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.identity.remove(&self.path);
    }
}

impl Identity {
    /// What is at a path; `None` if that is no socket.
    ///
    /// # Errors
    /// Those of lstat(2): `NotFound` if nothing is there.
    pub fn at(path: &Path) -> io::Result<Option<Self>> {
        let file = fs::symlink_metadata(path)?;
        Ok(file.file_type().is_socket().then(|| Self {
            device: file.dev(),
            inode: file.ino(),
        }))
    }

    /// Removes it from a path, if it is still what is there.
    ///
    /// # Errors
    /// Those of lstat(2) and unlink(2).
    pub fn remove(self, path: &Path) -> io::Result<()> {
        if Self::at(path)? == Some(self) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}
