"""The server under test: started as a fault demands, asked for its metrics, and always stopped again, by its own id."""

import contextlib
import http.client
import os
import re
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .clock import Clock

START_SECONDS = 20
STOP_SECONDS = 20
ANSWER_SECONDS = 30
POLL_SECONDS = 0.1
# Descriptors that the server keeps for itself (README, "Bounds").
RESERVED_DESCRIPTORS = 64
# What must be again what it was, once everyone has left.
AT_REST = (
    'hubbub_connections',
    'hubbub_unsent_bytes',
    'hubbub_channels',
    'hubbub_memory_bytes{part="outboxes"}',
    'hubbub_memory_bytes{part="people"}',
    'hubbub_memory_bytes{part="input"}',
    'process_open_fds',
)
# What emptied tables may keep.
SLACK_BYTES = 4096


class Failed(Exception):
    """Something did not do what it should; the text says what and why."""


@dataclass(frozen=True)
class Setting:
    """How a server is started."""

    flags: dict = field(default_factory=dict)
    # Connections that there is room for beside the healthy ones; None: as many as the system allows.
    room: int | None = None
    has_full_log: bool = False
    has_clock: bool = False

    def __or__(self, other):
        rooms = [room for room in (self.room, other.room) if room is not None]
        return Setting(
            self.flags | other.flags,
            max(rooms, default=None),
            self.has_full_log or other.has_full_log,
            self.has_clock or other.has_clock,
        )


class Server:
    """A running server with so many healthy clients to come; leaving the context ends it."""

    def __init__(self, binary, setting, clients, core=None):
        self.clock = Clock() if setting.has_clock else None
        self._log = open('/dev/full', 'wb') if setting.has_full_log else tempfile.TemporaryFile()
        command = [binary, '--addr', '127.0.0.1:0', *(word for flag in setting.flags.items() for word in flag)]
        if setting.room is not None:
            limit = RESERVED_DESCRIPTORS + clients + setting.room
            command = ['sh', '-c', f'ulimit -n {limit}; exec "$@"', 'sh', *command]
        if core is not None:
            command = ['taskset', '--cpu-list', str(core), *command]
        environment = {name: value for name, value in os.environ.items() if not name.startswith('HUBBUB_')}
        if self.clock:
            environment |= self.clock.environment
        pipes = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': self._log}
        self._process = subprocess.Popen(list(map(str, command)), env=environment, **pipes)
        try:
            self.port = self._read_port()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def metrics(self):
        """All samples by name and labels. One that is refused for want of room asks again."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self._ask_metrics()
            if self.has_ended():
                raise Failed(f'the server ended with status {self._process.returncode}{self._last_words()}')
            if time.monotonic() > until:
                raise Failed(f'the server told no metrics for {ANSWER_SECONDS} s')
            time.sleep(POLL_SECONDS)

    def wait_for(self, connections):
        """Waits until so many are in."""
        until = time.monotonic() + ANSWER_SECONDS
        while self.metrics()['hubbub_connections'] <= connections:
            if time.monotonic() > until:
                raise Failed('the healthy clients did not come in')
            time.sleep(POLL_SECONDS)

    def come_to_rest(self, before):
        """The metrics once all is as before, or else after a while, with what is not."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            after = self.metrics()
            restless = [name for name in AT_REST if after[name] > before[name] + slack(name)]
            if not restless or time.monotonic() > until:
                return after, [f'{name} is {after[name]:.0f}, and was {before[name]:.0f}' for name in restless]
            time.sleep(POLL_SECONDS)

    def has_ended(self):
        return self._process.poll() is not None

    def stop(self):
        """Ends it, and returns what was wrong with its end."""
        if not self.has_ended():
            self._process.terminate()
        try:
            status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._process.stdout.close()
        said = self._last_words()
        self._log.close()
        return [f'the server ended with status {status}{said}'] if status != 0 or 'panicked' in said else []

    def stat(self):
        """Its state, as a letter (proc(5))."""
        return Path(f'/proc/{self.pid}/stat').read_text().rsplit(')', 1)[1].split()[0]

    def log(self):
        """Where its log goes."""
        return os.readlink(f'/proc/{self.pid}/fd/2')

    def written(self):
        """How often it called write(2), whatever came of it (proc(5), `io`)."""
        lines = Path(f'/proc/{self.pid}/io').read_text().splitlines()
        return int(dict(line.split(': ') for line in lines)['syscw'])

    def lowest_free_descriptor(self):
        taken = {int(name) for name in os.listdir(f'/proc/{self.pid}/fd')}
        return next(number for number in range(len(taken) + 1) if number not in taken)

    def _ask_metrics(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=ANSWER_SECONDS)
        with contextlib.closing(connection):
            connection.request('GET', '/metrics', headers={'Connection': 'close'})
            answer = connection.getresponse()
            if answer.status != 200:
                raise http.client.HTTPException(f'{answer.status}')
            lines = answer.read().decode().splitlines()
        samples = (line.rsplit(' ', 1) for line in lines if not line.startswith('#'))
        return {name: float(value) for name, value in samples}

    def _read_port(self):
        """The port in the line that it prints once it listens."""
        stdout, line = self._process.stdout.fileno(), b''
        until = time.monotonic() + START_SECONDS
        while not line.endswith(b'\n'):
            ready, _, _ = select.select([stdout], [], [], max(0, until - time.monotonic()))
            more = os.read(stdout, 1024) if ready else b''
            if not more:
                raise Failed(f'the server did not say that it listens{self._last_words()}')
            line += more
        return int(re.search(rb':(\d+)\s*$', line)[1])

    def _last_words(self):
        """Errors in its log, where it can be read."""
        if self._log.name == '/dev/full' or self._log.closed:
            return ''
        self._log.seek(0)
        lines = self._log.read().decode(errors='replace').splitlines()
        errors = [line for line in lines if 'panicked' in line or 'ERROR' in line]
        return ''.join(f'; it said: {line}' for line in errors[:3])


def slack(name):
    return SLACK_BYTES if name.startswith('hubbub_memory_bytes') else 0
