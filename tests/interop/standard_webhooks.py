"""`standardwebhooks`, the library of Standard Webhooks for Python, hears from a real server, both as the README has them: only
places and secrets are others.

standard_webhooks.py BINARY
"""

import ast
import asyncio
import contextlib
import json
import shlex
import sys
import tempfile
from pathlib import Path

from websockets.asyncio.client import connect

from readme import block, placed
from serving import ADDRESS, Process, equal, eventually, free_port, is_open

SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]


class Story:
    """A receiver and a server, each with a secret in a folder."""

    def __init__(self, folder, binary):
        self._folder = folder
        self._binary = binary
        self.port = free_port()

    @contextlib.contextmanager
    def receiver(self, secret):
        places = {'"webhook-secret"': repr(self._keep("receiver", secret)), '"127.0.0.1", 9000': f'"{ADDRESS}", {self.port}'}
        script = self._folder / "receiver.py"
        script.write_text(placed(block("python", "standardwebhooks"), places))
        with Process([sys.executable, script], self._folder / "receiver.log"):
            assert eventually(lambda: is_open(self.port)), "the receiver does not listen"
            yield

    def server(self, secret):
        places = {
            "http://127.0.0.1:9000": f"http://{ADDRESS}:{self.port}",
            "--webhook-secret webhook-secret": f"--webhook-secret {self._keep('server', secret)}",
        }
        lines = block("sh", "--webhook-secret").splitlines()
        command = next(line for line in lines if line.startswith("hubbub --webhook "))
        flags = shlex.split(placed(command, places))[1:]
        return Process([self._binary, "--addr", f"{ADDRESS}:0", *flags], self._folder / "server.log")

    def url(self):
        """Where the server listens."""
        lines = self._said("server").splitlines()
        greeting = next(line for line in lines if line.startswith("hubbub listening on "))
        return greeting.split()[-1].replace("http", "ws", 1)

    def events(self):
        """What the receiver has believed, in this order."""
        return [ast.literal_eval(line) for line in self._said("receiver").splitlines() if line.startswith("{")]

    def names(self):
        return [event["event"] for event in self.events()]

    def _said(self, who):
        return (self._folder / f"{who}.log").read_text()

    def _keep(self, who, secret):
        path = self._folder / f"{who}-secret"
        path.write_text(f"{secret}\n")
        return str(path)


async def talk(url):
    """Someone comes, says something, and goes. Returns it as it was said."""
    async with connect(f"{url}/ws?name=Ada") as ada:
        await ada.send(json.dumps({"action": "join-channel", "message": "tea"}))
        await ada.send(json.dumps({"action": "send-message", "target": "tea", "message": "h\u00f6t <b>"}))
        while True:
            objects = [json.loads(line) for line in (await ada.recv()).split("\n")]
            for said in objects:
                if said["action"] == "send-message" and "sender" in said:
                    return said


def believed(story):
    """what Hubbub tells is believed, in order and without holes"""
    with story.receiver(SECRETS[0]), story.server(SECRETS[0]) as server:
        server.says("listening on")
        said = asyncio.run(talk(story.url()))
        assert eventually(lambda: "left" in story.names()), story.names()
        equal(story.names(), ["started", "occupied", "joined", "published", "left"])
        equal([event["n"] for event in story.events()], [1, 2, 3, 4, 5])
        equal(story.events()[3]["message"], said)
        server.stop()
        assert eventually(lambda: "vacated" in story.names()), story.names()
        server.ended()


def disbelieved(story):
    """what is signed with another secret is not"""
    with story.receiver(SECRETS[0]), story.server(SECRETS[1]) as server:
        server.says("was not told what happened")
        server.says("answer=401")
        equal(story.events(), [])


def main(binary):
    outcomes = []
    for check in [believed, disbelieved]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(Story(Path(folder), binary))
                outcomes.append(True)
                print(f"ok {check.__doc__}", flush=True)
            except Exception as error:
                outcomes.append(False)
                print(f"not ok {check.__doc__}: {error or type(error).__name__}", flush=True)
    return 0 if all(outcomes) else 1


sys.exit(main(*sys.argv[1:]))
