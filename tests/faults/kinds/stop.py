"""A stop: SIGSTOP for five seconds, then SIGCONT. The heartbeat's flags are what they are without a word."""

import os
import signal
import time

from arena.fault import Fault

STOP_SECONDS = 5
PATIENCE_SECONDS = 5


def attack(field):
    members = []
    until = time.monotonic() + PATIENCE_SECONDS
    # Beside a fault that uses up all descriptors, one is not let in at once.
    while len(members) < field.peers and time.monotonic() < until:
        with field.attempt():
            members.append(field.member('/relay?channel=stop'))
            continue
        time.sleep(0.1)
    time.sleep(0.2)
    stop(field)
    time.sleep(0.2)
    for member in members:
        field.note(member.fate(0.1))


def stop(field):
    os.kill(field.server.pid, signal.SIGSTOP)
    try:
        time.sleep(STOP_SECONDS)
        if field.server.stat() == 'T':
            field.note(f'stopped for {STOP_SECONDS} s')
    finally:
        os.kill(field.server.pid, signal.SIGCONT)


FAULT = Fault(
    'a stop',
    (attack,),
    seen=(f'stopped for {STOP_SECONDS} s', 'still there'),
    seconds=STOP_SECONDS + 0.7,
    is_pause=True,
)
