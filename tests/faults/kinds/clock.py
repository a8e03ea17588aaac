"""Clock steps: the wall clock goes a day forward and a day back, and only what is told as the time follows; in a channel it never
goes back."""

import json
import time

from arena.clock import LAG_SECONDS
from arena.fault import Fault
from arena.server import Setting
from support.peer import TEXT, frame

DAY = 24 * 60 * 60
TOLERANCE_SECONDS = 60
PATIENCE_SECONDS, POLL_SECONDS = 10, 0.1
QUESTION = 'what time is it?'
JOIN = {'action': 'join-channel', 'message': 'clock'}
SAY = {'action': 'send-message', 'target': 'clock', 'message': QUESTION}


def attack(field):
    for _ in field.waves():
        with field.attempt(), field.member('/ws?name=clock') as peer:
            own = next_of(peer, 'welcome')['client']['id']
            peer.send(frame(TEXT, json.dumps(JOIN).encode()))
            ask_oneself = {'action': 'send-private', 'target': own, 'message': QUESTION}
            latest = 0
            for step, name in ((DAY, 'a day ahead'), (-DAY, 'a day behind'), (0, 'in time')):
                field.server.clock.step(step)
                is_told = is_followed(peer, ask_oneself, step)
                before, latest = latest, told(peer, SAY)
                if is_told and before <= latest:
                    field.note(name)


def is_followed(peer, ask_oneself, step):
    until = time.monotonic() + 2 * LAG_SECONDS + PATIENCE_SECONDS
    while time.monotonic() < until:
        if abs(told(peer, ask_oneself) - time.time() - step) < TOLERANCE_SECONDS:
            return True
        time.sleep(POLL_SECONDS)
    return False


def told(peer, question):
    """The time that the server says it is when it is asked so, in seconds."""
    peer.send(frame(TEXT, json.dumps(question).encode()))
    return next_of(peer, question['action'])['time'] / 1000


def next_of(peer, action):
    """The next that someone says, or the server, of this kind."""
    while True:
        for line in peer.hear().splitlines():
            said = json.loads(line)
            if said['action'] == action and 'event' not in said:
                return said


FAULT = Fault(
    'clock steps',
    (attack,),
    counted={'hubbub_messages_received_total{dialect="chat"}': 4},
    seen=('a day ahead', 'a day behind', 'in time'),
    setting=Setting(has_clock=True),
    seconds=3 * LAG_SECONDS,
)
