"""Floods: of messages in a channel of their own, of pings, and of connections that come and go; without bounds and with."""

import time

from arena.fault import Fault
from arena.server import Setting
from support.peer import PING, TEXT, frame, request

CHUNK_BYTES = 64 << 10
WORDS, ALIVE = frame(TEXT, b'flood' * 20), frame(PING, b'alive?' * 20)
# A client lies below these, and so does the address of healthy ones.
BOUNDS = {
    '--max-client-messages': '200',
    '--max-client-bytes': '16MiB',
    '--max-client-pings': '5',
    '--flood-grace': '1s',
    '--max-connections-per-address': '40',
    '--max-handshakes-per-address': '40',
}
CROWD = 60


def messages(field):
    flood(field, '/relay?channel=flood', WORDS)


def pings(field):
    flood(field, '/echo', ALIVE)


def flood(field, path, what):
    chunk = what * (CHUNK_BYTES // len(what))
    for _ in field.waves():
        with field.attempt(), field.member(path) as peer:
            # A flood goes on for longer than it is forgiven.
            peer.pump(chunk, max(field.until, time.monotonic() + 0.5))
            field.note(peer.fate(0.2))


def connections(field):
    for number in field.waves():
        crowd = []
        for _ in range(CROWD):
            with field.attempt():
                peer = field.peer()
                crowd.append(peer)
                peer.send(request(f'/relay?channel=crowd-{number}'))
        for peer in crowd:
            with field.attempt(), peer:
                peer.be_let_in()
                field.note('came and went')


FAULT = Fault(
    'floods',
    (messages, pings, connections),
    counted={
        'hubbub_messages_received_total{dialect="relay"}': 1000,
        'hubbub_bytes_received_total': 1_000_000,
        'hubbub_accepted_connections_total': CROWD,
    },
    seen=('still there', 'came and went'),
)
BOUNDED = Fault(
    'floods, bounded',
    (messages, pings, connections),
    counted={
        'hubbub_paused_reads_total{bound="messages"}': 1,
        'hubbub_paused_reads_total{bound="pings"}': 1,
        'hubbub_disconnects_total{reason="flood"}': 1,
    },
    seen=('closed 1008', 'answered 429'),
    setting=Setting(BOUNDS),
    seconds=2.5,
)
