"""Clock steps: the wall clock goes a day forward and a day back, and only what is told as the time follows."""

import json
import time

from arena.clock import LAG_SECONDS
from arena.fault import Fault
from arena.peer import TEXT, frame
from arena.server import Setting

DAY = 24 * 60 * 60
TOLERANCE_SECONDS = 60
PATIENCE_SECONDS, POLL_SECONDS = 10, 0.1
JOIN = {'action': 'join-channel', 'message': 'clock'}
SAY = {'action': 'send-message', 'target': 'clock', 'message': 'what time is it?'}


def attack(field):
    for _ in field.waves():
        with field.attempt(), field.member('/ws?name=clock') as peer:
            peer.send(frame(TEXT, json.dumps(JOIN).encode()))
            for step, name in ((DAY, 'a day ahead'), (-DAY, 'a day behind'), (0, 'in time')):
                field.server.clock.step(step)
                if is_followed(peer, step):
                    field.note(name)


def is_followed(peer, step):
    until = time.monotonic() + 2 * LAG_SECONDS + PATIENCE_SECONDS
    while time.monotonic() < until:
        if abs(told(peer) - time.time() - step) < TOLERANCE_SECONDS:
            return True
        time.sleep(POLL_SECONDS)
    return False


def told(peer):
    """The time that the server says it is, in seconds."""
    peer.send(frame(TEXT, json.dumps(SAY).encode()))
    while True:
        for line in peer.hear().splitlines():
            said = json.loads(line)
            if 'sender' in said:
                return said['time'] / 1000


FAULT = Fault(
    'clock steps',
    (attack,),
    counted={'hubbub_messages_received_total{dialect="chat"}': 4},
    seen=('a day ahead', 'a day behind', 'in time'),
    setting=Setting(has_clock=True),
    seconds=3 * LAG_SECONDS,
)
