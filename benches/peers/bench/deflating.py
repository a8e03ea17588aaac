"""What it costs that what people write is deflated, and what it saves: each figure against its bound.

Messages are of words as unevenly drawn as people use them. CPU is the server's; where two of it are compared, all clients
offer to inflate, and one of the servers declines."""

import random
import statistics
import time
import zlib
from contextlib import ExitStack, closing
from dataclasses import replace

from .bounds import verdict
from .loadgen import against, compare
from .peers import PEERS, ROOT
from .processes import Failed, Server, cpu_seconds
from .wire import Client, frame, metric

CHAT = ['--payload', 'chat']
SATURATED = ['--publishers', 10, '--window', 8, '--settle', '15s']
ONE_BY_ONE = ['--publishers', 1, '--window', 1]
PLAIN = ['--compress', 'off']
# How many of the clients inflate.
SHARES = ['0%', '50%', '100%']
# People who speak at a time, where it is the bytes that count.
FEW = 5
# Long enough that all who speak at a time are heard in one turn.
WINDOW = ['--batch-window', '5ms']
HUBBUB = next(peer for peer in PEERS if peer.name == 'hubbub')
BUN = 'bun'
OFFER = 'Sec-WebSocket-Extensions: permessage-deflate'
WORDS = (ROOT / 'loadgen/words.txt').read_text().split()
# Each as often as people use it, in proportion (Zipf's law).
WEIGHTS = [1 / rank for rank, _ in enumerate(WORDS, 1)]
# Clients that say something, how often, and how much.
SPEAKERS, SPOKEN, SPOKEN_BYTES = 100, 300, 200
# The end of each of these messages.
MARK = b'<end>'
# Connections that come before memory is looked at, so that what a server allocates once is not taken for theirs.
EARLY_CLIENTS = 20
# The server adds its memory up once in so long at most.
LEDGER_SECONDS = 1.1
RESIDENT = 'process_resident_memory_bytes'


def deflating(peer):
    """The server as it deflates for those who offer that."""
    return replace(peer, command=[*peer.command, *peer.deflates])


def plain(peer):
    return replace(peer, name=f'{peer.name}, plain', command=[*peer.command, *PLAIN])


def saturated(run):
    """All of 1,000 clients inflate or none, saturated: CPU per delivery."""
    return all_or_none(run, 'saturated, 1,000 clients: CPU per delivery, all deflated ÷ all plain', 1, *SATURATED)


def one_by_one(run):
    """The same of messages of 1 KB, one after the other."""
    what = '1 KB, one at a time, 1,000 clients: CPU per delivery, all deflated ÷ all plain'
    return all_or_none(run, what, 1.05, *ONE_BY_ONE, '--size', '1KiB')


def all_or_none(run, what, most, *flags):
    costs = side_by_side(run, [deflating(HUBBUB), plain(HUBBUB)], '--clients', 1000, *flags)
    return verdict(what, ratios(*costs.values()), most)


def saturated_beside_bun(run):
    """500 clients, 400 B, saturated, with Bun that deflates (and ws): CPU per delivery."""
    return beside_bun(run, 'saturated', 0.05, *SATURATED)


def one_by_one_beside_bun(run):
    """The same of one message after the other."""
    return beside_bun(run, 'one at a time', 0.6, *ONE_BY_ONE)


def beside_bun(run, how, most, *flags):
    peers = [deflating(peer) for peer in run.peers if peer.deflates]
    if not {HUBBUB.name, BUN}.issubset(peer.name for peer in peers):
        raise Failed(f'it takes {HUBBUB.name} and {BUN}')
    costs = side_by_side(run, peers, '--clients', 500, '--size', '400B', *flags)
    for name, cost in costs.items():
        run.measured.note(f'deflated, 400 B, {how}, 500 clients: {statistics.median(cost):.3g} µs per delivery of {name}')
    what = f'400 B, {how}, 500 clients, deflated: CPU per delivery ÷ that of Bun'
    return verdict(what, ratios(costs[HUBBUB.name], costs[BUN]), most)


def ratios(costs, others):
    return [cost / other for cost, other in zip(costs, others, strict=True)]


def side_by_side(run, peers, *flags):
    """CPU per delivery of servers, by round, in interleaved rounds."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(peer)) for peer in peers]
        times = ['--warmup', run.duration(300), '--duration', run.duration(700)]
        results = compare(servers, run.rounds, '--load', 'saturate', '--compress', *CHAT, *times, *flags)
    run.note_faults('deflated', results)
    return {name: [round_['cpu_us_per_delivery'] for round_ in rounds] for name, rounds in results.items()}


def half(run):
    """Every other of 1,000 clients inflates, or all, or none, saturated: CPU per delivery."""
    flags = ['--clients', 1000, *CHAT, *SATURATED, '--warmup', run.duration(300), '--duration', run.duration(700)]
    found = []
    with Server(deflating(HUBBUB)) as server:
        for round_ in range(run.rounds):
            costs = {}
            for share in SHARES if round_ % 2 == 0 else reversed(SHARES):
                result = against(server, 'saturate', *flags, f'--compress={share}')
                costs[share] = result['server']['cpu_us_per_delivery']
            found.append(costs['50%'] / max(costs['0%'], costs['100%']))
            print(', '.join(f'{costs[share]:.3g} µs with {share}' for share in SHARES), flush=True)
    return verdict('half deflated: CPU per delivery ÷ the dearer of all and none', found, 1.1)


def wire_of_10(run):
    """Bytes on the wire of 64 B in batches of 10."""
    return wire(run, 2, 0.4)


def wire_of_40(run):
    """The same in batches of 40."""
    return wire(run, 8, 0.3)


def wire(run, each, most):
    """Of messages of which few people say so many each at a time: the times in their stamps are hardly to be deflated."""
    flags = ['--clients', 100, '--publishers', FEW, '--window', each, '--duration', run.duration(1000), *CHAT]
    found = []
    with Server(deflating(HUBBUB), *WINDOW) as server:
        for _ in range(run.rounds):
            results = [against(server, 'saturate', *flags, f'--compress={share}')['throughput'] for share in ('100%', '0%')]
            deflated, plain = (result['bytes_per_second'] / result['delivered_per_second'] for result in results)
            found.append(deflated / plain)
            batches = ' and '.join(f'{result["mean_batch"]:.1f}' for result in results)
            print(f'{deflated:.1f} B of each message, {plain:.1f} plain, in batches of {batches}', flush=True)
    return verdict(f'64 B in batches of {FEW * each}: bytes on the wire, deflated ÷ plain', found, most)


def idle(run):
    """Memory of an idle connection, with what is agreed on and without."""
    found = []
    for _ in range(run.rounds):
        (with_it, resident), (without, resident_without) = (idle_bytes(run.idle_clients, *offer) for offer in ([OFFER], []))
        found.append(with_it - without)
        print(f'{with_it:.1f} B and {without:.1f}; resident {resident:.0f} B and {resident_without:.0f}', flush=True)
    return verdict('idle: memory of a connection, with what is agreed on − without, B', found, 0)


def idle_bytes(clients, *headers):
    """What each of many connections takes of a new server, by its own ledger, and of resident memory."""
    with Server(deflating(HUBBUB)) as server, ExitStack() as stack:

        def come(count):
            for _ in range(count):
                client = stack.enter_context(closing(Client(server, '/relay', *headers)))
                client.read_until(b'\r\n\r\n', 1)
            time.sleep(LEDGER_SECONDS)
            return [metric(server, sample) for sample in ('hubbub_memory_bytes{part="connections"}', RESIDENT)]

        before = come(EARLY_CLIENTS)
        return [(after - before) / clients for before, after in zip(before, come(clients), strict=True)]


def inbound(run):
    """What 100 clients say, one message of 200 B each a turn, deflated or not, and nothing goes out deflated: CPU per message."""
    found = []
    with Server(deflating(HUBBUB), '--compress-min', '1MiB') as server:
        for _ in range(run.rounds):
            deflated, plain = (heard_us(server, is_deflated) for is_deflated in (True, False))
            found.append(deflated / plain)
            print(f'{deflated:.3g} µs a message, {plain:.3g} plain', flush=True)
    return verdict('200 B from a client: CPU per message, deflated ÷ plain', found, 2)


def heard_us(server, is_deflated):
    """CPU per message of clients of whom each is alone in its channel, microseconds."""
    chance = random.Random(1)
    headers = [OFFER] if is_deflated else []
    with ExitStack() as stack:
        speakers = {}
        for number in range(SPEAKERS):
            client = stack.enter_context(closing(Client(server, f'/relay?channel={number}', *headers)))
            client.read_until(b'\r\n\r\n', 1)
            speakers[client] = spoken(chance, is_deflated)
        before = cpu_seconds(server.pid)
        for _ in range(SPOKEN):
            for client, words in speakers.items():
                client.say(words)
            for client in speakers:
                client.read_until(MARK, 1)
        return (cpu_seconds(server.pid) - before) / SPOKEN / SPEAKERS * 1e6


def spoken(chance, is_deflated):
    """A frame with a message, which ends in a mark."""
    text = ' '.join(chance.choices(WORDS, WEIGHTS, k=SPOKEN_BYTES))[: SPOKEN_BYTES - len(MARK)].encode() + MARK
    if not is_deflated:
        return frame(text)
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    payload = deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return frame(payload.removesuffix(b'\0\0\xff\xff'), True)


ROWS = {
    'saturated': saturated,
    'one': one_by_one,
    'saturated-bun': saturated_beside_bun,
    'one-bun': one_by_one_beside_bun,
    'wire-10': wire_of_10,
    'wire-40': wire_of_40,
    'idle': idle,
    'half': half,
    'inbound': inbound,
}
