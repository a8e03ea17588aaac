"""Garbage to the port: what is no HTTP, or too much of it."""

import random

from arena.fault import Fault

WAIT_SECONDS = 2
CHANCE = random.Random(1)
GARBAGE = (
    CHANCE.randbytes(4000),
    bytes(4000),
    # A client hello of TLS, and the preface of HTTP/2 (RFC 9113, section 3.4).
    b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + CHANCE.randbytes(500),
    b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    b'GET ' + b'x' * 17_000,
    b'GET / HTTP/1.1\r\n' + b'x: ' + b'x' * 17_000,
    b'GET / HTTP/1.1\r\nHost: localhost\r\n' + b'x: x\r\n' * 200 + b'\r\n',
)


def attack(field):
    for _ in field.waves():
        for garbage in GARBAGE:
            for _ in range(field.peers):
                with field.attempt():
                    peer = field.peer()
                    peer.send(garbage)
                    field.note(peer.fate(WAIT_SECONDS))


FAULT = Fault(
    'garbage',
    (attack,),
    counted={'hubbub_disconnects_total{reason="http-error"}': 7},
    seen=('answered 400', 'answered 414', 'answered 431'),
)
