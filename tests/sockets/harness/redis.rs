//! A Redis of a test's own.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::wait_until;

/// A `redis-server` that listens on a unix socket and keeps nothing, killed when it is dropped.
pub(crate) struct Redis {
    folder: TempDir,
    process: Child,
}

impl Redis {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = launch(&folder);
        let redis = Self { folder, process };
        redis.wait();
        redis
    }

    /// What `--redis` is told of it.
    pub(crate) fn url(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// Has it forget everything.
    pub(crate) fn forget(&self) {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(b"FLUSHALL\r\n").unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(self.socket());
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    fn wait(&self) {
        wait_until("Redis listens", || self.socket().exists());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.end();
    }
}

fn launch(folder: &TempDir) -> Child {
    let command = Command::new("redis-server")
        .args([
            "--port",
            "0",
            "--unixsocket",
            "redis.sock",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    command.expect("redis-server is installed (Debian: apt-get install redis-server)")
}
