"""A log without space (full(4)): nothing of it can be written, and there is much to say."""

from arena.fault import Fault
from arena.server import Setting


def attack(field):
    for _ in field.waves():
        before = field.server.written()
        for _ in range(field.peers):
            with field.attempt():
                field.member('/relay?channel=log').close()
        if field.server.log() == '/dev/full' and field.server.written() >= before + field.peers:
            field.note('came and went unlogged', field.peers)


FAULT = Fault(
    'log without space',
    (attack,),
    counted={'hubbub_accepted_connections_total': 1},
    seen=('came and went unlogged',),
    setting=Setting({'--log-level': 'debug'}, has_full_log=True),
)
