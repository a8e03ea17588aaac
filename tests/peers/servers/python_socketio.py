"""python-socketio on aiohttp: an event `msg` goes to everyone. It asks for a sign of life every second."""

import asyncio

import socketio
from aiohttp import web

server = socketio.AsyncServer(async_mode='aiohttp', transports=['websocket'], ping_interval=1, ping_timeout=1)


@server.event
async def msg(_, text):
    await server.emit('msg', text)


async def main():
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, '127.0.0.1', 0).start()
    print(f'listening on 127.0.0.1:{runner.addresses[0][1]}', flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
