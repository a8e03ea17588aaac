#!/usr/bin/env bash
# tracing-appender: a writer for logs says something on stdout, which is the program's own.
#
# Where its queue has been full for 100 ms when the guard is dropped, as when nobody reads the log at the moment, the drop prints a
# complaint. It stands behind the program's answer then, in whatever reads that.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
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
use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

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
    println!("the answer");
    log.write_all(b"a line that is being written\n").unwrap();
    thread::sleep(Duration::from_millis(500));
    log.write_all(b"a line that waits\n").unwrap();
    drop(guard);
}
RUST
cargo run -q 2>build.log >seen || { cat build.log; exit 2; }
echo "tracing-appender 0.2.5"
echo "expected: the answer, and nothing else"
echo "seen:"
cat seen
[ "$(head -n 1 seen)" = 'the answer' ] && [ "$(wc -l <seen)" -gt 1 ]
