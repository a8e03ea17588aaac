"""The servers: where they are, what they need, how they are built and started. Each is told to listen on port 0."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .processes import Failed

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
RELEASE = ROOT / 'target/release'
GOCODE = Path('/usr/share/gocode')
APT_SECONDS = 600
BUILD_SECONDS = 1800


@dataclass
class Peer:
    """A server that can be measured."""

    name: str
    about: str
    # Debian packages by a program or file that is there once they are installed.
    needs: dict = field(default_factory=dict)
    build: Callable = lambda: None
    find_command: Callable = lambda: []
    version: Callable = lambda: ''
    path: str = '/'
    # What the load generator speaks with it.
    protocol: str = 'raw'
    # What has it deflate for those who offer that, if anything does.
    deflates: list = field(default_factory=list)
    command: list = field(default_factory=list)

    def prepare(self):
        """Installs and builds it; fails with the reason if it cannot be had here."""
        install([package for there, package in self.needs.items() if not is_there(there)])
        self.build()
        self.command = self.find_command()


def run(command, folder=ROOT, seconds=BUILD_SECONDS, **environment):
    """Runs a command of the preparation; what it says is shown if it fails, and else returned."""
    environment = os.environ | environment
    name = ' '.join([Path(command[0]).name, *map(str, command[1:])])
    try:
        ended = subprocess.run(
            list(map(str, command)), cwd=folder, env=environment, timeout=seconds,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f'`{name}` did not run: {error.__class__.__name__}') from error
    if ended.returncode != 0:
        print(ended.stdout, file=sys.stderr)
        raise Failed(f'`{name}` failed, with exit status {ended.returncode}')
    return ended.stdout.strip()


def is_there(what):
    return Path(what).exists() if what.startswith('/') else shutil.which(what) is not None


def install(packages):
    """Installs Debian packages where that may be."""
    if packages:
        run([ROOT / 'tests/support/debian', *packages], seconds=APT_SECONDS)


def build_crate(folder):
    return lambda: run(['cargo', 'build', '--release', '--locked'], HERE / folder)


def build_go():
    run(['go', 'build', '-o', 'gorilla', '.'], HERE / 'gorilla', GOPATH=str(GOCODE), GO111MODULE='off')


def install_npm(folder):
    return lambda: run(['npm', 'ci', '--no-audit', '--no-fund'], HERE / folder, seconds=APT_SECONDS)


def bun():
    """The binary: where its package's install script may not run, it stays in the package of its platform."""
    modules = HERE / 'bun/node_modules'
    for binary in [modules / 'bun/bin/bun.exe', *modules.glob('@oven/bun-*/bin/bun')]:
        try:
            run([binary, '--version'], seconds=10)
        except Failed:
            continue
        return binary
    raise Failed('its package brought no binary that runs here')


def locked(folder, crate):
    lock = (HERE / folder / 'Cargo.lock').read_text()
    return re.search(rf'name = "{crate}"\nversion = "(.*)"', lock)[1]


def dependency(name, folder='node-ws'):
    return json.loads((HERE / folder / 'package.json').read_text())['dependencies'][name]


def commit():
    changed = run(['git', 'status', '--porcelain', '--untracked-files=no'])
    return run(['git', 'rev-parse', '--short', 'HEAD']) + (' with changes' if changed else '')


def floor(style, about):
    return Peer(
        name=f'floor-{style}',
        about=about,
        build=build_crate('floor'),
        find_command=lambda: [HERE / 'floor/target/release/floor', 0, style],
        version=lambda: run(['rustc', '--version']),
    )


PEERS = [
    floor('batched', 'the floor: one `send` per client of all that is pending'),
    floor('each', 'the floor: one `send` per client and message'),
    Peer(
        name='hubbub',
        about='Hubbub, `/relay`',
        path='/relay',
        deflates=['--compress', 'on'],
        find_command=lambda: [RELEASE / 'hubbub', '--addr', '127.0.0.1:0', '--log-level', 'error'],
        version=lambda: f'{run([RELEASE / "hubbub", "--version"])}, {commit()}',
    ),
    Peer(
        name='bun',
        about='Bun (uWebSockets inside), topics',
        needs={'node': 'nodejs', 'npm': 'npm'},
        build=install_npm('bun'),
        deflates=['deflate'],
        find_command=lambda: [bun(), HERE / 'bun/server.mjs', 0],
        version=lambda: f'Bun {run([bun(), "--version"])}',
    ),
    Peer(
        name='axum',
        about='axum, tokio broadcast; who lags 1,024 messages is disconnected',
        build=build_crate('axum'),
        find_command=lambda: [HERE / 'axum/target/release/axum-peer', 0],
        version=lambda: f'axum {locked("axum", "axum")}, tokio {locked("axum", "tokio")}',
    ),
    Peer(
        name='gorilla',
        about='gorilla chat, Go; who is 256 messages behind is evicted',
        needs={'go': 'golang-go', str(GOCODE / 'src/github.com/gorilla/websocket'): 'golang-github-gorilla-websocket-dev'},
        build=build_go,
        find_command=lambda: [HERE / 'gorilla/gorilla', 0],
        version=lambda: ', gorilla/websocket '.join(
            [run(['go', 'version']), run(['dpkg-query', '-f', '${Version}', '-W', 'golang-github-gorilla-websocket-dev'])]
        ),
    ),
    Peer(
        name='node-ws',
        about='Node.js, ws',
        deflates=['deflate'],
        needs={'node': 'nodejs', 'npm': 'npm'},
        build=install_npm('node-ws'),
        find_command=lambda: ['node', HERE / 'node-ws/server.mjs', 0],
        version=lambda: f'Node.js {run(["node", "--version"])}, ws {dependency("ws")}, bufferutil {dependency("bufferutil")}',
    ),
    Peer(
        name='socket.io',
        about='Socket.IO, WebSocket only; its 12 bytes around each message',
        path='/socket.io/?EIO=4&transport=websocket',
        protocol='socketio',
        needs={'node': 'nodejs', 'npm': 'npm'},
        build=install_npm('socket.io'),
        find_command=lambda: ['node', HERE / 'socket.io/server.mjs', 0],
        version=lambda: f'Node.js {run(["node", "--version"])}, Socket.IO {dependency("socket.io", "socket.io")}',
    ),
]
