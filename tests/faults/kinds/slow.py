"""Slow requests: headers that never end, bodies that nobody wants, and silence."""

import time

from arena.fault import Fault
from arena.server import Setting

LINE_SECONDS = 0.2
HEADERS = b'GET /relay HTTP/1.1\r\nHost: localhost\r\n'
BODY = b'POST /relay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n'
LINES = 12


def attack(field):
    for _ in field.waves():
        silent, slow = gather(field, b''), [*gather(field, HEADERS), *gather(field, BODY)]
        for number in range(LINES):
            for peer in slow:
                try:
                    peer.send(b'x-%d: x\r\n' % number)
                except ConnectionError:
                    # It was answered already, which its fate will tell.
                    pass
            time.sleep(LINE_SECONDS)
        for peer in [*silent, *slow]:
            field.note(peer.fate())


def gather(field, beginning):
    peers = []
    for _ in range(field.peers):
        with field.attempt():
            peer = field.peer()
            peer.send(beginning)
            peers.append(peer)
    return peers


FAULT = Fault(
    'slow requests',
    (attack,),
    counted={
        'hubbub_handshake_failures_total{reason="timeout"}': 1,
        'hubbub_handshake_failures_total{reason="handshake-timeout"}': 1,
        'hubbub_handshake_failures_total{reason="body-not-accepted"}': 1,
    },
    setting=Setting({'--handshake-timeout': '2s'}),
    seconds=3,
)
