"""The healthy clients: a run of the load generator beside the faults, and its verdict."""

import json
import signal
import subprocess
from dataclasses import dataclass

from .server import Failed

LONGEST_SECONDS = 600
REPORT_SECONDS = 90
SETTLE_SECONDS = 20


@dataclass(frozen=True)
class Load:
    """How many healthy clients there are, and what they say."""

    clients: int
    publishers: int
    rate: int
    # Of this machine, so that a bound for each of them spares the healthy ones.
    addresses: int


@dataclass(frozen=True)
class Verdict:
    """What the load generator says of the healthy ones; times in milliseconds."""

    delivered: int
    lost: int
    duplicated: int
    reordered: int
    disordered: int
    disconnects: int
    p50: float
    p99: float
    # Whether the load generator was late itself, so that the times are rather those of this machine.
    is_late: bool

    @property
    def faults(self):
        wrong = {name: getattr(self, name) for name in ('lost', 'duplicated', 'reordered', 'disordered', 'disconnects')}
        said = [f'healthy clients: {count} {name}' for name, count in wrong.items() if count]
        return said if self.delivered else [*said, 'healthy clients: nothing was delivered']


class Healthy:
    """A run that has begun, and goes on until its verdict is asked for; leaving the context ends it."""

    def __init__(self, binary, server, load, core=None):
        flags = {
            '--url': f'ws://127.0.0.1:{server.port}/relay?channel=healthy',
            '--server-pid': server.pid,
            '--clients': load.clients,
            '--publishers': load.publishers,
            '--rate': load.rate,
            '--source-ips': load.addresses,
            '--warmup': '300ms',
            '--duration': f'{LONGEST_SECONDS}s',
            '--settle': f'{SETTLE_SECONDS}s',
            '--json': '-',
        }
        command = [binary, 'fanout', *(word for flag in flags.items() for word in flag)]
        if core is not None:
            command = ['taskset', '--cpu-list', core, *command]
        pipes = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}
        self._process = subprocess.Popen(list(map(str, command)), text=True, **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def verdict(self):
        self._process.send_signal(signal.SIGINT)
        try:
            result, said = self._process.communicate(timeout=SETTLE_SECONDS + REPORT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Failed('the load generator did not end') from error
        if not result:
            raise Failed(f'the load generator: {(said.strip().splitlines() or ["no word"])[-1]}')
        result = json.loads(result)
        messages, latency = result['messages'], result['latency_us']
        return Verdict(
            *(messages[name] for name in ('delivered', 'lost', 'duplicated', 'reordered', 'disordered')),
            messages['disconnects'] + result['connect']['failed'],
            latency['p50'] / 1000,
            latency['p99'] / 1000,
            not result['valid'],
        )
