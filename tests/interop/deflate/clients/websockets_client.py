"""`websockets`, or a library that can be used like it.

websockets_client.py MODULE URL     MODULE has `connect`
"""

import asyncio
import importlib
import sys

from lines import commands, tell, tell_message


async def main(module, url):
    async with importlib.import_module(module).connect(url) as socket:
        tell(open=True)
        hearing = asyncio.create_task(hear(socket))
        async for kind, what in commands():
            if kind == 'ping':
                await (await socket.ping(what))
                tell(pong=what)
            else:
                await socket.send(what if len(what) > 1 else what[0])
        await socket.close()
        await hearing
        tell(closed=socket.close_code)


async def hear(socket):
    async for message in socket:
        tell_message(message)


asyncio.run(main(*sys.argv[1:]))
