"""Ways in which a server, or how it is spoken to, can be wrong."""

from typing import NamedTuple

BROKEN, UNUSABLE = 1, 2


class Fault(NamedTuple):
    """One way: flags that stand beside or in place of the usual ones, and what the load generator is to make of it."""

    name: str
    flags: list
    status: int
    # What its last lines hold.
    says: str
    # What is asked for instead, if that is what is wrong.
    path: str = ''
    is_kill: bool = False


def topic(template, *escapes):
    """Messages go where nobody listens."""
    return Fault('wrong topic', ['--template', template, *escapes], BROKEN, 'nothing was delivered')


def misspelt(template, says, *escapes):
    """Messages are such that the server does not take them."""
    return Fault('misspelt', ['--template', template, *escapes], BROKEN, says)


def path(path, says, status=UNUSABLE):
    """The same with a server whose topics are paths."""
    return Fault('wrong path', [], status, says, path)


def subprotocol(name, says, status=UNUSABLE):
    return Fault('wrong subprotocol', ['--subprotocol', name], status, says)


KILLED = Fault('killed in between', [], BROKEN, r'20 disconnected', is_kill=True)
