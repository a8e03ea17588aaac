//! The binary under test, run as a child process.

use std::collections::BTreeSet;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use procfs::process as proc;
use rustix::process::{Pid, Signal, kill_process};

use super::wait_until;

/// A running `hubbub`, killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Output,
    stderr: Output,
}

/// What a process left behind.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Runs `hubbub` with the given flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
        Self::spawn(command.args(flags).stdin(Stdio::null()))
    }

    /// The same with a hard limit on its descriptors.
    pub(crate) fn start_with_descriptors(limit: u32, flags: &[&str]) -> Self {
        Self::start_after(&format!("ulimit -n {limit}"), flags)
    }

    /// The same with a log that takes nothing, as on a disk without space (full(4)).
    pub(crate) fn start_with_full_log(flags: &[&str]) -> Self {
        Self::start_after("exec 2>/dev/full", flags)
    }

    /// The same with a log that goes into a pipe which is not read until the other end of it, returned here, is.
    pub(crate) fn start_with_unread_log(flags: &[&str]) -> (Self, PipeReader) {
        let (reader, writer) = io::pipe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
        command.args(flags).stdin(Stdio::null()).stderr(writer);
        (Self::spawn_logging(&mut command), reader)
    }

    /// The same after the shell has run a command that decides how.
    pub(crate) fn start_after(shell_command: &str, flags: &[&str]) -> Self {
        Self::spawn(shell(shell_command, flags).stdin(Stdio::null()))
    }

    /// The same by a supervisor, which hands over a socket and wants to be told at a path how it goes.
    pub(crate) fn start_supervised(
        socket: impl Into<OwnedFd>,
        notify: &Path,
        flags: &[&str],
    ) -> Self {
        let hand_over = "exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$";
        let mut command = shell(hand_over, flags);
        command.env("NOTIFY_SOCKET", notify);
        Self::spawn(command.stdin(Stdio::from(socket.into())))
    }

    /// The same with a pipe to type into.
    pub(crate) fn start_with_input(flags: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
        Self::spawn(command.args(flags).stdin(Stdio::piped()))
    }

    /// The same with these variables in its environment.
    pub(crate) fn start_in(environment: &[(&str, &str)], flags: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
        let environment = environment.iter().copied();
        Self::spawn(command.args(flags).envs(environment).stdin(Stdio::piped()))
    }

    fn spawn(command: &mut Command) -> Self {
        Self::spawn_logging(command.stderr(Stdio::piped()))
    }

    fn spawn_logging(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take();
        Self {
            stdin: child.stdin.take(),
            stdout: Output::of(child.stdout.take().unwrap()),
            stderr: stderr.map_or_else(|| Output::of(io::empty()), Output::of),
            child,
        }
    }

    /// Types, or pipes, some bytes.
    pub(crate) fn type_in(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes.as_ref()).unwrap();
    }

    /// Ends the input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Whether it waits in a system call (proc(5), state `S`).
    pub(crate) fn is_asleep(&self) -> bool {
        self.files().stat().unwrap().state == 'S'
    }

    /// The descriptor that it would get next.
    pub(crate) fn lowest_free_descriptor(&self) -> u64 {
        let files = self.files().fd().unwrap();
        let taken: BTreeSet<_> = files.map(|file| file.unwrap().fd).collect();
        let free = (0..i32::MAX).find(|descriptor| !taken.contains(descriptor));
        free.unwrap().try_into().unwrap()
    }

    fn files(&self) -> proc::Process {
        proc::Process::new(self.pid().as_raw_nonzero().get()).unwrap()
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Whether it says nothing more on its stdout, and all of that was taken off it.
    pub(crate) fn has_said_all(&self) -> bool {
        self.stdout.is_whole()
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits for the process to end by itself.
    pub(crate) fn ended(mut self) -> Ended {
        wait_until("the process ends", || self.has_ended());
        Ended {
            status: self.child.wait().unwrap(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        }
    }
}

/// A shell that runs a command, and then is `hubbub`.
fn shell(command: &str, flags: &[&str]) -> Command {
    let script = format!("{command}; exec \"$0\" \"$@\"");
    let binary = env!("CARGO_BIN_EXE_hubbub");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, binary]).args(flags);
    shell
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream of the process, taken off it all the time so that it never waits for us.
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    pump: Option<JoinHandle<()>>,
}

impl Output {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&text);
        let pump = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self {
            text,
            pump: Some(pump),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    /// Whether there is no more of it to come.
    fn is_whole(&self) -> bool {
        self.pump.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// All of it, once the process has ended.
    fn whole(&mut self) -> String {
        if let Some(pump) = self.pump.take() {
            pump.join().unwrap();
        }
        self.text()
    }
}
