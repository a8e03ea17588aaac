"""nginx and HAProxy in front of Hubbub, as the README has them: only paths, names and ports are others.

proxies.py BINARY
"""

import contextlib
import functools
import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
from html.parser import HTMLParser
from http.client import HTTPSConnection
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

README = Path(__file__).resolve().parents[2] / "README.md"
DEADLINE_SECONDS = 20
POLL_SECONDS = 0.05
HOST = "chat.example.com"
# An address of this machine that nobody else listens at, so that a port which was free still is.
ADDRESS = "127.0.34.1"
CONNECTIONS_PER_ADDRESS = 4
NGINX_ALONE = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Process:
    """A child, ended by its id when the context is left."""

    def __init__(self, command, log, **environment):
        self._log = log
        with log.open("wb") as sink:
            pipes = {"stdin": subprocess.DEVNULL, "stdout": sink, "stderr": sink}
            self._child = subprocess.Popen(command, env=os.environ | environment, **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()

    def says(self, text):
        """Waits until it has said something."""
        assert eventually(lambda: text in self._log.read_text()), f"{text!r} is not in {self._log.read_text()[-1000:]!r}"

    def stop(self):
        self._child.send_signal(signal.SIGTERM)

    def ended(self):
        """Waits until it has ended by itself."""
        equal(self._child.wait(DEADLINE_SECONDS), 0)


def eventually(is_so):
    """Whether something is so before long."""
    until = time.monotonic() + DEADLINE_SECONDS
    while not (so := is_so()) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return so


def block(language, mark=""):
    """The code of this language in the README, the one with the mark in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    found = [code for code in blocks if mark in code]
    assert len(found) == 1, f"the README has {len(found)} of what is looked for in {language}"
    return found[0]


def placed(code, **places):
    """Code with other paths and ports, each of which must be in it."""
    for old, new in places.items():
        assert old in code, f"{old!r} is not in the README"
        code = code.replace(old, new)
    return code


def free_port():
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        return listener.getsockname()[1]


def certificate(folder):
    """A certificate of the moment, where both proxies look for it, and whom it has clients trust."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={HOST}"]
    command += ["-addext", f"subjectAltName=DNS:{HOST}"]
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run([*command, "-keyout", key, "-out", chain], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    (folder / "haproxy.pem").write_text(chain.read_text() + key.read_text())
    return ssl.create_default_context(cafile=chain)


def hubbub(binary, folder):
    code = placed(block("sh", "--unix-mode"), **{"/run/hubbub": str(folder)})
    command = [binary, *shlex.split(code)[1:]]
    bounds = {"HUBBUB_MAX_CONNECTIONS_PER_ADDRESS": str(CONNECTIONS_PER_ADDRESS)}
    return Process(command, folder / "hubbub.log", **bounds)


def nginx(folder, port):
    places = {"listen 443": f"listen {ADDRESS}:{port}", "/etc/ssl/hubbub": str(folder), "/run/hubbub": str(folder)}
    (folder / "site.conf").write_text(placed(block("nginx"), **places))
    (folder / "nginx.conf").write_text(NGINX_ALONE.format(folder=folder))
    return Process(["nginx", "-p", folder, "-c", folder / "nginx.conf"], folder / "nginx.log")


def haproxy(folder, port):
    places = {"bind :443": f"bind {ADDRESS}:{port}", "/etc/ssl/hubbub": str(folder), "/run/hubbub": str(folder)}
    (folder / "haproxy.cfg").write_text(placed(block("haproxy"), **places))
    return Process(["haproxy", "-db", "-f", folder / "haproxy.cfg"], folder / "haproxy.log")


class Site:
    """What people have of it: an address with TLS and a path of its own."""

    def __init__(self, port, trusting):
        self._port = port
        self._trusting = trusting

    def is_there(self):
        with contextlib.suppress(ConnectionRefusedError):
            self.dial().close()
            return True
        return False

    def dial(self):
        return socket.create_connection((ADDRESS, self._port), DEADLINE_SECONDS)

    def get(self, path):
        """Status, headers and body of what is there."""
        connection = HTTPSConnection(HOST, timeout=DEADLINE_SECONDS)
        connection.sock = self._trusting.wrap_socket(self.dial(), server_hostname=HOST)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def join(self, path, origin=f"https://{HOST}"):
        return connect(f"wss://{HOST}{path}", sock=self.dial(), ssl=self._trusting, origin=origin)


class Addresses(HTMLParser):
    """Whatever else a page loads."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in ("link", "script"):
            self.found += [value for name, value in attrs if name in ("href", "src") and not value.startswith("data:")]


def is_served_whole(site):
    status, headers, page = site.get("/chat/")
    equal((status, headers["Content-Type"].split(";")[0]), (200, "text/html"))
    addresses = Addresses(page).found
    assert len(addresses) > 5, addresses
    for address in addresses:
        path = urllib.parse.urljoin("/chat/", address)
        equal((path, site.get(path)[0]), (path, 200))


def is_found_without_the_slash(site):
    status, headers, _ = site.get("/chat")
    assert status in (301, 302), status
    equal(urllib.parse.urlsplit(headers["Location"]).path, "/chat/")


def chats(site):
    with site.join("/chat/ws?name=Ada") as ada, site.join("/chat/ws?name=Bob") as bob:
        for client in (ada, bob):
            client.send(json.dumps({"action": "join-channel", "message": "tea"}))
            hear(client, "joined")
        ada.send(json.dumps({"action": "send-message", "target": "tea", "message": "through a proxy"}))
        equal(hear(bob, "send-message", "sender")["message"], "through a proxy")


def hear(client, action, field="action"):
    """The next object of this kind that has this field."""
    while True:
        for line in client.recv(DEADLINE_SECONDS).split("\n"):
            said = json.loads(line)
            if said["action"] == action and field in said:
                return said


def turns_others_pages_away(site):
    try:
        with site.join("/chat/ws?name=Eve", origin="https://example.org"):
            raise AssertionError("a page of another origin comes in")
    except InvalidStatus as refused:
        equal(refused.response.status_code, 403)


def says_whom_it_speaks_for(site):
    with contextlib.ExitStack() as crowd:
        comers = (comes_in(site, crowd) for _ in range(CONNECTIONS_PER_ADDRESS + 1))
        assert not all(comers), "more come in than an address may have"

    def one_comes_in():
        with contextlib.ExitStack() as nobody:
            return comes_in(site, nobody)

    assert eventually(one_comes_in), "nobody comes in once they have left"


def comes_in(site, crowd):
    """Whether one more of this address is let in."""
    try:
        crowd.enter_context(site.join("/chat/relay"))
    except InvalidStatus as refused:
        equal(refused.response.status_code, 429)
        return False
    return True


def says_goodbye(site, server):
    with site.join("/chat/relay") as client:
        server.stop()
        try:
            client.recv(DEADLINE_SECONDS)
        except ConnectionClosed as closed:
            equal(closed.rcvd.code, 1001)


def is_taken_out_and_back_in(site, server, proxy, start_again):
    server.stop()
    proxy.says("Server hubbub/hubbub is DOWN")
    equal(site.get("/chat/")[0], 503)
    server.ended()
    with start_again():
        proxy.says("Server hubbub/hubbub is UP, reason: Layer7 check passed, code: 200")
        equal(site.get("/chat/")[0], 200)


def equal(actual, expected):
    assert actual == expected, f"{actual!r:.200} is not {expected!r:.200}"


def check(sentence, holds, *what):
    try:
        holds(*what)
    except Exception as error:
        print(f"not ok {sentence}: {type(error).__name__}: {error}", flush=True)
        return False
    print(f"ok {sentence}", flush=True)
    return True


def tried(name, start, binary):
    """Whether everything holds behind this proxy."""
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as running:
        folder = Path(made)
        trusting = certificate(folder)
        server = running.enter_context(hubbub(binary, folder))
        server.says("listening on")
        port = free_port()
        proxy = running.enter_context(start(folder, port))
        site = Site(port, trusting)
        assert eventually(site.is_there), f"{name} does not listen"
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
