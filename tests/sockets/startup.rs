//! What an operator sees when the server starts, or does not.

use rustix::process::Signal;

use crate::harness::{Process, Server, wait_until};

#[test]
fn standard_output_has_exactly_one_line() {
    let server = Server::start(&["--log-level", "trace"]);
    let greeting = format!("hubbub listening on http://{}\n", server.host_and_port());
    let client = server.connect("/relay");
    client.leave();
    server.signal(Signal::TERM);
    let ended = server.ended();
    assert_eq!(ended.stdout, greeting);
    assert!(!ended.stderr.is_empty());
}

#[test]
fn the_command_may_be_named() {
    let flags = ["serve", "--addr", "127.0.0.1:0"];
    let server = Server::listening(Process::start(&flags));
    assert_eq!(server.get("/healthz").text(), "ok");
}

#[test]
fn a_log_without_space_ends_nobody() {
    let flags = ["--addr", "127.0.0.1:0", "--log-level", "debug"];
    let server = Server::listening(Process::start_with_full_log(&flags));
    server.serves_to_its_end();
}

#[test]
fn help_that_cannot_be_written_is_a_failure() {
    for flags in [&["--help"][..], &["--version"], &["token", "--help"]] {
        let ended = Process::start_after("exec >/dev/full", flags).ended();
        assert_eq!(ended.status.code(), Some(2), "{flags:?}");
        assert!(ended.stderr.contains("stdout"), "{}", ended.stderr);
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_the_flag_that_picks_another() {
    let server = Server::start(&[]);
    let address = server.host_and_port();
    assert_refused(&["--addr", &address], &["--addr", &address]);
    assert_eq!(server.get("/healthz").text(), "ok");
}

#[test]
fn flags_that_cannot_work_are_refused_by_name() {
    assert_refused(
        &["--ping-interval", "10s", "--pong-timeout", "10s"],
        &["--ping-interval", "--pong-timeout"],
    );
    for (flag, value) in [
        ("--addr", "nowhere"),
        ("--addr", "8080"),
        ("--addr", "*:8080"),
        ("--addr", "http://127.0.0.1:8080"),
        ("--addr", "127.0.0.1:0,unix:"),
        ("--admin-addr", "9090"),
        ("--unix-mode", "rw-rw----"),
        ("--drain-timeout", "soon"),
        ("--handshake-timeout", "0s"),
        ("--keep-alive-timeout", "0s"),
        ("--linger-timeout", "0s"),
        ("--max-connections", "0"),
        ("--max-lag", "0s"),
        ("--max-message", "0B"),
        ("--max-message", "many"),
        ("--max-request-head", "65KiB"),
        ("--max-unsent", "1B"),
        ("--ping-interval", "0s"),
        ("--slow", "drop"),
        ("--write-timeout", "0s"),
        ("--no-such-flag", "1"),
    ] {
        assert_refused(&[flag, value], &[flag]);
    }
    let flags = ["--proxy-protocol", "--trust-forwarded"];
    assert_refused(&flags[..1], &flags);
}

#[test]
fn more_connections_than_descriptors_are_refused_by_name() {
    let flags = ["--addr", "127.0.0.1:0", "--max-connections", "137"];
    let ended = Process::start_with_descriptors(200, &flags).ended();
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(ended.stdout, "");
    for word in ["--max-connections (137)", "136"] {
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
}

#[test]
fn an_empty_variable_is_none() {
    let environment = [("HUBBUB_MAX_MESSAGE", ""), ("HUBBUB_PING_INTERVAL", "")];
    let server = Server::listening(Process::start_in(&environment, &["--addr", "127.0.0.1:0"]));
    assert_eq!(server.get("/healthz").text(), "ok");
}

#[test]
fn an_empty_variable_that_would_guard_ends_the_start_by_name() {
    for variable in [
        "HUBBUB_TOKEN_KEY",
        "HUBBUB_TOKEN_AUDIENCE",
        "HUBBUB_TOKEN_ISSUER",
        "HUBBUB_TLS_KEY",
        "HUBBUB_ADMIN_ADDR",
        "HUBBUB_API_KEY",
    ] {
        for flags in [
            &["--addr", "127.0.0.1:0"][..],
            &["serve", "--addr", "127.0.0.1:0"],
        ] {
            let ended = Process::start_in(&[(variable, "")], flags).ended();
            assert_eq!(ended.status.code(), Some(2), "{variable}");
            assert!(
                ended
                    .stderr
                    .contains(&format!("{variable} in the environment is empty"))
            );
        }
    }
}

#[test]
fn a_value_of_the_environment_that_cannot_work_is_refused_by_the_name_of_its_variable() {
    let ended = Process::start_in(&[("HUBBUB_MAX_MESSAGE", "many")], &[]).ended();
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        ended
            .stderr
            .contains("HUBBUB_MAX_MESSAGE in the environment"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_variable_that_is_misspelt_is_told_of() {
    let environment = [("HUBBUB_MAX_MESAGE", "1MiB")];
    let server = Server::listening(Process::start_in(&environment, &["--addr", "127.0.0.1:0"]));
    let words =
        "WARN HUBBUB_MAX_MESAGE in the environment is ignored; is HUBBUB_MAX_MESSAGE meant?";
    wait_until(words, || server.process().stderr().contains(words));
    let ended = Process::start_in(&environment, &["connect", "ws://127.0.0.1:1/"]).ended();
    assert!(
        ended.stderr.contains("is HUBBUB_MAX_MESSAGE meant?"),
        "{}",
        ended.stderr
    );
}

/// Asserts that `hubbub` does not start with these flags, and says all these words about it.
fn assert_refused(flags: &[&str], words: &[&str]) {
    let ended = Process::start(flags).ended();
    assert_eq!(ended.status.code(), Some(2), "{flags:?}");
    assert_eq!(ended.stdout, "", "{flags:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
}
