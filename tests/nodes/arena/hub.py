"""A hub: a real Redis, and the nodes around it."""

import signal
import time
from contextlib import ExitStack

from support.process import Failed
from support.server import ANSWER_SECONDS, SHOWN_CHARS, Server

from .redis import Redis

# An address of this machine that nobody else listens at, so that the port of a node that was killed is still free.
ADDRESS = '127.0.35.1'
NODES = 3
# How long anything may take that a test waits for, on a machine that has much else to do.
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05


class Node:
    """A node, which may be killed, and started again where it was; leaving the context ends it."""

    def __init__(self, name, binary, flags):
        self.name = name
        self._binary = binary
        self._flags = flags
        self._address = f'{ADDRESS}:0'
        self._past = ''
        self._server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def place(self):
        return self._server.place

    @property
    def url(self):
        return 'ws://{}:{}/ws'.format(*self.place)

    def start(self):
        """Starts it, again at its port; returns once it listens, which is before it is one of the hub."""
        self._server = Server([self._binary, '--addr', self._address, *(word for flag in self._flags.items() for word in flag)])
        self._address = '{}:{}'.format(*self.place)

    def kill(self):
        """Ends it as a crash would, without a word to anyone."""
        self._server.signal(signal.SIGKILL)
        self._end()

    def stop(self):
        """Ends it as an operator does, and returns what was wrong with its end. One that stands still goes on first."""
        self._server.signal(signal.SIGCONT)
        return [f'{self.name}: {complaint}' for complaint in self._end()]

    def stand_still(self):
        self._server.signal(signal.SIGSTOP)

    def go_on(self):
        self._server.signal(signal.SIGCONT)

    def must_run(self):
        """Fails if it has ended by itself, with what it said of that."""
        if self._server.has_ended():
            raise Failed(f'{self.name} has ended; it said: {self.said().strip()[-SHOWN_CHARS:]}')

    def ask(self, path, seconds=ANSWER_SECONDS):
        """Status and text of an answer that may take so long."""
        return self._server.ask(path, seconds)

    def metrics(self):
        return self._server.metrics()

    def known(self):
        """How many nodes it knows of, itself included."""
        return self.metrics()['hubbub_nodes']

    def said(self):
        """All that it has logged."""
        return self._past + self._server.said()

    def _end(self):
        self._past += self._server.said()
        return self._server.stop()


class Hub:
    """A Redis and three nodes around it; leaving the context ends them. Flags are those that the usual are not."""

    def __init__(self, ground, fault):
        self.redis = Redis(ground.redis, fault.redis)
        flags = {
            '--redis': self.redis.url,
            '--redis-lease': f'{ground.lease_seconds}s',
            '--drain-timeout': '200ms',
        }
        self.nodes = [Node(f'node {number}', ground.hubbub, flags | fault.nodes) for number in range(1, NODES + 1)]
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            for part in (self.redis, *self.nodes):
                stack.enter_context(part)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def said(self):
        """What nodes have logged, and the errors that Redis has answered."""
        return ''.join([*(node.said() for node in self.nodes), self.redis.ask('INFO', 'errorstats')])


def wait_until(sentence, is_so):
    """Waits until something is so, and fails if that takes too long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise Failed(f'not so after {PATIENCE_SECONDS} s: {sentence}')
        time.sleep(POLL_SECONDS)
