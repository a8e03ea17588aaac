"""Lines of JSON on stdin and stdout: see speaker.py."""

import asyncio
import json
import sys

LINE_BYTES = 1 << 20


async def commands():
    """The messages to say: the parts of each, and pings as they are."""
    reader = asyncio.StreamReader(LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        [(kind, what)] = json.loads(line).items()
        if kind == 'binary':
            what = [part.encode('latin-1') for part in what]
        yield kind, what


def tell(**what):
    print(json.dumps(what), flush=True)


def tell_message(message):
    if isinstance(message, str):
        tell(text=message)
    else:
        tell(binary=bytes(message).decode('latin-1'))
