"""Resets: in the middle of a frame and of a request, before a word was said, and with bytes still to come."""

from arena.fault import Fault
from support.peer import TEXT, frame, request

CHANNEL = '/relay?channel=resets'


def attack(field):
    for _ in field.waves():
        for end in (in_a_frame, in_a_request, without_a_word, with_bytes_to_come):
            for _ in range(field.peers):
                with field.attempt():
                    end(field).reset()
                    field.note('reset by themselves')


def in_a_frame(field):
    peer = field.member(CHANNEL)
    peer.send(frame(TEXT, b'half', promised=8))
    return peer


def in_a_request(field):
    peer = field.peer()
    peer.send(request(CHANNEL)[:60])
    return peer


def without_a_word(field):
    return field.peer()


def with_bytes_to_come(field):
    peer = field.member(CHANNEL, is_narrow=True)
    peer.send(frame(TEXT, b'x' * 60000))
    return peer


FAULT = Fault(
    'resets',
    (attack,),
    counted={
        'hubbub_disconnects_total{reason="reset"}': 4,
        'hubbub_handshake_failures_total{reason="reset"}': 1,
    },
    seen=('reset by themselves',),
)
