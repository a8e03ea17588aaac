//! The same server on a unix socket.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::harness::{Process, Server, leave_unsent, long_line, text};

#[test]
fn websocket_and_http_work_over_a_unix_socket() {
    let (_folder, path) = place();
    let server = Server::start_unix(&path, &[]);
    assert_eq!(server.get("/healthz").text(), "ok");
    let mut ada = server.connect("/relay");
    let mut bob = server.wire("/relay");
    ada.say("hello");
    assert_eq!(ada.hear_text(), "hello");
    assert_eq!(bob.hear_text(), "hello");
    bob.send([text("one"), text("two")].concat());
    bob.shut();
    assert_eq!(bob.hear_text(), "one\ntwo");
    assert!(bob.frame().is_none());
    assert_eq!(ada.hear_text(), "one\ntwo");
    ada.leave();
}

#[test]
fn a_stalled_reader_on_a_unix_socket_gets_everything_once_it_resumes() {
    let (_folder, path) = place();
    let server = Server::start_unix(&path, &["--max-unsent", "64MiB"]);
    let mut stalled = server.wire("/relay");
    let mut speaker = server.wire("/relay");
    let said = leave_unsent(&server, &mut speaker);
    for number in 0..said {
        assert!(stalled.hear_text() == long_line(number));
    }
}

#[test]
fn the_greeting_names_the_path() {
    let (_folder, path) = place();
    let server = Server::start_unix(&path, &[]);
    let greeting = format!("hubbub listening on unix:{}\n", path.display());
    assert_eq!(server.process().stdout(), greeting);
}

#[test]
fn a_file_that_nobody_listens_on_is_replaced_and_removed_at_the_end() {
    let (_folder, path) = place();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = Server::start_unix(&path, &[]);
    assert_eq!(server.get("/healthz").status, 200);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status.code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn a_path_that_is_listened_on_or_is_no_socket_is_left_alone() {
    let (folder, path) = place();
    let server = Server::start_unix(&path, &[]);
    let file = folder.path().join("file");
    fs::write(&file, "precious").unwrap();
    for taken in [&path, &file] {
        let address = format!("unix:{}", taken.display());
        let ended = Process::start(&["--addr", &address]).ended();
        assert_eq!(ended.status.code(), Some(2));
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.contains(&address), "{}", ended.stderr);
        assert!(ended.stderr.contains("--addr"), "{}", ended.stderr);
    }
    assert_eq!(server.get("/healthz").text(), "ok");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn a_server_that_ends_leaves_the_file_of_the_one_that_took_its_place() {
    let (_folder, path) = place();
    let older = Server::start_unix(&path, &[]);
    fs::remove_file(&path).unwrap();
    let newer = Server::start_unix(&path, &[]);
    older.signal(Signal::TERM);
    assert_eq!(older.ended().status.code(), Some(0));
    assert_eq!(newer.get("/healthz").text(), "ok");
}

#[test]
fn a_unix_socket_without_a_path_or_with_one_that_is_too_long_is_refused() {
    let long = format!("unix:/{}", "a".repeat(107));
    for (address, word) in [("unix:", "missing"), (&long, "at most 107 bytes")] {
        let ended = Process::start(&["--addr", address]).ended();
        assert_eq!((ended.status.code(), &*ended.stdout), (Some(2), ""));
        for word in [word, "--addr"] {
            assert!(ended.stderr.contains(word), "{}", ended.stderr);
        }
    }
}

/// A path for a socket, in a folder of its own.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.sock");
    (folder, path)
}
