"""What is on the wire between a client and a server."""

import asyncio
import contextlib
import re

TEXT, BINARY = 0x1, 0x2
OPCODE, DEFLATED, MASKED, SIZE = 0x0F, 0x40, 0x80, 0x7F
READ_BYTES = 1 << 16


class Tap:
    """A way to a server that looks at what passes; as a context it has a `place` of its own."""

    def __init__(self, place):
        self._server_place = place
        self.said, self.heard = Side(), Side()

    async def __aenter__(self):
        self._listener = await asyncio.start_server(self._join, '127.0.0.1', 0)
        self.place = self._listener.sockets[0].getsockname()
        return self

    async def __aexit__(self, *_):
        self._listener.close()

    @property
    def offer(self):
        """What the client offers."""
        return self.said.extensions()

    @property
    def answer(self):
        """What the server agrees on."""
        return self.heard.extensions()

    async def _join(self, reader, writer):
        self.said, self.heard = Side(), Side()
        there_reader, there_writer = await asyncio.open_connection(*self._server_place)
        await asyncio.gather(pump(reader, there_writer, self.said), pump(there_reader, writer, self.heard))


class Side:
    """What one of them says: a head of HTTP, and then frames (RFC 6455, section 5.2)."""

    def __init__(self):
        self._head = None
        self._rest = bytearray()
        # Of each message, whether it is deflated.
        self.messages = []

    def extensions(self):
        found = re.search(r'^sec-websocket-extensions: *(.*?)\r$', self._head or '', re.IGNORECASE | re.MULTILINE)
        return found and found[1]

    def feed(self, some):
        self._rest += some
        if self._head is None:
            head, end, rest = bytes(self._rest).partition(b'\r\n\r\n')
            if not end:
                return
            self._head, self._rest = (head + end).decode('latin-1'), bytearray(rest)
        while self._take():
            pass

    def _take(self):
        """Takes the next frame out; whether it was there."""
        known = self._rest
        if len(known) < 2:
            return False
        size, begin = known[1] & SIZE, 2
        if size >= 126:
            begin += 2 if size == 126 else 8
            size = int.from_bytes(known[2:begin], 'big')
        begin += 4 if known[1] & MASKED else 0
        if len(known) < begin + size:
            return False
        if known[0] & OPCODE in (TEXT, BINARY):
            self.messages.append(bool(known[0] & DEFLATED))
        del known[: begin + size]
        return True


async def pump(reader, writer, side):
    with contextlib.suppress(OSError):
        while some := await reader.read(READ_BYTES):
            side.feed(some)
            writer.write(some)
            await writer.drain()
    writer.close()
