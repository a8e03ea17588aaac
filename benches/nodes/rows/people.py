"""People of the chat who talk over bare sockets."""

import json
import re

from wire import READ_BYTES, frame

MESSAGE = 'x' * 64


def join(channel):
    return json.dumps({'action': 'join-channel', 'message': channel})


def say(channel):
    """A frame in which 64 bytes are said in a channel."""
    return frame(json.dumps({'action': 'send-message', 'target': channel, 'message': MESSAGE}))


def hear(stream, messages):
    """Waits for so many messages."""
    heard = 0
    while heard < messages:
        received = stream.recv(READ_BYTES)
        assert received, 'the server closed'
        heard += len(re.findall(b'"send-message","message":"x', received))
