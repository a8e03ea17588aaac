"""What all rows stand on: a server with a listener for its operator, and programs that ask it over connections they keep."""

import json
import os
import re
import selectors
import socket
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / folder) for folder in ('benches/recovery', 'benches/peers')]

from bench.loadgen import loadgen  # noqa: E402, F401
from bench.processes import cores  # noqa: E402
from wire import READ_BYTES, Server  # noqa: E402

HUBBUB = ROOT / 'target/release/hubbub'
CONNECTIONS = 16
# What one is the bottleneck at: so much of its core, while the server has time left.
FULL = 0.9


class Door(Server):
    """A server, and where its operator asks."""

    def __init__(self):
        # Whoever asks keeps its connection.
        super().__init__(HUBBUB, '--admin-addr', '127.0.0.1:0', '--max-requests', '1000000000', '--log-level', 'error')
        line = self.process.stdout.readline().decode()
        self.admin_port = int(re.search(r':(\d+)\s*$', line)[1])
        # Where its metrics are.
        self.url = f'http://localhost:{self.admin_port}'

    def clients(self, *flags, path='/ws'):
        """Flags of the load generator for clients there."""
        return ['--url', f'ws://127.0.0.1:{self.port}{path}', '--server-pid', self.process.pid, *flags]


def keep_to_its_core():
    """Keeps this process off the core of the server."""
    os.sched_setaffinity(0, {cores()[1]})


def asking(method, path, body=None):
    """The bytes of a request."""
    head = f'{method} {path} HTTP/1.1\r\nHost: localhost\r\n'
    if body is None:
        return f'{head}\r\n'.encode()
    text = json.dumps(body)
    return f'{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}'.encode()


class Program:
    """One who asks the same over one connection, again once it is answered."""

    def __init__(self, port, asked):
        self.stream = socket.create_connection(('127.0.0.1', port))
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = asked
        self.received = b''

    def ask(self):
        self.stream.sendall(self.asked)

    def hear(self):
        """Whether the answer is all there."""
        more = self.stream.recv(READ_BYTES)
        assert more, 'the server closed'
        self.received += more
        head, end, body = self.received.partition(b'\r\n\r\n')
        if not end or len(body) < int(re.search(rb'content-length: (\d+)', head)[1]):
            return False
        assert head.startswith(b'HTTP/1.1 200'), self.received
        assert b'"error"' not in body, body
        self.received = b''
        return True


class Asked:
    """What came of asking for a while."""

    def __init__(self, requests, seconds, server_seconds, own_seconds):
        self.requests, self.seconds = requests, seconds
        self.cpu_us = server_seconds / requests * 1e6
        server, own = server_seconds / seconds, own_seconds / seconds
        self.is_limit = own > FULL and server < FULL
        self.shares = f'server {server:.0%}, programs {own:.0%} of a core'


def ask(server, asked, seconds, rate=None, connections=CONNECTIONS):
    """Has programs ask for so long, each when it is answered, or in turn so often in a second all together."""
    programs = [Program(server.admin_port, asked) for _ in range(connections)]
    selector = selectors.EpollSelector()
    for program in programs:
        selector.register(program.stream, selectors.EVENT_READ, program)
    begun, cpu, own = time.monotonic(), server.cpu_seconds(), time.process_time()
    end, done, sent, idle = begun + seconds, 0, 0, deque(programs)
    while (now := time.monotonic()) < end or len(idle) < connections:
        while now < end and idle and (rate is None or sent < (now - begun) * rate):
            idle.popleft().ask()
            sent += 1
        due = begun + sent / rate if rate and idle else end
        # Whoever wakes for nothing takes its core from the load generator.
        for key, _ in selector.select(max(due - now, 0.001)):
            if key.data.hear():
                done += 1
                idle.append(key.data)
    took = time.monotonic() - begun
    found = Asked(done, took, server.cpu_seconds() - cpu, time.process_time() - own)
    selector.close()
    for program in programs:
        program.stream.close()
    return found
