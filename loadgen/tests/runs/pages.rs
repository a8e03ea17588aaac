//! The page of a result, as a file.

use std::fs;

use crate::common::run;

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    for mode in ["fanout", "saturate", "search", "idle", "connect", "compare"] {
        let path = folder.path().join(mode);
        let mut flags = vec![mode, "--report", path.to_str().unwrap()];
        match mode {
            "search" => flags.extend(["--rate", "1", "--duration", "200ms", "--slo", "p99<1us"]),
            "compare" => flags.extend(["--rounds", "2", "--duration", "100ms"]),
            _ => {}
        }
        run(&flags);
        let html = fs::read_to_string(path).unwrap();
        assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"));
        // The name of SVG is one that nothing is loaded from.
        let html = html.replace("http://www.w3.org/2000/svg", "");
        for load in ["http://", "https://", "src=", "@import", "<link", "url("] {
            assert!(!html.contains(load), "{mode}: {load}");
        }
    }
}

#[test]
fn the_page_tells_what_was_expected_and_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page");
    let expected = ["--expect", "p99<1us", "--expect", "messages.sent>0"];
    let flags = [&["--report", path.to_str().unwrap()], &expected[..]].concat();
    let told = run(&flags);
    let html = fs::read_to_string(path).unwrap();
    let verdict = told.table.lines().last().expect("there is a verdict");
    let (word, _) = verdict.split_once(": ").expect("which begins with a word");
    assert!(["FAILED", "NOT VALID"].contains(&word), "{verdict}");
    assert!(
        html.contains(&format!("<strong>{word}:</strong> ")),
        "{verdict}"
    );
    let row = |expected: &str, came: &str| {
        let name = format!("<th scope=\"row\">{expected}</th>");
        let begin = html.find(&name).expect("it is on the page");
        assert!(
            html[begin..]
                .chars()
                .take(80)
                .collect::<String>()
                .contains(came)
        );
    };
    row("p99&lt;1us", "FAILED");
    row("messages.sent&gt;0", "held");
}

#[test]
fn the_page_of_a_comparison_tells_of_each_server_what_it_came_to_and_the_ratio_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page");
    // Nothing can be late there, so that rounds count on a busy machine too.
    let load = "compare --rounds 2 --load saturate --clients 4 --publishers 1 --window 1";
    let flags: Vec<&str> = load.split(' ').collect();
    run(&[&flags[..], &["--report", path.to_str().unwrap()]].concat());
    let html = fs::read_to_string(path).unwrap();
    let note_of = |server: &str| {
        let name = format!("<dt>CPU per delivery, {server}</dt>");
        let fact = &html[html.find(&name).expect("it has a tile") + name.len()..];
        fact[..fact.find("</div>").expect("which ends")].to_owned()
    };
    assert!(
        note_of("hubbub").contains("median of its rounds"),
        "{}",
        note_of("hubbub")
    );
    let ratio = note_of("hubbub-again");
    assert!(
        ratio.contains(" us<") && ratio.contains(" times hubbub\u{2019}s, "),
        "{ratio}"
    );
}
