"""Lies about lengths, and frames that are none."""

from arena.fault import Fault
from support.peer import BINARY, FINAL, PING, TEXT, frame

CHANNEL = '/relay?channel=lies'
WAIT_SECONDS = 0.3
RESERVED_BIT, RESERVED_OPCODE, CONTINUATION = 0x40, 0x3, 0x0
PART = 32 << 10
LIES = (
    frame(BINARY, promised=1 << 63),
    frame(BINARY, promised=(1 << 64) - 1),
    frame(BINARY, b'x' * 10, promised=64 << 10),
    frame(TEXT, b'x' * 20, promised=10),
    bytes([FINAL | TEXT, 1]) + b'x',
    frame(TEXT, b'x', first=FINAL | RESERVED_BIT),
    frame(RESERVED_OPCODE, b'x'),
    frame(PING, b'x' * 126),
    frame(PING, b'x', first=0),
    frame(CONTINUATION, b'x'),
    frame(TEXT, b'\xff'),
    frame(BINARY, b'x', first=0) + frame(CONTINUATION, b'x' * PART, first=0) * 5,
)
FALSE_BODY = b'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9223372036854775808\r\n\r\nx'


def attack(field):
    for _ in field.waves():
        for lie in LIES:
            for _ in range(field.peers):
                with field.attempt():
                    tell(field, field.member(CHANNEL), lie)
        with field.attempt():
            tell(field, field.peer(), FALSE_BODY)


def tell(field, peer, lie):
    try:
        peer.send(lie)
    except ConnectionError:
        # The close frame may have come before the end of the lie.
        pass
    field.note(peer.fate(WAIT_SECONDS))


FAULT = Fault(
    'lies about lengths',
    (attack,),
    counted={
        'hubbub_disconnects_total{reason="protocol"}': 4,
        'hubbub_disconnects_total{reason="message-too-large"}': 3,
        'hubbub_disconnects_total{reason="not-utf8"}': 1,
    },
    seen=('closed 1002', 'closed 1007', 'closed 1009', 'answered 413', 'still there'),
    seconds=2,
)
