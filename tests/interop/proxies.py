"""nginx and HAProxy in front of Hubbub, as the README has them: only paths, names and ports are others.

proxies.py BINARY
"""

import asyncio
import contextlib
import functools
import json
import shlex
import ssl
import sys
import tempfile
import urllib.parse
from html.parser import HTMLParser
from http.client import HTTPSConnection
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import serving
from readme import block, placed
from serving import ADDRESS, DEADLINE_SECONDS, HOST, Process, certificate, dial, equal, eventually, free_port, is_open

CONNECTIONS_PER_ADDRESS = 4


def hubbub(binary, folder):
    code = placed(block("sh", "--unix-mode"), {"/run/hubbub": str(folder)})
    command = [binary, *shlex.split(code)[1:]]
    bounds = {"HUBBUB_MAX_CONNECTIONS_PER_ADDRESS": str(CONNECTIONS_PER_ADDRESS)}
    return Process(command, folder / "hubbub.log", **bounds)


def nginx(folder, port):
    places = {"listen 443": f"listen {ADDRESS}:{port}", "/etc/ssl/hubbub": str(folder), "/run/hubbub": str(folder)}
    return serving.nginx(folder, placed(block("nginx"), places))


def haproxy(folder, port):
    places = {"bind :443": f"bind {ADDRESS}:{port}", "/etc/ssl/hubbub": str(folder), "/run/hubbub": str(folder)}
    (folder / "haproxy.cfg").write_text(placed(block("haproxy", "frontend site"), places))
    return Process(["haproxy", "-db", "-f", folder / "haproxy.cfg"], folder / "haproxy.log")


class Site:
    """What people have of it: an address with TLS and a path of its own."""

    def __init__(self, port, trusting):
        self._port = port
        self._trusting = trusting

    def get(self, path):
        """Status, headers and body of what is there."""
        connection = HTTPSConnection(HOST, timeout=DEADLINE_SECONDS)
        connection.sock = self._trusting.wrap_socket(dial(self._port), server_hostname=HOST)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def join(self, path, origin=f"https://{HOST}"):
        return connect(f"wss://{HOST}{path}", sock=dial(self._port), ssl=self._trusting, origin=origin)


class Addresses(HTMLParser):
    """Whatever else a page loads."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in ("link", "script"):
            self.found += [value for name, value in attrs if name in ("href", "src") and not value.startswith("data:")]


async def is_served_whole(site):
    status, headers, page = site.get("/chat/")
    equal((status, headers["Content-Type"].split(";")[0]), (200, "text/html"))
    addresses = Addresses(page).found
    assert len(addresses) > 5, addresses
    for address in addresses:
        path = urllib.parse.urljoin("/chat/", address)
        equal((path, site.get(path)[0]), (path, 200))


async def is_found_without_the_slash(site):
    status, headers, _ = site.get("/chat")
    assert status in (301, 302), status
    equal(urllib.parse.urlsplit(headers["Location"]).path, "/chat/")


async def chats(site):
    async with site.join("/chat/ws?name=Ada") as ada, site.join("/chat/ws?name=Bob") as bob:
        for client in (ada, bob):
            await client.send(json.dumps({"action": "join-channel", "message": "tea"}))
            await hear(client, "joined")
        await ada.send(json.dumps({"action": "send-message", "target": "tea", "message": "through a proxy"}))
        equal((await hear(bob, "send-message", "sender"))["message"], "through a proxy")


async def hear(client, action, field="action"):
    """The next object of this kind that has this field."""
    while True:
        for line in (await asyncio.wait_for(client.recv(), DEADLINE_SECONDS)).split("\n"):
            said = json.loads(line)
            if said["action"] == action and field in said:
                return said


async def turns_others_pages_away(site):
    with refused(403):
        async with site.join("/chat/ws?name=Eve", origin="https://example.org"):
            pass


async def says_whom_it_speaks_for(site):
    async with contextlib.AsyncExitStack() as crowd:
        with refused(429):
            for _ in range(CONNECTIONS_PER_ADDRESS + 1):
                await crowd.enter_async_context(site.join("/chat/relay"))


@contextlib.contextmanager
def refused(status):
    try:
        yield
    except InvalidStatus as error:
        equal(error.response.status_code, status)
    else:
        raise AssertionError(f"let in, where {status} would be the answer")


async def says_goodbye(site, server):
    async with site.join("/chat/relay") as client:
        server.stop()
        await asyncio.wait_for(client.wait_closed(), DEADLINE_SECONDS)
        equal(client.close_code, 1001)


async def is_taken_out_and_back_in(site, server, proxy, start_again):
    server.stop()
    proxy.says("Server hubbub/hubbub is DOWN")
    equal(site.get("/chat/")[0], 503)
    server.ended()
    with start_again():
        proxy.says("Server hubbub/hubbub is UP, reason: Layer7 check passed, code: 200")
        equal(site.get("/chat/")[0], 200)


def check(sentence, holds, *what):
    try:
        asyncio.run(holds(*what))
    except Exception as error:
        print(f"not ok {sentence}: {type(error).__name__}: {error}", flush=True)
        return False
    print(f"ok {sentence}", flush=True)
    return True


def tried(name, start, binary):
    """Whether everything holds behind this proxy."""
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as running:
        folder = Path(made)
        trusting = ssl.create_default_context(cafile=certificate(folder))
        server = running.enter_context(hubbub(binary, folder))
        server.says("listening on")
        port = free_port()
        proxy = running.enter_context(start(folder, port))
        assert eventually(lambda: is_open(port)), f"{name} does not listen"
        site = Site(port, trusting)
        outcomes = [
            check(f"{name} serves the page with all that it loads under a path", is_served_whole, site),
            check(f"{name} finds the page without the slash too", is_found_without_the_slash, site),
            check(f"{name} lets people chat over wss://", chats, site),
            check(f"{name} leaves it to Hubbub to turn pages of other origins away", turns_others_pages_away, site),
            check(f"{name} says whom it speaks for", says_whom_it_speaks_for, site),
        ]
        if start is haproxy:
            sentence = "HAProxy takes out a server that stops, and back in one that serves"
            start_again = functools.partial(hubbub, binary, folder)
            outcomes.append(check(sentence, is_taken_out_and_back_in, site, server, proxy, start_again))
        else:
            outcomes.append(check("nginx passes on why the server closes", says_goodbye, site, server))
        return all(outcomes)


def main():
    outcomes = [tried("nginx", nginx, sys.argv[1]), tried("HAProxy", haproxy, sys.argv[1])]
    sys.exit(not all(outcomes))


main()
