"""A client of the chat, as small as can be: it joins channels, and stays."""

import json
import socket
import urllib.request
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30


class Chat:
    """A connection to the chat of a server."""

    def __init__(self, server, name):
        host = urlsplit(server.url)
        self.socket = socket.create_connection((host.hostname, host.port), TIMEOUT_SECONDS)
        self.socket.sendall(
            f'GET /ws?name={name} HTTP/1.1\r\nHost: {host.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'.encode()
        )
        self.read_until(b'"action":"welcome"', 1)

    def join(self, channels):
        self.socket.sendall(b''.join(frame({'action': 'join-channel', 'message': name}) for name in channels))
        self.read_until(b'"action":"joined"', len(channels))

    def read_until(self, words, times):
        read = b''
        while read.count(words) < times:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError('the server ended the connection')
            read += more

    def close(self):
        self.socket.close()


def frame(request):
    """A text frame, masked with zeroes (RFC 6455, section 5.2)."""
    payload = json.dumps(request).encode()
    if len(payload) > 125:
        raise ValueError('a short frame has 125 bytes at most')
    return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def metric(server, sample):
    """A sample of the server's metrics."""
    host = urlsplit(server.url).netloc
    with urllib.request.urlopen(f'http://{host}/metrics', timeout=TIMEOUT_SECONDS) as page:
        lines = page.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f'{sample} '))
