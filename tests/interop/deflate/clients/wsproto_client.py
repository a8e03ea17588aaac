"""A small client over `wsproto`, which is a protocol without sockets."""

import asyncio
import sys
from urllib.parse import urlsplit

from lines import commands, tell, tell_message
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Ping, Pong, Request
from wsproto.extensions import PerMessageDeflate

READ_BYTES = 1 << 16


async def main(url):
    place = urlsplit(url)
    target = f'{place.path}?{place.query}' if place.query else place.path
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    socket = WSConnection(ConnectionType.CLIENT)

    def send(*events):
        writer.write(b''.join(socket.send(event) for event in events))

    send(Request(host=place.netloc, target=target, extensions=[PerMessageDeflate()]))
    hearing = asyncio.create_task(hear(reader, socket, send))
    async for kind, what in commands():
        if kind == 'ping':
            send(Ping(what.encode()))
        else:
            send(*(Message(part, message_finished=part_number == len(what)) for part_number, part in enumerate(what, 1)))
    send(CloseConnection(1000))
    await hearing
    writer.close()


async def hear(reader, socket, send):
    parts = []
    while some := await reader.read(READ_BYTES):
        socket.receive_data(some)
        for event in socket.events():
            match event:
                case AcceptConnection():
                    tell(open=True)
                case Message():
                    parts.append(event.data)
                    if event.message_finished:
                        tell_message((b'' if isinstance(event, BytesMessage) else '').join(parts))
                        parts = []
                case Ping() if socket.state is ConnectionState.OPEN:
                    send(event.response())
                case Pong():
                    tell(pong=event.payload.decode())
                case CloseConnection():
                    tell(closed=event.code)
                    return


asyncio.run(main(sys.argv[1]))
