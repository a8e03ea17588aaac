"""Stalls: members that stop reading, with bytes to come that no socket holds, until they are given up."""

import time

from arena.fault import Fault
from arena.server import Setting
from support.peer import BINARY, frame

MESSAGE = frame(BINARY, b'x' * (60 << 10))
# The system's buffers hold 4 MiB and a little at most (tcp(7), `tcp_wmem`). What is left of the first is less than
# `--max-unsent`, so that it stalls, and of the second more.
STALLING, EXCEEDING = 100, 200
FLAGS = {'--max-unsent': '4MiB', '--write-timeout': '2s', '--linger-timeout': '20s'}
SPEAKING_SECONDS = 15
# Who is given up is told why within `--write-timeout`, if it reads again. The one stalls for longer than that before it is
# given up, the other is at once.
STALLING_SECONDS, EXCEEDING_SECONDS = 3.2, 0.3
FATE_SECONDS = 1


def stalling(field):
    for number in field.waves():
        stall(field, f'/relay?channel=stalling-{number}', STALLING, STALLING_SECONDS)


def exceeding(field):
    for number in field.waves():
        stall(field, f'/relay?channel=exceeding-{number}', EXCEEDING, EXCEEDING_SECONDS)


def stall(field, channel, messages, seconds):
    members = []
    for _ in range(field.peers):
        with field.attempt():
            members.append(field.member(channel, is_narrow=True))
    with field.attempt(), field.member(channel) as speaker:
        speaker.pump(MESSAGE, time.monotonic() + SPEAKING_SECONDS, messages)
        time.sleep(seconds)
    for member in members:
        field.note(member.fate(FATE_SECONDS))


FAULT = Fault(
    'stalls',
    (stalling, exceeding),
    counted={
        'hubbub_disconnects_total{reason="slow-stalled"}': 1,
        'hubbub_disconnects_total{reason="slow-unsent"}': 1,
    },
    seen=('closed 4001',),
    setting=Setting(FLAGS),
    seconds=4,
)
