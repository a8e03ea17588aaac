"""What all rows stand on: a Redis on one core, servers on the other, and what a process has used."""

import os
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ('tests', 'tests/nodes', 'benches/recovery', 'benches/peers')]

from arena.redis import JOURNAL, Redis, install  # noqa: E402
from bench.processes import cores, cpu_seconds  # noqa: E402
from wire import Server  # noqa: E402

HUBBUB = ROOT / 'target/release/hubbub'
LOOK_SECONDS = 0.002


class Beside(Redis):
    """A Redis on the core of the load generator."""

    def start(self):
        super().start()
        for thread in os.listdir(f'/proc/{self._process.pid}/task'):
            os.sched_setaffinity(int(thread), {cores()[1]})

    def cpu_seconds(self):
        """CPU time that its one thread for clients has used, to the nanosecond."""
        return cpu_seconds(self._process.pid)

    def entries(self):
        """How many entries the journal ever had."""
        words = self.ask('XINFO', 'STREAM', JOURNAL).split('\n')
        return int(words[words.index('entries-added') + 1])


def node(redis):
    """A server of the hub of a Redis, which takes part in it by now."""
    server = Server(HUBBUB, '--redis', f'unix:{redis.socket}', '--log-level', 'error')
    health_turns(server, True)
    return server


def health_turns(server, is_well):
    """When a server is well, or not."""
    while True:
        try:
            found = urlopen(f'{server.url}/healthz').status == 200
        except HTTPError:
            found = False
        if found == is_well:
            return time.monotonic()
        time.sleep(LOOK_SECONDS)


def alone():
    return Server(HUBBUB, '--log-level', 'error')
