"""What a fault is: what is done to a hub, how the hub is set up for it, and what its clients may be told."""

from collections.abc import Callable
from dataclasses import dataclass, field

# In the order in which they are tried.
FAULTS = []


@dataclass(frozen=True)
class Fault:
    """A kind of fault."""

    name: str
    # Does it to the hub, and returns once it is over, and all may be well again.
    strike: Callable
    # What a node must have logged or Redis counted among its errors, since a fault that nobody noticed is one in name only.
    shows: str
    # What clients may be told beside their messages; all else is wrong.
    tells: frozenset[str] = frozenset()
    # How Redis, the nodes and the load generator are started: what differs from the usual.
    redis: dict = field(default_factory=dict)
    nodes: dict = field(default_factory=dict)
    load: dict = field(default_factory=dict)
    # Whether it is tried with --long alone.
    is_long: bool = False


def fault(name, **what):
    """Makes a fault of the function that does it."""

    def keep(strike):
        FAULTS.append(Fault(name, strike, **what))
        return strike

    return keep
