"""One byte at a time: a request, and a message that comes back all the same."""

import time

from arena.fault import Fault
from support.peer import TEXT, frame, request

WORDS = b'one byte at a time'
PAUSE_SECONDS = 0.001


def attack(field):
    for _ in field.waves():
        peers = []
        for _ in range(field.peers):
            with field.attempt():
                peers.append(field.peer())
        members = []
        for peer in trickle(field, peers, request('/echo')):
            with field.attempt():
                peer.be_let_in()
                members.append(peer)
        for member in trickle(field, members, frame(TEXT, WORDS)):
            with field.attempt(), member:
                field.note('heard its own words' if member.hear() == WORDS else 'heard something else')


def trickle(field, peers, data):
    """Sends so to all, and returns those that took it."""
    for byte in data:
        left = []
        for peer in peers:
            with field.attempt():
                peer.send(bytes([byte]))
                left.append(peer)
        peers = left
        time.sleep(PAUSE_SECONDS)
    return peers


FAULT = Fault(
    'one byte at a time',
    (attack,),
    counted={'hubbub_messages_received_total{dialect="echo"}': 1},
    seen=('heard its own words',),
)
