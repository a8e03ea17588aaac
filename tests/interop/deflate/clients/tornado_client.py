"""`tornado`, told to deflate."""

import asyncio
import sys

from lines import commands, tell, tell_message
from tornado.websocket import websocket_connect


async def main(url):
    socket = await websocket_connect(url, compression_options={})
    tell(open=True)
    hearing = asyncio.create_task(hear(socket))
    async for _, [message] in commands():
        await socket.write_message(message, binary=not isinstance(message, str))
    socket.close(1000)
    await hearing
    tell(closed=socket.close_code)


async def hear(socket):
    while (message := await socket.read_message()) is not None:
        tell_message(message)


asyncio.run(main(sys.argv[1]))
