"""The clients that the test command tries."""

import json
import subprocess

from client import CLIENTS, INTEROP, Client

PYTHON = INTEROP / '.venv/bin/python'


def npm_version(package, folder=INTEROP):
    return lambda: json.loads((folder / 'node_modules' / package / 'package.json').read_text())['version']


def pypi_version(package, python=PYTHON):
    command = [python, '-c', f'from importlib.metadata import version; print(version("{package}"))']
    return lambda: subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


USUAL = [
    Client('ws', ['node', CLIENTS / 'ws.mjs'], npm_version('ws'), can_ping=True, can_fragment=True),
    Client('undici', ['node', CLIENTS / 'undici.mjs'], npm_version('undici'), deflates=False),
    Client(
        'websockets',
        [PYTHON, CLIENTS / 'websockets_client.py', 'websockets.asyncio.client'],
        pypi_version('websockets'),
        can_ping=True,
        can_fragment=True,
    ),
    Client('aiohttp, compress=15', [PYTHON, CLIENTS / 'aiohttp_client.py', 15], pypi_version('aiohttp')),
    Client(
        'aiohttp, compress=9',
        [PYTHON, CLIENTS / 'aiohttp_client.py', 9],
        pypi_version('aiohttp'),
        remark='asks for a window of 512 B',
    ),
    Client('wsproto', [PYTHON, CLIENTS / 'wsproto_client.py'], pypi_version('wsproto'), can_ping=True, can_fragment=True),
]
