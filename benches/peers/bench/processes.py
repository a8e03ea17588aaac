"""Servers under test: started on a core of their own, and always stopped again, by their own ids."""

import os
import re
import resource
import select
import signal
import subprocess
import time
from pathlib import Path

START_SECONDS = 20
STOP_SECONDS = 10


class Failed(Exception):
    """A server or tool did not do what it should; the text says which and why."""


def cores():
    """The core of the servers and that of the load generator; the same one if there is no other."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


def on(core, command):
    return ['taskset', '--cpu-list', str(core), *map(str, command)]


def raise_descriptor_limit():
    """Not every server raises it for itself."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cpu_seconds(pid):
    """CPU time that the first thread of a process has used, to the nanosecond (/proc/PID/schedstat)."""
    return float(Path(f'/proc/{pid}/schedstat').read_text().split()[0]) / 1e9


class Server:
    """A running server, started with more flags if there are any; leaving the context ends it."""

    def __init__(self, peer, *flags):
        self.name = peer.name
        self.protocol = peer.protocol
        self.process = subprocess.Popen(
            on(cores()[0], [*peer.command, *flags]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        try:
            self.url = f'ws://127.0.0.1:{self._port()}{peer.path}'
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _port(self):
        """The port in the line that it prints once it listens."""
        stdout, line = self.process.stdout.fileno(), b''
        until = time.monotonic() + START_SECONDS
        while not line.endswith(b'\n'):
            ready, _, _ = select.select([stdout], [], [], max(0, until - time.monotonic()))
            more = os.read(stdout, 1024) if ready else b''
            if not more:
                raise Failed(f'{self.name} did not say that it listens')
            line += more
        return re.search(rb':(\d+)\s*$', line)[1].decode()


def end_on_signals():
    """Has a signal unwind the stack, so that all servers are stopped on the way."""

    def unwind(number, _):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, unwind)
