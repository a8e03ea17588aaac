"""What a fault is: an attack, how the server is started for it, and how it shows that it bit."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.peer import Peer, Refused

from .server import Setting

# Between two waves, so that no fault keeps the others out.
REST_SECONDS = 0.05
# What a fault may take longer until it shows, where others are in its way.
GRACE_SECONDS = 30


@dataclass(frozen=True)
class Fault:
    """A kind of fault."""

    name: str
    # Each in a thread of its own, with the field.
    attacks: tuple[Callable, ...]
    # Samples of the metrics, and by how much they grow at least.
    counted: dict = field(default_factory=dict)
    # What some hostile peers must have seen.
    seen: tuple[str, ...] = ()
    setting: Setting = Setting()
    # How long one wave takes, about.
    seconds: float = 1.0
    # Whether the times of healthy clients say nothing with it but how long it was.
    is_pause: bool = False


class Field:
    """Where one fault attacks: the server, for how long, and what its peers have seen so far."""

    def __init__(self, fault, server, before, source, peers, until):
        self._fault = fault
        self._before = before
        self.server = server
        self.peers = peers
        self.until = until
        self.seen = Counter()
        self._source = source
        self._lock = threading.Lock()

    def waves(self):
        """Numbers of waves: one, and more while there is time for another, or until they have shown."""
        number = took = 0
        while number == 0 or self._goes_on(took):
            began = time.monotonic()
            yield number
            number += 1
            time.sleep(REST_SECONDS)
            took = time.monotonic() - began

    def lacks(self, metrics):
        """What does not show of the fault, which would be one in name only."""
        grown = {name: metrics.get(name, 0) - self._before.get(name, 0) for name in self._fault.counted}
        too_little = [
            f'{self._fault.name}: {name} grew by {grown[name]:.0f}, and should by {least}'
            for name, least in self._fault.counted.items()
            if grown[name] < least
        ]
        return too_little + [
            f'{self._fault.name}: nobody saw "{fate}"' for fate in self._fault.seen if not self.seen[fate]
        ]

    def _goes_on(self, took):
        now = time.monotonic()
        if now + took < self.until:
            return True
        return now < self.until + GRACE_SECONDS and bool(self.lacks(self.server.metrics()))

    def peer(self, **how):
        return Peer(**{'place': self.server.place, 'source': self._source} | how)

    def operator(self, **how):
        """A peer at the operator's listener, where the server has one."""
        return self.peer(place=self.server.operator, **how)

    def member(self, path, **how):
        peer = self.peer(**how)
        try:
            peer.join(path)
        except BaseException:
            peer.close()
            raise
        return peer

    def note(self, fate, times=1):
        with self._lock:
            self.seen[fate] += times

    @contextmanager
    def attempt(self):
        """Notes what a peer sees that does not come as far as it would."""
        try:
            yield
        except Refused as refusal:
            self.note(str(refusal))
        except TimeoutError:
            self.note('unanswered')
        except OSError:
            self.note('reset')
