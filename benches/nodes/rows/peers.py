"""Two servers that are one hub, beside two of Socket.IO: how many messages a second they bring to everyone in time."""

import statistics
from contextlib import ExitStack

from bench.loadgen import loadgen
from bench.peers import Peer, install, install_npm, is_there
from bench.processes import Server

from .around import HERE, Beside, node

FOLDER = HERE / 'socket.io'
# Debian packages, by their programs.
NEEDS = {'node': 'nodejs', 'npm': 'npm'}
# Of each of the two servers there are half.
CLIENTS = 500
SEARCH = ['--clients', CLIENTS, '--slo', 'p99<50ms', '--warmup', '500ms', '--duration', '1s', '--settle', '3s']
SOCKET_IO = ['--rate', 100]
HUBBUB = ['--rate', 2000]
# A search that takes longer is ended with what it found.
SEARCH_SECONDS = 60


def hubbub(redis):
    return node(redis)


def socket_io(way):
    """A server of it whose adapter goes that way through Redis."""

    def start(redis):
        command = ['node', FOLDER / 'server.mjs', 0, redis.socket, way]
        return Server(Peer(f'socket.io-{way}', '', command=command))

    return start


WAYS = {
    'hubbub': (hubbub, '/ws', 'chat', HUBBUB),
    'socket.io with streams': (socket_io('streams'), '/socket.io/?EIO=4&transport=websocket', 'socketio', SOCKET_IO),
    'socket.io with pub/sub': (socket_io('pubsub'), '/socket.io/?EIO=4&transport=websocket', 'socketio', SOCKET_IO),
}


def rate(rounds):
    """The highest rate that 250 clients of each of two servers get with a p99 below 50 ms, to that of Socket.IO."""
    install([package for program, package in NEEDS.items() if not is_there(program)])
    install_npm(FOLDER)()
    found = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            found[name].append(search(*way))
    ours = found.pop('hubbub')
    print(f'hubbub: {shown(ours)} messages a second')
    is_limit = sum(is_least for _, is_least in ours) > len(ours) / 2
    for name, theirs in found.items():
        ratio = statistics.median(one / max(other, 1) for (one, _), (other, _) in zip(ours, theirs, strict=True))
        print(f'{name}: {shown(theirs)} messages a second; hubbub has {ratio:.3g} times as many', end='; ')
        print('met' if ratio >= 20 or is_limit else 'NOT MET', '(at least 20, or in most rounds the limit of the load generator)')


def shown(found):
    """Rates, and which of them were the limit of the load generator."""
    return ', '.join(f'{rate:,.0f}' + (' or more' if is_least else '') for rate, is_least in found)


def search(start, path, protocol, flags):
    """The highest rate, and whether it was the load generator that could do no more."""
    with ExitStack() as stack:
        redis = stack.enter_context(Beside())
        words = []
        for _ in range(2):
            server = stack.enter_context(start(redis))
            port = server.url.split(':')[2].split('/')[0]
            words += ['--url', f'ws://127.0.0.1:{port}{path}', '--server-pid', server.process.pid]
        result = loadgen('search', *words, *SEARCH, *flags, protocol=protocol, seconds=SEARCH_SECONDS)
    return result.get('best', {}).get('rate', 0), not result['valid']
