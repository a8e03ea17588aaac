"""As much of the protocol of Redis as measuring takes, on a connection of its own."""

import socket


class Connection:
    def __init__(self, place):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(place))
        self._file = self._socket.makefile('rb')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._socket.close()

    def say(self, *words):
        """Asks, and does not wait."""
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        parts = [b'*%d\r\n' % len(words)]
        for word in words:
            parts += [b'$%d\r\n' % len(word), word, b'\r\n']
        self._socket.sendall(b''.join(parts))

    def hear(self):
        """The next answer; one that is an error is text."""
        kind, rest = (line := self._file.readline())[:1], line[1:-2]
        if not line:
            raise ConnectionError('Redis has closed')
        if kind == b'*':
            return [self.hear() for _ in range(int(rest))] if rest != b'-1' else None
        if kind == b'$':
            return self._file.read(int(rest) + 2)[:-2] if rest != b'-1' else None
        return int(rest) if kind == b':' else rest

    def ask(self, *words):
        self.say(*words)
        return self.hear()


class Bare:
    """One connection that appends to a stream, and one that waits for what comes."""

    KEY = 'bare'

    def __init__(self, place):
        self._writer, self._reader = Connection(place), Connection(place)
        self._last = self._writer.ask('XADD', self.KEY, '*', 'h', 'hello')
        self._wait()

    def pass_on(self, *fields):
        """Appends an entry; comes back once it was read."""
        self._writer.say('XADD', self.KEY, '*', *fields)
        ((_, ((self._last, _),)),) = self._reader.hear()
        self._wait()

    def settle(self):
        """Takes the answer to the last."""
        self._writer.hear()

    def _wait(self):
        self._reader.say('XREAD', 'COUNT', 1, 'BLOCK', 0, 'STREAMS', self.KEY, self._last)
