#!/usr/bin/env bash
# tracing-appender 0.2.5: a guard that is dropped while the queue is full writes to stdout.
#
# Most would expect that a writer for logs says nothing on stdout, which is the program's own: a program that logs to
# stderr and prints JSON on stdout ends with JSON on stdout.
# Seen: where the queue is full for 100 ms, as when nobody reads the log, the drop of `WorkerGuard` prints "Failed to send
# shutdown signal to logging worker" on stdout by `println!` (which also panics where stdout is closed).
#
#   findings/tracing-appender-stdout.sh    exits 0 while it is so, 1 when it has changed
set -euo pipefail

readonly version=0.2.5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/src"
cat >"$work/Cargo.toml" <<TOML
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
tracing-appender = { version = "=$version", default-features = false }
[workspace]
TOML
cat >"$work/src/main.rs" <<'RUST'
use std::{io::{self, Write}, thread, time::Duration};
use tracing_appender::non_blocking::NonBlockingBuilder;

/// A log whose reader takes its time.
struct Slow;

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_secs(2));
        io::stderr().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    let (mut log, guard) = NonBlockingBuilder::default().buffered_lines_limit(1).finish(Slow);
    println!("{{\"answer\":42}}");
    log.write_all(b"a line that is being written\n").unwrap();
    thread::sleep(Duration::from_millis(500));
    log.write_all(b"a line that waits\n").unwrap();
    drop(guard);
}
RUST
stdout=$(cd "$work" && cargo run --quiet)
echo "tracing-appender $version; on stdout:"
sed 's/^/    /' <<<"$stdout"
grep -q '^Failed to send shutdown signal to logging worker' <<<"$stdout" && exit 0
echo 'it has changed: stdout has what the program printed only'
exit 1
