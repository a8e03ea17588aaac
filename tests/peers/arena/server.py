"""A server of other people's: started in a folder of its own, at the loopback address only, and always ended again, by its id."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from support.process import Failed, start

from . import tcp

# The longest is RabbitMQ's.
START_SECONDS = 60
STOP_SECONDS = 20
POLL_SECONDS = 0.05
SHOWN_CHARS = 1000
# More than any of them listens at.
PORTS = 5


class Server:
    """A server that has been started; leaving the context ends it, with all that it has started."""

    def __init__(self, peer):
        self.peer = peer
        self._port = None
        self._folder = tempfile.TemporaryDirectory(prefix='hubbub-peers-')
        folder, self._ports = Path(self._folder.name), tcp.free_ports(PORTS)
        config = folder / peer.config.name if peer.config else None
        if config:
            text = peer.config.read_text().replace('@PORT@', str(self._ports[0]))
            config.write_text(text.replace('@FOLDER@', str(folder)))
        command = [word.format(folder=folder, config=config, ports=self._ports) for word in peer.command]
        self._log = folder / 'said'
        with open(self._log, 'wb') as log:
            # It leads a session, by which whatever it starts is known.
            how = {'cwd': folder, 'stdout': log, 'stderr': subprocess.STDOUT, 'start_new_session': True}
            self._process = start(command, **how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()
        self._folder.cleanup()

    def wait(self):
        """Returns once it listens."""
        until = time.monotonic() + START_SECONDS
        while not self._find_port():
            if self._process.poll() is not None or time.monotonic() > until:
                raise Failed(f'{self.peer.name} does not listen; it said: {self._said()[-SHOWN_CHARS:]}')
            time.sleep(POLL_SECONDS)
        if beyond := tcp.listening_beyond_loopback(self._process.pid):
            raise Failed(f'{self.peer.name} listens beyond loopback: {", ".join(beyond)}')

    @property
    def url(self):
        return f'ws://127.0.0.1:{self._port}{self.peer.path}'

    def clients(self):
        """How many are connected."""
        return tcp.connected(self._port)

    def kill(self):
        """Ends it, as it is."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _find_port(self):
        """The one that it prints, or the one that it was given."""
        if self.peer.is_given_port:
            self._port = self._ports[0] if tcp.is_open(self._ports[0]) else None
        elif found := re.search(r'istening on \S*127\.0\.0\.1:(\d+)', self._said()):
            self._port = int(found[1])
        return self._port

    def _signal(self, number):
        # The group is its own, and is there as long as anyone is in it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _said(self):
        return self._log.read_text(errors='replace')
