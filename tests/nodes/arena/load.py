"""People at all nodes, who talk while faults are done to the hub, and what they say of it: the load generator."""

import time
from dataclasses import dataclass

from support.loadgen import LoadGenerator
from support.process import Failed

from .hub import PATIENCE_SECONDS, POLL_SECONDS

USUAL = {
    '--protocol': 'chat',
    '--clients': 18,
    '--publishers': 6,
    '--channels': 2,
    '--rate': 30,
    '--warmup': '300ms',
    '--settle': '5s',
}


@dataclass(frozen=True)
class Verdict:
    """What became of the messages, and what clients were told beside them, by name and count."""

    delivered: int
    wrong: dict
    told: dict
    # Whether the load generator was late itself, so that times are rather those of this machine.
    is_late: bool


class Load(LoadGenerator):
    """A run that has begun, whose clients are spread over the nodes."""

    def __init__(self, binary, hub, flags):
        flags = USUAL | {'--url': [node.url for node in hub.nodes]} | flags
        super().__init__(binary, flags)
        self._clients = flags['--clients']
        self._hub = hub
        self._is_timed = '--duration' in flags

    def wait_for_clients(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while sum(node.metrics()['hubbub_connections'] - 1 for node in self._hub.nodes) < self._clients:
            if time.monotonic() > until:
                raise Failed('the clients did not come in')
            time.sleep(POLL_SECONDS)

    def verdict(self):
        """What became of all; a run that has a time of its own goes on until then."""
        return judged(self.own_result() if self._is_timed else self.result())


def judged(result):
    messages, recovery = result['messages'], result['recovery']
    wrong = {
        'lost': messages['lost'],
        'doubled': messages['duplicated'],
        'reordered': messages['reordered'],
        'disordered': messages['disordered'],
        'dropped': messages['disconnects'],
        'astray': messages['stray'],
        'kept out': result['connect']['failed'],
        'not back': recovery['failed'],
        'silent': recovery['silent'],
        'repeated': recovery['repeated'],
    }
    told = {
        'moved': recovery['moved'],
        'epochs': recovery['epochs'],
        'gaps': recovery['with_gaps'],
        'declared': recovery['declared'],
        'unknown': recovery['unknown'],
    }
    return Verdict(messages['delivered'], wrong, told, not result['valid'])
