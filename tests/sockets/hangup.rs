//! SIGHUP, which never ends a server. (What is read again then: `tls`, `tokens`.)

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use rustix::process::Signal;

use crate::harness::{Process, Server, path_text, wait_until};

const SECRET: &str = "a secret of thirty-two bytes or so\n";

#[test]
fn a_server_without_files_says_that_there_is_nothing_to_read_again() {
    let server = Server::start(&[]);
    let mut client = server.connect("/relay");
    server.signal(Signal::HUP);
    wait_until("the server says so", || {
        server.process().stderr().contains("nothing to read again")
    });
    client.say("still here");
    assert_eq!(client.hear_text(), "still here");
    server.signal(Signal::TERM);
    client.leave();
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn one_that_comes_before_the_server_listens_waits_until_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("secret");
    assert!(Command::new("mkfifo").arg(&key).status().unwrap().success());
    let process = Process::start(&["--addr", "127.0.0.1:0", "--token-key", path_text(&key)]);
    // A fifo opens once both ends are: the server reads its key now, and waits for it.
    let mut pen = File::create(&key).unwrap();
    fs::remove_file(&key).unwrap();
    fs::write(&key, SECRET).unwrap();
    process.signal(Signal::HUP);
    pen.write_all(SECRET.as_bytes()).unwrap();
    drop(pen);
    let server = Server::listening(process);
    wait_until("the key was read again", || {
        server.process().stderr().contains("were read again")
    });
    assert_eq!(server.get("/healthz").text(), "ok");
}

#[test]
fn a_log_file_that_may_not_grow_ends_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let limited = format!("exec 2>{}; ulimit -f 0", path_text(&log));
    let flags = ["--addr", "127.0.0.1:0", "--log-level", "debug"];
    let server = Server::listening(Process::start_after(&limited, &flags));
    server.serves_to_its_end();
}
