"""One byte at a time: a request, and a message that comes back all the same."""

import time

from arena.fault import Fault
from arena.peer import TEXT, frame, request

WORDS = b'one byte at a time'
PAUSE_SECONDS = 0.001


def attack(field):
    for _ in field.waves():
        peers = []
        for _ in range(field.peers):
            with field.attempt():
                peers.append(field.peer())
        trickle(field, peers, request('/echo'))
        for peer in peers:
            with field.attempt():
                peer.be_let_in()
        trickle(field, peers, frame(TEXT, WORDS))
        for peer in peers:
            with field.attempt(), peer:
                field.note('heard its own words' if peer.hear() == WORDS else 'heard something else')


def trickle(field, peers, data):
    for at in range(len(data)):
        for peer in peers:
            with field.attempt():
                peer.send(data[at : at + 1])
        time.sleep(PAUSE_SECONDS)


FAULT = Fault(
    'one byte at a time',
    (attack,),
    counted={'hubbub_messages_received_total{dialect="echo"}': 1},
    seen=('heard its own words',),
)
