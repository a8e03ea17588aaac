"""The operator's listener: bodies that trickle or never come, a flood of things to publish and to look at, and connections that
come and go, all of which are the operator's business alone."""

import json
import time

from arena.fault import Fault
from arena.server import Setting

BYTE_SECONDS = 0.2
BYTES = 12
CHUNK_BYTES = 64 << 10
FLOOD_SECONDS = 0.5
FATE_SECONDS = 0.2
# Fewer than there are seats for the operator, so that the metrics are to be had.
CROWD = 30
ITEM = {'channel': 'door', 'message': 'flood'}


def bodies(field):
    for _ in field.waves():
        slow = gather(field, request('POST', '/api/publish', length=1000))
        slow += gather(field, request('POST', '/api/publish', length='chunked'))
        for _ in range(BYTES):
            for peer in slow:
                try:
                    peer.send(b'1')
                except ConnectionError:
                    # It was answered already, which its fate will tell.
                    pass
            time.sleep(BYTE_SECONDS)
        for peer in slow:
            field.note(peer.fate())


def publishing(field):
    flood(field, request('POST', '/api/publish', json.dumps([ITEM] * 10).encode()))


def looking(field):
    flood(field, request('GET', '/api/clients?limit=1000') + request('GET', '/api/stats'))


def flood(field, what):
    chunk = what * (CHUNK_BYTES // len(what))
    for _ in field.waves():
        with field.attempt(), field.operator() as peer:
            peer.pump(chunk, max(field.until, time.monotonic() + FLOOD_SECONDS))
            field.note(peer.fate(FATE_SECONDS))


def connections(field):
    for _ in field.waves():
        for peer in gather(field, request('GET', '/healthz', is_last=True), CROWD):
            with field.attempt():
                field.note(peer.fate())


def gather(field, beginning, count=None):
    peers = []
    for _ in range(count or field.peers):
        with field.attempt():
            peer = field.operator()
            peer.send(beginning)
            peers.append(peer)
    return peers


def request(method, path, body=b'', length=None, is_last=False):
    """A request, perhaps one that says something else of its body."""
    how_long = {'chunked': 'Transfer-Encoding: chunked\r\n', None: f'Content-Length: {len(body)}\r\n' if body else ''}
    head = how_long.get(length, f'Content-Length: {length}\r\n') + ('Connection: close\r\n' if is_last else '')
    return f'{method} {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n'.encode() + body


FAULT = Fault(
    "at the operator's",
    (bodies, publishing, looking, connections),
    counted={
        'hubbub_handshake_failures_total{reason="timeout"}': 1,
        'hubbub_published_items_total{result="done"}': 100,
    },
    seen=('answered 408', 'answered 200'),
    setting=Setting({'--admin-addr': '127.0.0.1:0', '--request-timeout': '1s'}),
    seconds=3,
)
