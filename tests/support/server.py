"""A server under test: started with what it is told, asked for its metrics, and always stopped again, by its own id."""

import contextlib
import http.client
import os
import re
import select
import subprocess
import tempfile
import time

from .process import Failed, start

START_SECONDS = 20
STOP_SECONDS = 20
ANSWER_SECONDS = 30
POLL_SECONDS = 0.1
# Of a log, where it explains something.
SHOWN_CHARS = 1000


class Server:
    """A running server, which says where it listens in so many places; leaving the context ends it. Nothing that is set for other
    servers applies to it."""

    def __init__(self, command, log=None, environment=None, places=1):
        self._log = log or tempfile.TemporaryFile()
        others = {name: value for name, value in os.environ.items() if not name.startswith('HUBBUB_')}
        pipes = {'stdout': subprocess.PIPE, 'stderr': self._log}
        self._process = start(command, env=others | (environment or {}), **pipes)
        try:
            said = self._read_places(places)
            # The operator's is the last.
            self.place, self.operator = said[0], said[-1]
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ask(self, path, seconds=ANSWER_SECONDS, place=None):
        """Status and text of the answer to a request."""
        connection = http.client.HTTPConnection(*(place or self.place), timeout=seconds)
        with contextlib.closing(connection):
            connection.request('GET', path, headers={'Connection': 'close'})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metrics(self):
        """All samples by name and labels. One that is refused for want of room asks again."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, text = self.ask('/metrics', place=self.operator)
                if status == 200:
                    return samples(text)
            if self.has_ended():
                raise Failed(f'the server ended with status {self._process.returncode}{self._last_words()}')
            if time.monotonic() > until:
                raise Failed(f'the server told no metrics for {ANSWER_SECONDS} s')
            time.sleep(POLL_SECONDS)

    def signal(self, number):
        self._process.send_signal(number)

    def has_ended(self):
        return self._process.poll() is not None

    def stop(self):
        """Ends it, and returns what was wrong with its end."""
        if not self.has_ended():
            self._process.terminate()
        try:
            status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._process.stdout.close()
        said = self._last_words()
        self._log.close()
        return [f'the server ended with status {status}{said}'] if status != 0 or 'panicked' in said else []

    def said(self):
        """What it has logged, where that can be read. It goes on writing where it was, so nothing is moved there."""
        if self._log.closed or not self._log.readable():
            return ''
        file = self._log.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors='replace')

    def _read_places(self, count):
        """Address and port in each of the lines that it prints once it listens."""
        stdout, lines = self._process.stdout.fileno(), b''
        until = time.monotonic() + START_SECONDS
        while lines.count(b'\n') < count:
            ready, _, _ = select.select([stdout], [], [], max(0, until - time.monotonic()))
            more = os.read(stdout, 1024) if ready else b''
            if not more:
                raise Failed(f'the server did not say that it listens; it said: {self.said().strip()[-SHOWN_CHARS:]}')
            lines += more
        places = re.findall(r'//(.*):(\d+)$', lines.decode(), re.MULTILINE)
        return [(address, int(port)) for address, port in places]

    def _last_words(self):
        """Errors in its log."""
        errors = [line for line in self.said().splitlines() if 'panicked' in line or 'ERROR' in line]
        return ''.join(f'; it said: {line}' for line in errors[:3])


def samples(text):
    """What metrics say, by name and labels."""
    lines = (line.rsplit(' ', 1) for line in text.splitlines() if not line.startswith('#'))
    return {name: float(value) for name, value in lines}
