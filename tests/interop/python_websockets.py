"""`websockets`, a WebSocket library of Python, as a client of Hubbub.

python_websockets.py check URL PID        checks a server, last that it says goodbye when PID gets SIGTERM
python_websockets.py meet URL ME OTHER…   stays in the lobby until everyone has been heard
"""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import signal
import sys
import urllib.parse

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

DEADLINE_SECONDS = 20
README = pathlib.Path(__file__).parents[2] / "README.md"


class Server:
    """Where the server is."""

    def __init__(self, url, pid=None):
        self.url = url
        self.pid = pid

    def join(self, path, **options):
        return connect(self.url + path, **options)


async def lines(client, count):
    """The next text messages, whichever way they share frames."""
    heard = []
    while len(heard) < count:
        heard += (await client.recv()).split("\n")
    assert len(heard) == count, f"{count} messages awaited, heard {heard}"
    return heard


async def ending(client):
    """The code and reason that the connection is closed with."""
    await client.wait_closed()
    return client.close_code, client.close_reason


def equal(actual, expected):
    assert actual == expected, f"{actual!r:.200} is not {expected!r:.200}"


async def hears_in_order(server, path):
    messages = [f"message {index}" for index in range(200)]
    async with server.join(path) as ada, server.join(path) as bob:
        for message in messages:
            await ada.send(message)
        equal(await lines(ada, 200), messages)
        equal(await lines(bob, 200), messages)
        await bob.send("from Bob")
        equal(await lines(ada, 1), ["from Bob"])
        equal(await lines(bob, 1), ["from Bob"])


async def relay(server):
    """two clients on /relay hear themselves and each other, in order"""
    await hears_in_order(server, "/relay?channel=python")


async def plain_hub(server):
    """two clients on /ws hear themselves and each other, in order"""
    await hears_in_order(server, "/ws")


async def channel_names(server):
    """a channel's name may be any text, and channels do not hear each other"""
    async with (
        server.join("/relay?channel=th%C3%A9%20vert") as tea,
        server.join("/relay?channel=caf%C3%A9") as coffee,
    ):
        await coffee.send("to coffee")
        equal(await lines(coffee, 1), ["to coffee"])
        await tea.send("to tea")
        equal(await lines(tea, 1), ["to tea"])


async def relayed_binary(server):
    """a relayed binary message is verbatim, in its place between texts"""
    async with server.join("/relay?channel=binary") as client:
        for message in ["before", b"\x00\n\xff\n", "after"]:
            await client.send(message)
        for message in ["before", b"\x00\n\xff\n", "after"]:
            equal(await client.recv(), message)


async def echo(server):
    """an echo is verbatim and of the same type"""
    async with server.join("/echo") as client:
        for message in [" text \n 日本語 ", b"\x00\x01\xfe\xff", "", b""]:
            await client.send(message)
            equal(await client.recv(), message)


async def ping(server):
    """a ping is answered with its own payload"""
    async with server.join("/echo") as client:
        await (await client.ping("are you there"))


async def subprotocol(server):
    """the subprotocol hubbub is answered, and no other"""
    for offered, answered in [(["other", "hubbub"], "hubbub"), (["other"], None), (None, None)]:
        async with server.join("/relay", subprotocols=offered) as client:
            equal(client.subprotocol, answered)


async def compression(server):
    """what is offered of permessage-deflate is agreed on, and what is deflated is heard"""
    async with server.join("/echo", compression="deflate") as client:
        agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        equal(client.response.headers["Sec-WebSocket-Extensions"], agreed)
        for message in ["compressible " * 1000, "", "short", "compressible " * 1000]:
            await client.send(message)
            equal(await client.recv(), message)


async def fragments(server):
    """fragments are one message, with a ping between them answered at once"""
    async with server.join("/echo") as client:

        async def parts():
            yield "one "
            yield "message "
            await (await client.ping())
            yield "in three"

        await client.send(parts())
        equal(await client.recv(), "one message in three")


async def large(server):
    """messages of 60,000 bytes come back whole, echoed and relayed"""
    for path in ["/echo", "/relay?channel=large"]:
        async with server.join(path) as client:
            for message in ["x" * 60_000, b"\x07" * 60_000]:
                await client.send(message)
                equal(await client.recv(), message)


async def oversize(server):
    """a message beyond 64 KiB closes with 1009, whole or in fragments"""
    for message in ["x" * 70_000, ["x" * 40_000, "x" * 40_000]]:
        async with server.join("/relay?channel=oversize") as client:
            await client.send(message)
            equal(await ending(client), (1009, "message too large"))


async def not_utf8(server):
    """text that is not UTF-8 closes with 1007"""
    async with server.join("/relay?channel=utf8") as client:
        await client.send(b"\xc3\x28", text=True)
        equal((await ending(client))[0], 1007)


async def unmasked(server):
    """a frame without a mask closes with 1002"""
    async with server.join("/relay?channel=mask") as client:
        client.transport.write(b"\x81\x04bare")
        equal((await ending(client))[0], 1002)


async def own_close(server):
    """a client's close is answered with its own code and reason"""
    for code, reason in [(1000, ""), (1000, "done"), (4321, "bye")]:
        async with server.join("/relay?channel=close") as client:
            await client.close(code, reason)
            equal(await ending(client), (code, reason))


async def refusal(server):
    """an unusable name or path is refused over HTTP"""
    for path, status in [("/ws?name=", 400), ("/relay?channel=", 400), ("/nowhere", 404)]:
        try:
            async with server.join(path):
                raise AssertionError(f"{path} was not refused")
        except InvalidStatus as error:
            equal(error.response.status_code, status)


async def recovery(server):
    """what the README shows for Python recovers what was said meanwhile, in order and once"""
    known = {"connect": connect, "ConnectionClosed": ConnectionClosed, "suppress": contextlib.suppress, "json": json}
    exec(re.search(r"```python\n(async def follow.*?)```", README.read_text(), re.DOTALL)[1], known)
    told = asyncio.Queue()
    cable = Cable(urllib.parse.urlsplit(server.url))
    async with await cable.listen() as listener, server.join("/ws?name=Ada") as ada:
        port = listener.sockets[0].getsockname()[1]
        following = asyncio.create_task(known["follow"](f"ws://127.0.0.1:{port}/ws?name=Bob", "tea", told.put_nowait))
        await next_of(told, "joined")
        await ada.send(json.dumps({"action": "join-channel", "message": "tea"}))
        said = []
        for number in range(9):
            if number in (3, 6):
                await cable.cut()
            await ada.send(json.dumps({"action": "send-message", "target": "tea", "message": str(number)}))
            if number in (2, 5, 8):
                cable.mend()
                while len(said) <= number:
                    message = await next_of(told, "send-message")
                    said += [message["message"]] if "sender" in message else []
        equal(said, [str(number) for number in range(9)])
        following.cancel()
        cable.mend()
        await cable.cut()


async def next_of(told, action):
    """The next object of this kind."""
    while (it := await told.get())["action"] != action:
        pass
    return it


class Cable:
    """A way to the server that can be cut, without a word to either side, and lets nobody through until it is mended."""

    def __init__(self, place):
        self.place = place
        self.whole = asyncio.Event()
        self.whole.set()
        self.writers = set()

    async def listen(self):
        return await asyncio.start_server(self.join, "127.0.0.1", 0)

    async def join(self, reader, writer):
        await self.whole.wait()
        there_reader, there_writer = await asyncio.open_connection(self.place.hostname, self.place.port)
        ends = {writer, there_writer}
        self.writers |= ends
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
        self.writers -= ends

    async def cut(self):
        self.whole.clear()
        for writer in self.writers:
            writer.transport.abort()

    def mend(self):
        self.whole.set()


async def pump(reader, writer):
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
    writer.transport.abort()


async def goodbye(server):
    """SIGTERM closes everyone with 1001"""
    async with contextlib.AsyncExitStack() as stack:
        paths = ["/relay", "/ws", "/echo"]
        everyone = [await stack.enter_async_context(server.join(path)) for path in paths]
        os.kill(server.pid, signal.SIGTERM)
        for client in everyone:
            equal(await ending(client), (1001, "server going away"))


async def meet(server, me, others):
    def hello(name):
        return f"{name} is here"

    awaited = {hello(name) for name in others}
    async with server.join("/ws") as client:
        await client.send(hello(me))
        while awaited:
            line = await client.recv()
            if line in awaited:
                awaited.remove(line)
                # Whoever came after us has not heard us yet.
                await client.send(hello(me))


async def passes(sentence, body):
    """Runs one check within the deadline and prints its result."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await body
    except Exception as error:
        why = str(error) or type(error).__name__
        print(f"not ok {sentence}: {why}", flush=True)
        return False
    print(f"ok {sentence}", flush=True)
    return True


async def main(mode, url, *rest):
    if mode == "meet":
        me, *others = rest
        sentence = f"{me} heard {' and '.join(others)} in the lobby"
        return await passes(sentence, meet(Server(url), me, others))
    server = Server(url, int(rest[0]))
    checks = [
        relay, plain_hub, channel_names, relayed_binary, echo, ping, subprotocol, compression, fragments,
        large, oversize, not_utf8, unmasked, own_close, refusal, recovery,
        goodbye,
    ]  # fmt: skip
    return all([await passes(check.__doc__, check(server)) for check in checks])


sys.exit(0 if asyncio.run(main(*sys.argv[1:])) else 1)
