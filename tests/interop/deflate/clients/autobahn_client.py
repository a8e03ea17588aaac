"""`autobahn` on asyncio, offering what its documentation does."""

import asyncio
import sys
from urllib.parse import urlsplit

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
from lines import commands, tell, tell_message


class Protocol(WebSocketClientProtocol):
    def onOpen(self):
        tell(open=True)
        self.factory.saying = asyncio.create_task(self.say_all())

    async def say_all(self):
        async for _, parts in commands():
            is_text = isinstance(parts[0], str)
            self.sendMessage(''.join(parts).encode() if is_text else b''.join(parts), isBinary=not is_text)
        self.sendClose(1000)

    def onMessage(self, payload, isBinary):
        tell_message(payload if isBinary else payload.decode())

    def onClose(self, wasClean, code, reason):
        tell(closed=code)
        self.factory.closed.set_result(None)


def accept(answer):
    return PerMessageDeflateResponseAccept(answer) if isinstance(answer, PerMessageDeflateResponse) else None


async def main(url):
    loop, place = asyncio.get_running_loop(), urlsplit(url)
    factory = WebSocketClientFactory(url)
    factory.protocol, factory.closed = Protocol, loop.create_future()
    factory.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept)
    await loop.create_connection(factory, place.hostname, place.port)
    await factory.closed


asyncio.run(main(sys.argv[1]))
