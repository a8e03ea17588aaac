"""Half-closes: peers that shut their side, before and after a close frame, and in the middle of a request."""

import socket

from arena.fault import Fault
from support.peer import CLOSE, frame, request

CHANNEL = '/relay?channel=half'


def attack(field):
    for _ in field.waves():
        for begin in (after_a_close_frame, without_one, in_a_request):
            for _ in range(field.peers):
                with field.attempt():
                    peer = begin(field)
                    peer.socket.shutdown(socket.SHUT_WR)
                    field.note(peer.fate())


def after_a_close_frame(field):
    peer = field.member(CHANNEL)
    peer.send(frame(CLOSE, (1000).to_bytes(2, 'big')))
    return peer


def without_one(field):
    return field.member(CHANNEL)


def in_a_request(field):
    peer = field.peer()
    peer.send(request(CHANNEL)[:60])
    return peer


FAULT = Fault(
    'half-closes',
    (attack,),
    counted={
        'hubbub_disconnects_total{reason="end-of-stream"}': 2,
        'hubbub_handshake_failures_total{reason="end-of-stream"}': 1,
    },
    seen=('closed 1000', 'ended'),
)
