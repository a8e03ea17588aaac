#!/usr/bin/env bash
# Version: tracing-appender 0.2.5 (crates.io).
# Expected: a writer for logs says nothing on stdout, which is the program's own.
# Seen: where the queue is full for 100 ms when the guard is dropped, as when nobody reads the log at the moment, the drop prints
#   "Failed to send shutdown signal to logging worker" on stdout (by `println!`, which also panics where stdout is closed).
# Exits 0 as long as that is so, and 1 once it has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
tracing-appender = { version = "=0.2.5", default-features = false }
TOML
cat > src/main.rs <<'RUST'
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
seen=$(cargo run --quiet)
echo 'expected on stdout: {"answer":42}; seen:'
echo "$seen"
grep -q '^Failed to send shutdown signal' <<<"$seen"
