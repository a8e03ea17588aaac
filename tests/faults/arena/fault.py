"""What a fault is: an attack, how the server is started for it, and how it shows that it bit."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

from .peer import Peer, Refused
from .server import Setting


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
    # How long one wave takes at most.
    seconds: float = 1.0
    # With it the times of healthy clients say nothing but how long it was.
    is_pause: bool = False


class Field:
    """Where one fault attacks: the server, for how long, and what its peers have seen so far."""

    def __init__(self, server, source, peers, until):
        self.server = server
        self.peers = peers
        self.seen = Counter()
        self._source = source
        self._until = until
        self._lock = threading.Lock()

    @property
    def until(self):
        return self._until

    def waves(self):
        """Numbers of waves: one, and more while there is time."""
        number = 0
        while number == 0 or time.monotonic() < self._until:
            yield number
            number += 1
            time.sleep(0.01)

    def peer(self, **how):
        return Peer(self.server.port, **{'source': self._source} | how)

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
