"""The server under faults: started as they demand, and looked at from outside."""

import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from support import server
from support.process import Failed
from support.server import ANSWER_SECONDS, POLL_SECONDS

from .clock import Clock

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


class Server(server.Server):
    """A running server with so many healthy clients to come."""

    def __init__(self, binary, setting, clients, core=None):
        self.clock = Clock() if setting.has_clock else None
        log = open('/dev/full', 'wb') if setting.has_full_log else tempfile.TemporaryFile()
        command = [binary, '--addr', '127.0.0.1:0', *(word for flag in setting.flags.items() for word in flag)]
        if setting.room is not None:
            limit = RESERVED_DESCRIPTORS + clients + setting.room
            command = ['sh', '-c', f'ulimit -n {limit}; exec "$@"', 'sh', *command]
        if core is not None:
            command = ['taskset', '--cpu-list', core, *command]
        places = 2 if '--admin-addr' in setting.flags else 1
        super().__init__(command, log, self.clock.environment if self.clock else {}, places)

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


def slack(name):
    return SLACK_BYTES if name.startswith('hubbub_memory_bytes') else 0
