"""Clients as small as can be: one of the chat, who joins channels, and stays; and one who says what is ready to be said."""

import json
import socket
import struct
import urllib.request
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30


class Client:
    """A WebSocket with a server."""

    def __init__(self, server, path, *headers):
        host = urlsplit(server.url)
        self.socket = socket.create_connection((host.hostname, host.port), TIMEOUT_SECONDS)
        head = [
            f'GET {path} HTTP/1.1', f'Host: {host.netloc}', 'Connection: Upgrade', 'Upgrade: websocket',
            'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', *headers, '', '',
        ]
        self.socket.sendall('\r\n'.join(head).encode())

    def say(self, frames):
        self.socket.sendall(frames)

    def read_until(self, words, times):
        read = b''
        while read.count(words) < times:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError('the server ended the connection')
            read += more

    def close(self):
        self.socket.close()


class Chat(Client):
    """One with its chat."""

    def __init__(self, server, name):
        super().__init__(server, f'/ws?name={name}')
        self.read_until(b'"action":"welcome"', 1)

    def join(self, channels):
        requests = (json.dumps({'action': 'join-channel', 'message': name}) for name in channels)
        self.say(b''.join(frame(request.encode()) for request in requests))
        self.read_until(b'"action":"joined"', len(channels))


def frame(payload, is_deflated=False):
    """A text frame of less than 64 KiB, with a mask of zeroes, which leaves the payload as it is (RFC 6455, section 5.2)."""
    first, length = 0xC1 if is_deflated else 0x81, len(payload)
    header = bytes([first, 0x80 | length]) if length < 126 else struct.pack('>BBH', first, 0xFE, length)
    return header + bytes(4) + payload


def metric(server, sample):
    """A sample of the server's metrics."""
    host = urlsplit(server.url).netloc
    with urllib.request.urlopen(f'http://{host}/metrics', timeout=TIMEOUT_SECONDS) as page:
        lines = page.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f'{sample} '))
