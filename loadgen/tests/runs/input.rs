//! What a run cannot begin with is refused in one sentence; what it writes goes where it should.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    mem,
    net::TcpListener,
    process::Command,
    sync::mpsc,
    thread,
};

use serde_json::Value;

use crate::common::{
    against,
    chat::{Chat, Entry},
    loadgen, refusal, refused_by,
    relay::Relay,
    room::answering,
    run, small,
};

#[test]
fn what_is_no_server_is_refused_in_one_sentence() {
    let nowhere = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("ws://{}/", listener.local_addr().unwrap())
    };
    assert!(refusal(&["--url", &nowhere]).contains("refused"));

    let not_found = answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert!(refusal(&["--url", &not_found]).contains("404 Not Found"));

    let forged = answering(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    );
    assert!(refusal(&["--url", &forged]).contains("handshake failed"));

    let mail = answering(b"220 mail.example ESMTP\r\n");
    assert!(refusal(&["--url", &mail]).contains("not HTTP"));

    let mute = answering(b"");
    assert!(refusal(&["--url", &mute]).contains("closed the connection"));
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    // The system takes in the connections of a listener that does not.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = format!("ws://{}", listener.local_addr().unwrap());
    let chat = Chat::with(Entry::Ignored).start();
    let given = ["--entry-timeout", "500ms"];
    let asked = [
        (
            format!("{deaf}/no-%c/x"),
            "relay",
            format!("{deaf}/no-0/x waits for an answer to its handshake"),
        ),
        (
            chat.clone(),
            "chat",
            format!("{chat} waits for an answer to its entry"),
        ),
    ];
    for (url, protocol, words) in asked {
        let flags = ["--url", &url, "--protocol", protocol];
        let told = refusal(&[&flags[..], &given].concat());
        let words = format!(
            "only 0 of 5 clients could connect, and none in the last 500ms: client 0 at {words}"
        );
        assert!(told.contains(&words), "{told}");
    }
}

#[test]
fn a_wrong_url_is_quoted_with_a_right_one() {
    for url in [
        "",
        "nonsense",
        "http://127.0.0.1:1/",
        "ws://",
        "ws://127.0.0.1:99999/",
    ] {
        let told = refusal(&["--url", url]);
        assert!(
            told.contains(url) && told.contains("ws://127.0.0.1:8080/relay"),
            "{told}"
        );
    }
    let told = refusal(&["compare", "--target", "one=nonsense"]);
    assert!(told.contains("nonsense"), "{told}");
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    for (flags, culprit) in [
        (&["--publishers", "6"][..], "--publishers"),
        (&["--size", "8B"], "--size"),
        (&["--size", "1GiB"], "--size"),
        (&["--duration", "0s"], "--duration"),
        (&["--duration", "40h"], "--duration"),
        (&["--slow", "5"], "--slow"),
        (&["--isolation"], "--slow"),
        (&["--channels", "6"], "--channels"),
        (&["--channels", "2", "--protocol", "raw"], "--channels"),
        (&["--churn", "1s"], "--protocol chat"),
        (&["--churn", "0s", "--protocol", "chat"], "--churn"),
        (&["--hello", "hi"], "--protocol raw"),
        (&["--template", "no place", "--protocol", "raw"], "%s"),
        (
            &["--source-ips", "2", "--url", "ws://192.0.2.1:1/"],
            "--source-ips",
        ),
        (
            &["--server-pid", "999999999", "--url", "ws://127.0.0.1:1/"],
            "--server-pid",
        ),
        (&["--expect", "no.such.figure<5"], "known are p50"),
        (&["connect", "--expect", "p99<5ms"], "latency_us.p99"),
        (&["search", "--slo", "no.such.figure<5"], "no.such.figure"),
        (&["--log", "/nowhere/log"], "/nowhere/log"),
    ] {
        let told = refusal(flags);
        assert!(told.contains(culprit), "{flags:?}: {told}");
    }
}

#[test]
fn rates_are_numbers() {
    let flags = [
        "--rate",
        "30/m",
        "--connect-rate",
        "1.5e3",
        "--warmup",
        "0s",
    ];
    let run = against(&Relay::right().start(), &flags).good();
    assert_eq!(run.message("sent"), 1);
    assert_eq!(run.at("config.rate"), 0.5);
    assert_eq!(run.at("config.connect_rate"), 1500);
    assert!(
        run.table.contains("publishing 0.5 messages"),
        "{}",
        run.table
    );
}

#[test]
fn a_command_line_that_is_not_understood_says_how_it_should_be() {
    for (flags, told) in [
        (&["--clients", "0"][..], "--clients"),
        (&["--rate", "many"], "100, 0.5, 1e3 or 30/m"),
        (&["--connect-rate", "0"], "more than 0"),
        (&["--no-such-flag"], "--no-such-flag"),
        (&["sideways"], "sideways"),
        (&["--expect", "p99"], "'p99<5ms'"),
        (
            &["saturate", "--rate", "5"],
            "--rate means nothing in saturate",
        ),
        (
            &["compare", "--url", "ws://127.0.0.1:1/"],
            "--url means nothing in compare",
        ),
        (&["--ping"], "--ping means nothing in fanout"),
        (&["--header", "no colon"], "colon"),
        (&["--source-ips", "255"], "--source-ips"),
    ] {
        let (code, sentence) = refused_by(&mut loadgen(flags));
        assert_eq!(code, Some(2), "{sentence}");
        assert!(sentence.contains(told), "{flags:?}: {sentence}");
    }
}

#[test]
fn too_few_descriptors_are_told_with_how_many_clients_would_do() {
    let limited = "ulimit -n 64; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", limited, env!("CARGO_BIN_EXE_loadgen")])
        .args(small(&["--clients", "100"]));
    let (code, told) = refused_by(&mut command);
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("the hard limit is 64"), "{told}");
    assert!(told.contains("ulimit -Hn"), "{told}");
}

#[test]
fn an_expectation_that_does_not_hold_fails_the_run() {
    let url = Relay::right().start();
    let failed = against(&url, &["--expect", "messages.delivered<200"]);
    assert_eq!(failed.at("expectations.0.passed"), false);
    assert_eq!(failed.at("expectations.0.actual"), 200.0);
    let code = if failed.at("valid") == true { 1 } else { 3 };
    assert_eq!(failed.code, Some(code), "{failed:#?}");
    if code == 1 {
        let told =
            "FAILED: nothing went wrong, but this did not hold: messages.delivered<200 (200).";
        assert!(failed.table.contains(told), "{}", failed.table);
    }
    let run = against(
        &url,
        &["--expect", "messages.delivered>=200", "--expect", "p95<6e7"],
    )
    .good();
    assert_eq!(run.at("expectations.0.passed"), true);
    let told = |figure: &str| {
        let (_, behind) = run
            .table
            .split_once(&format!("expected {figure}: held ("))?;
        Some(behind.split_once(')')?.0)
    };
    assert_eq!(told("messages.delivered>=200"), Some("200"));
    // As in the table.
    let p95 = told("p95<6e7 us").unwrap();
    let mut lines = run.table.lines();
    let latency = lines.find(|line| line.starts_with("latency ")).unwrap();
    assert!(latency.contains(&format!(" {p95} ")), "{}", run.table);
    assert_eq!(run.at("expectations.1.expect"), "p95<6e7");
}

#[test]
fn the_result_goes_to_a_file_and_the_table_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.json");
    let output = loadgen(&["--json", path.to_str().unwrap()])
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("deliveries per second"), "{table}");
    assert!(
        output.stderr.is_empty(),
        "nothing is wrong, and there is no terminal"
    );
    let result: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(result["mode"], "fanout");
}

#[test]
fn the_result_goes_to_stdout_alone_and_the_table_to_stderr() {
    // That is what is asked for whenever a result is read.
    let run = run(&[]);
    assert_eq!(run.at("mode"), "fanout");
    assert!(run.table.contains("deliveries per second"), "{}", run.table);
}

#[test]
fn a_path_that_cannot_be_written_is_found_out_before_the_first_connection() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    for flag in ["--json", "--hdr", "--report", "--log"] {
        for path in ["/nowhere/result", folder.path().to_str().unwrap()] {
            let told = refusal(&["--url", &url, flag, path]);
            let remedy = format!("give {flag} another path");
            assert!(told.contains(path) && told.contains(&remedy), "{told}");
        }
    }
    assert!(refusal(&["--url", &url, "--log", "/dev/full"]).contains("/dev/full"));
    assert!(listener.accept().is_err(), "nobody came");
}

/// What a run told that could not write its result where it should.
fn unwritten(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap();
    let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let [stdout, stderr] = texts;
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    (stdout, stderr)
}

#[test]
fn whatever_cannot_be_written_the_table_is_printed() {
    let full = || fs::File::create("/dev/full").unwrap();
    for flag in ["--json", "--hdr", "--report"] {
        let (table, told) = unwritten(&mut loadgen(&["connect", flag, "/dev/full"]));
        assert!(table.contains("\nGood: "), "{table}");
        assert!(
            told.contains(&format!("give {flag} another path")),
            "{told}"
        );
    }
    let (_, told) = unwritten(loadgen(&["connect"]).stdout(full()));
    assert!(told.contains("send stdout elsewhere"), "{told}");
    let (_, told) = unwritten(loadgen(&["connect", "--json", "-"]).stdout(full()));
    assert!(
        told.contains("\nGood: ") && told.contains("stdout"),
        "{told}"
    );
    let (json, _) = unwritten(loadgen(&["connect", "--json", "-"]).stderr(full()));
    assert!(json.contains("per_second"), "{json}");
    let (_, told) = unwritten(loadgen(&["--help"]).stdout(full()));
    assert!(told.contains("send it elsewhere"), "{told}");
}

#[test]
fn two_results_do_not_go_to_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    let path = path.to_str().unwrap();
    let other_name = format!("{}/./result", folder.path().display());
    for (first, second) in [("--json", "--report"), ("--hdr", "--log")] {
        let told = refusal(&[first, path, second, &other_name]);
        assert!(told.contains(first) && told.contains(second), "{told}");
    }
}

#[test]
fn a_log_that_breaks_off_costs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    let (gone, is_gone) = mpsc::channel();
    let reader = {
        let fifo = fifo.clone();
        thread::spawn(move || {
            let mut lines = BufReader::new(fs::File::open(fifo).unwrap());
            lines.read_line(&mut String::new()).unwrap();
            drop(lines);
            gone.send(()).unwrap();
        })
    };
    let mut waited = false;
    let relay = Relay::with(move |_, _, _| {
        if !mem::replace(&mut waited, true) {
            is_gone.recv().unwrap();
        }
    });
    let url = relay.start();
    let flags = ["--url", &url, "--log", fifo.to_str().unwrap()];
    let (table, told) = unwritten(&mut loadgen(&flags));
    assert!(table.contains("deliveries per second"), "{table}");
    assert!(told.contains("give --log another path"), "{told}");
    reader.join().unwrap();
}

#[test]
fn whoever_does_not_read_to_the_end_has_read_enough() {
    let closed = || io::pipe().unwrap().1;
    for flags in [&["connect"][..], &["connect", "--json", "-"]] {
        for to_stdout in [true, false] {
            let mut command = loadgen(flags);
            if to_stdout {
                command.stdout(closed());
            } else {
                command.stderr(closed());
            }
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
    }
}

#[test]
fn the_server_is_watched_by_its_process() {
    let own = std::process::id().to_string();
    let run = against(&Relay::right().start(), &["--server-pid", &own]);
    for figure in [
        "cpu_seconds",
        "cpu_us_per_delivery",
        "rss_bytes_start",
        "rss_bytes_idle",
        "rss_bytes_end",
    ] {
        assert!(run.figure(&format!("server.{figure}")) > 0.0, "{figure}");
    }
}
