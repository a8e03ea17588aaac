"""Descriptors run out: more peers than there is room for, and then a limit lowered under a server that runs."""

import resource
import time

from arena.fault import Fault
from arena.server import Setting

# Connections beside the healthy ones that there is room for, and those beyond that are still told so.
ROOM, TOLD = 120, 40
BEYOND = 10
# Connections from one address, where these are bounded.
FROM_ONE = 20
WAIT_SECONDS = 0.3
# Others get to do their worst too.
REST_SECONDS = 0.5


def attack(field):
    for _ in field.waves():
        fill(field)
        time.sleep(REST_SECONDS)
        run_dry(field)
        time.sleep(REST_SECONDS)


def fill(field):
    crowd = gather(field, ROOM + TOLD + BEYOND)
    for peer in reversed(crowd):
        with field.attempt():
            peer.send(b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    for peer in crowd:
        field.note(peer.fate(WAIT_SECONDS))


def run_dry(field):
    server = field.server
    before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (server.lowest_free_descriptor(), before[1]))
    try:
        for peer in gather(field, BEYOND):
            field.note(peer.fate(WAIT_SECONDS))
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)


def gather(field, count):
    peers = []
    for number in range(count):
        with field.attempt():
            peers.append(field.peer(source=f'127.0.2.{1 + number // FROM_ONE}'))
    return peers


FAULT = Fault(
    'descriptors run out',
    (attack,),
    counted={
        'hubbub_connections_turned_away_total': 1,
        'hubbub_handshake_failures_total{reason="full"}': 1,
    },
    seen=('answered 503', 'ended'),
    setting=Setting(room=ROOM),
    seconds=2,
)
