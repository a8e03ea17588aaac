"""A run of the load generator beside the faults, and what it says of its clients."""

import json
import signal
import subprocess

from .process import Failed, start

# How long it goes on at most, until it is asked.
LONGEST_SECONDS = 600
REPORT_SECONDS = 90
SETTLE_SECONDS = 20


class LoadGenerator:
    """A run that has begun, and goes on until it is asked for its result; leaving the context ends it. Flags of a list are
    given once for each of its items."""

    def __init__(self, binary, flags, core=None):
        more = {'--duration': f'{LONGEST_SECONDS}s', '--settle': f'{SETTLE_SECONDS}s', '--json': '-'}
        command = [binary, 'fanout', *words(more | flags)]
        if core is not None:
            command = ['taskset', '--cpu-list', core, *command]
        self._process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def result(self):
        """Ends it, and returns what it has measured."""
        self._process.send_signal(signal.SIGINT)
        return self.own_result()

    def own_result(self):
        """What it has measured, once it has ended by itself."""
        try:
            result, said = self._process.communicate(timeout=SETTLE_SECONDS + REPORT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Failed('the load generator did not end') from error
        if not result:
            raise Failed(f'the load generator: {(said.strip().splitlines() or ["no word"])[-1]}')
        return json.loads(result)


def words(flags):
    """Flags as a command has them."""
    for name, value in flags.items():
        for item in value if isinstance(value, list) else [value]:
            yield from (name, item)
