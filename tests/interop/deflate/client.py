"""A client, and what is expected of it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CLIENTS = Path(__file__).resolve().parent / 'clients'
INTEROP = CLIENTS.parents[1]


class Client(NamedTuple):
    """How it is started, and what it is known to do."""

    name: str
    command: list
    version: Callable[[], str]
    # Whether anything is agreed on with it, and whether it deflates itself then.
    agrees: bool = True
    deflates: bool = True
    can_ping: bool = False
    can_fragment: bool = False
    remark: str = ''

    def __str__(self):
        return f'{self.name} {self.version()}'

    def can(self, step):
        return (self.can_ping or 'ping' not in step) and (self.can_fragment or 'fragments' not in step)
