"""Somebody's client as a program: it gets an address, is told in lines of JSON what to say, and tells what it hears.

It is told `{"text": PARTS}` and `{"binary": PARTS}`, the fragments of a message, and `{"ping": TEXT}`; at the end of its input it
closes with 1000. It tells `{"open": true}`, `{"text": TEXT}`, `{"binary": TEXT}`, `{"pong": TEXT}` and last `{"closed": CODE}`.
Bytes are characters to U+00FF."""

import asyncio
import json

from support.process import BOUND

DEADLINE_SECONDS = 20
# The largest line, of which each byte may be an escape of six characters.
LINE_BYTES = 1 << 20
SHOWN_CHARS = 300


class Speaker:
    """A running one; the context ends with it."""

    def __init__(self, command, url):
        self._command = [*map(str, [*BOUND, *command]), url]

    async def __aenter__(self):
        pipe = asyncio.subprocess.PIPE
        pipes = {'stdin': pipe, 'stdout': pipe, 'stderr': pipe, 'limit': LINE_BYTES}
        self._process = await asyncio.create_subprocess_exec(*self._command, **pipes)
        self._errors = asyncio.create_task(self._process.stderr.read())
        try:
            await self.hear('open')
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def say(self, **what):
        self._process.stdin.write(json.dumps(what).encode() + b'\n')

    async def hear(self, kind):
        """What it tells next, which must be of a kind."""
        told = await self._next()
        assert kind in told, f'{kind} awaited, and it tells {told!r:.{SHOWN_CHARS}}'
        return told[kind]

    async def leave(self):
        """Has it close, which must be answered, whatever it still hears meanwhile."""
        self._process.stdin.close()
        while 'closed' not in (told := await self._next()):
            pass
        assert told['closed'] == 1000, f'closed with {told["closed"]}'
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._process.wait()

    async def _next(self):
        async with asyncio.timeout(DEADLINE_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            said = (await self._errors).decode(errors='replace').strip()
            raise AssertionError(f'it ended: {said[-SHOWN_CHARS:]}')
        return json.loads(line)
