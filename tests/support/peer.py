"""A client by hand: a socket that says whatever it is told to, and what becomes of it."""

import select
import socket
import struct
import time

# Longer than any stop of the server.
PATIENCE_SECONDS = 20
FATE_SECONDS = 5
NARROW_BYTES, WIDE_BYTES = 16 << 10, 4 << 20
READ_BYTES = 1 << 18
TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9
FINAL = 0x80


class Refused(Exception):
    """It was not let in; the text is what it was told."""


class Peer:
    """A connection to an address and port, from another address if one is named. A narrow one has room for little."""

    def __init__(self, place, source=None, is_narrow=False, patience=PATIENCE_SECONDS):
        self.socket = socket.socket()
        self._patience = patience
        self.socket.settimeout(patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_narrow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
        self._input = bytearray()
        self._is_member = False
        self._code = None
        try:
            if source:
                self.socket.bind((source, 0))
            self.socket.connect(place)
        except OSError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def join(self, path):
        """Becomes a member."""
        self.send(request(path))
        self.be_let_in()

    def be_let_in(self):
        """Waits for the answer to a request to become one."""
        while b'\r\n\r\n' not in self._input:
            read = self.socket.recv(READ_BYTES)
            if not read:
                raise Refused('ended')
            self._input += read
        head, _, rest = bytes(self._input).partition(b'\r\n\r\n')
        status = head.split()[1].decode()
        if status != '101':
            raise Refused(f'answered {status}')
        self._input = bytearray(rest)
        self._is_member = True

    def send(self, data):
        self.socket.sendall(data)

    def hear(self):
        """The payload of the next frame that is no end of the connection."""
        while (frame := self._next_frame()) is None:
            read = self.socket.recv(READ_BYTES)
            if not read:
                raise ConnectionResetError('ended')
            self._input += read
        if self._code is not None:
            raise ConnectionResetError(f'closed {self._code}')
        return frame[1]

    def pump(self, chunk, until, times=None):
        """Sends a chunk again and again, so many times if that is said, and reads what comes, as fast as it can, until
        the time is over or the connection is."""
        rest = memoryview(chunk)
        left = times
        self.socket.setblocking(False)
        while time.monotonic() < until and left != 0:
            readable, writable, _ = select.select([self.socket], [self.socket], [], 0.1)
            if readable and not self._take():
                break
            if writable:
                rest = rest[self.socket.send(rest) :]
            if not rest:
                rest = memoryview(chunk)
                left = left and left - 1
        self.socket.settimeout(self._patience)

    def fate(self, seconds=FATE_SECONDS):
        """What became of it, waited for so long."""
        until = time.monotonic() + seconds
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WIDE_BYTES)
        try:
            while (left := until - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self._take():
                    return self._ended('ended')
        except TimeoutError:
            pass
        except OSError:
            return self._ended('reset')
        finally:
            self.close()
        return 'still there'

    def reset(self):
        """Ends with a reset, whatever is under way."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close()

    def close(self):
        self.socket.close()

    def _take(self):
        """Reads once; whether the connection goes on."""
        read = self.socket.recv(READ_BYTES)
        self._input += read
        if self._is_member:
            while self._next_frame() is not None:
                pass
        return bool(read)

    def _ended(self, otherwise):
        if self._code is not None:
            return f'closed {self._code}'
        if not self._is_member and self._input.startswith(b'HTTP/1.1 '):
            return f'answered {self._input.split()[1].decode()}'
        return otherwise

    def _next_frame(self):
        """Opcode and payload of the next frame that has fully arrived (RFC 6455, section 5.2)."""
        known = self._input
        if len(known) < 2:
            return None
        size, begin = known[1], 2
        if size >= 126:
            begin = 4 if size == 126 else 10
            size = int.from_bytes(known[2:begin], 'big')
        if len(known) < begin + size or len(known) < begin:
            return None
        opcode, payload = known[0] & 0x0F, bytes(known[begin : begin + size])
        del known[: begin + size]
        if opcode == CLOSE:
            self._code = int.from_bytes(payload[:2], 'big')
        return opcode, payload


def request(path):
    """One to become a member."""
    return (
        f'GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
    ).encode()


def frame(opcode, payload=b'', first=FINAL, promised=None):
    """A frame, masked with zeroes, that promises another length than it has if that is said."""
    size = len(payload) if promised is None else promised
    if size < 126:
        head = bytes([first | opcode, 0x80 | size])
    elif size < 1 << 16:
        head = bytes([first | opcode, 0x80 | 126]) + size.to_bytes(2, 'big')
    else:
        head = bytes([first | opcode, 0x80 | 127]) + size.to_bytes(8, 'big')
    return head + bytes(4) + payload
