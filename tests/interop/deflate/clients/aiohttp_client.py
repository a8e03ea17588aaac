"""`aiohttp`, asking for a window.

aiohttp_client.py BITS URL
"""

import asyncio
import sys

from aiohttp import ClientSession
from lines import commands, tell, tell_message


async def main(bits, url):
    async with ClientSession() as session, session.ws_connect(url, compress=int(bits)) as socket:
        tell(open=True)
        hearing = asyncio.create_task(hear(socket))
        async for _, [message] in commands():
            await (socket.send_str if isinstance(message, str) else socket.send_bytes)(message)
        await socket.close()
        await hearing
        tell(closed=socket.close_code)


async def hear(socket):
    async for message in socket:
        tell_message(message.data)


asyncio.run(main(*sys.argv[1:]))
