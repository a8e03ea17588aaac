//! Whole runs against a relay that is right, one that is wrong in one place, and what is no relay at all.

mod relay;

use std::{
    net::TcpListener,
    process::{Command, Output},
};

use relay::Fault;
use serde_json::Value;

/// Runs the load generator, with a small load unless the flags say otherwise.
fn loadgen(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["--clients", "5", "--publishers", "1", "--rate", "100"])
        .args(["--warmup", "100ms", "--duration", "300ms", "--settle", "1s"])
        .args(flags)
        .output()
        .unwrap()
}

/// Runs it against a relay; its exit status and its result.
fn against(fault: Fault, batch: usize) -> (Option<i32>, Value) {
    result_of(&["--url", &relay::start(fault, batch)])
}

fn result_of(flags: &[&str]) -> (Option<i32>, Value) {
    let output = loadgen(&[flags, &["--json", "-"]].concat());
    let result = serde_json::from_slice(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), result.expect(&told))
}

/// The exit status of a run in which nothing went wrong. A busy machine may keep the load generator from its schedule,
/// and then it must say so.
fn good(result: &Value) -> i32 {
    let valid = result["valid"] == true;
    assert_eq!(valid, result["invalid_reason"].is_null());
    if valid { 0 } else { 3 }
}

/// Lost, duplicated, reordered and disconnects.
fn wrongs(result: &Value) -> [u64; 4] {
    ["lost", "duplicated", "reordered", "disconnects"]
        .map(|figure| result["messages"][figure].as_u64().unwrap())
}

/// The sentence of a run that could not begin.
fn refusal(flags: &[&str]) -> String {
    let output = loadgen(flags);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "one sentence: {told}");
    told
}

#[test]
fn a_right_relay_is_found_right() {
    let (code, result) = against(Fault::None, 1);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(good(&result)), [0; 4]),
        "{result:#}"
    );
    let messages = &result["messages"];
    assert_eq!(messages["sent"], 40);
    assert_eq!(messages["expected"], 200);
    assert_eq!(messages["delivered"], 200);
    assert_eq!(result["connect"]["clients"], 5);
    for figures in [
        "latency_us",
        "sent_latency_us",
        "last_receiver_us",
        "spread_us",
    ] {
        for figure in ["p50", "p90", "p99", "p999", "max", "mean"] {
            assert!(result[figures][figure].is_number(), "{figures}.{figure}");
        }
    }
}

#[test]
fn messages_that_share_a_frame_are_told_apart() {
    let (code, result) = against(Fault::None, 4);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(good(&result)), [0; 4]),
        "{result:#}"
    );
    assert_eq!(result["messages"]["delivered"], 200);
    let batch = result["throughput"]["mean_batch"].as_f64().unwrap();
    assert!((batch - 4.0).abs() < 0.01, "{batch}");
}

#[test]
fn a_dropped_message_is_lost() {
    for batch in [1, 2] {
        let (code, result) = against(Fault::Drop, batch);
        assert_eq!(
            (code, wrongs(&result)),
            (Some(1), [1, 0, 0, 0]),
            "{result:#}"
        );
    }
}

#[test]
fn a_doubled_message_is_a_duplicate() {
    let (code, result) = against(Fault::Double, 2);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(1), [0, 1, 0, 0]),
        "{result:#}"
    );
}

#[test]
fn swapped_messages_are_reordered() {
    let (code, result) = against(Fault::Swap, 5);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(1), [0, 0, 1, 0]),
        "{result:#}"
    );
}

#[test]
fn a_client_that_is_closed_is_counted_with_its_code() {
    let (code, result) = against(Fault::Close, 1);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(1), [0, 0, 0, 1]),
        "{result:#}"
    );
    assert_eq!(result["messages"]["missed"], 37);
    assert_eq!(result["messages"]["disconnects_by"]["4001"], 1);
}

#[test]
fn what_a_deaf_server_does_not_take_is_lost_and_the_wait_is_told() {
    let url = relay::start(Fault::Deaf, 1);
    let (code, result) = result_of(&["--url", &url, "--size", "1MiB"]);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(1), [200, 0, 0, 0]),
        "{result:#}"
    );
    assert!(result["messages"]["sent"].as_u64().unwrap() < 40);
    // The time to settle passed before the sends were given up.
    assert!(
        result["loadgen"]["send_blocked_us"]["max"]
            .as_f64()
            .unwrap()
            > 1e6
    );
}

#[test]
fn a_ping_is_answered() {
    let (code, result) = against(Fault::Ping, 1);
    assert_eq!(
        (code, wrongs(&result)),
        (Some(good(&result)), [0; 4]),
        "{result:#}"
    );
}

#[test]
fn an_expectation_that_does_not_hold_fails_the_run() {
    let url = relay::start(Fault::None, 1);
    let (code, result) = result_of(&["--url", &url, "--expect", "messages.delivered<200"]);
    assert_eq!(result["expectations"][0]["passed"], false);
    assert_eq!(code, Some(good(&result).max(1)));
    let (code, result) = result_of(&["--url", &url, "--expect", "messages.delivered>=200"]);
    assert_eq!(result["expectations"][0]["passed"], true);
    assert_eq!(code, Some(good(&result)));
}

#[test]
fn the_result_goes_to_a_file_and_the_table_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.json");
    let url = relay::start(Fault::None, 1);
    let output = loadgen(&["--url", &url, "--json", path.to_str().unwrap()]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("deliveries per second"), "{table}");
    let result: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(result["mode"], "fanout");
}

#[test]
fn the_server_is_watched_by_its_process() {
    let url = relay::start(Fault::None, 1);
    let own = std::process::id().to_string();
    let (_, result) = result_of(&["--url", &url, "--server-pid", &own]);
    for figure in [
        "cpu_seconds",
        "cpu_us_per_delivery",
        "rss_bytes_start",
        "rss_bytes_idle",
        "rss_bytes_end",
    ] {
        assert!(result["server"][figure].is_number(), "{figure}");
    }
}

#[test]
fn what_is_no_server_is_refused_in_one_sentence() {
    let nowhere = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("ws://{}/", listener.local_addr().unwrap())
    };
    assert!(refusal(&["--url", &nowhere]).contains("refused"));

    let not_found = relay::start_answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert!(refusal(&["--url", &not_found]).contains("404 Not Found"));

    let forged = relay::start_answering(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    );
    assert!(refusal(&["--url", &forged]).contains("handshake failed"));

    let mail = relay::start_answering(b"220 mail.example ESMTP\r\n");
    assert!(refusal(&["--url", &mail]).contains("not HTTP"));

    let mute = relay::start_answering(b"");
    assert!(refusal(&["--url", &mute]).contains("closed the connection"));

    assert!(refusal(&["--url", "http://127.0.0.1:1/"]).contains("ws://"));
    assert!(refusal(&["--size", "8B"]).contains("--size"));
    let url = relay::start(Fault::None, 1);
    assert!(refusal(&["--url", &url, "--server-pid", "999999999"]).contains("--server-pid"));
}
