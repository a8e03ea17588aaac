"""What a server costs that is one of a hub, and what it costs Redis, while 500 clients of a chat are told as much as possible."""

import time
from concurrent.futures import ThreadPoolExecutor

from bench.bounds import verdict
from bench.loadgen import loadgen

from .around import JOURNAL, Beside, alone, node
from .resp import Bare, Connection

CLIENTS = ['--clients', 500]
SECONDS = 3
LOAD = [*CLIENTS, '--load', 'saturate']
# With the fewer of them all wait for Redis at once. Those who load sleep meanwhile, and to send to who sleeps costs a server about
# twice as much, on some machines; with the more somebody always has something to do.
WINDOWS = [8, 128]


def server(rounds):
    """Its CPU per delivery, with Redis to without."""
    with Beside() as redis, node(redis) as one, alone() as other:
        targets = []
        for name, server in (('redis', one), ('alone', other)):
            targets += ['--target', f'{name}=ws://127.0.0.1:{server.port}/ws', '--server-pid', server.process.pid]
        for window in WINDOWS:
            result = loadgen('compare', *targets, *LOAD, '--window', window, '--rounds', rounds, protocol='chat')
            compared(result['rounds'], window)


def compared(rounds, window):
    used = {}
    for round_ in rounds:
        used.setdefault(round_['round'], {})[round_['target']] = round_
    pairs = [(pair['redis'], pair['alone']) for pair in used.values()]
    print(f'{window} messages of each of ten publishers under way:')
    for figure in ('mean_batch', 'delivered_per_second', 'cpu_us_per_delivery'):
        one, other = ([pair[side][figure] for pair in pairs] for side in (0, 1))
        print(f'{figure}: {sorted(one)[len(one) // 2]:.3g} with Redis, {sorted(other)[len(other) // 2]:.3g} without')
    ratios = [one['cpu_us_per_delivery'] / other['cpu_us_per_delivery'] for one, other in pairs]
    verdict('CPU per delivery, with Redis / without', ratios, 1.2)


def redis(rounds):
    """Redis' CPU per message, to that of entries with the same bytes which a bare client appends and another reads, as many in
    a second, while a server that is alone has as much to do."""
    ratios = []
    with Beside() as redis, node(redis) as hub, alone() as other, Connection(redis.socket) as asking:
        bare = Bare(redis.socket)
        for _ in range(rounds):
            entries, before = redis.entries(), redis.cpu_seconds()
            saturate(hub)
            used, entries = redis.cpu_seconds() - before, redis.entries() - entries
            same = asking.ask('XREVRANGE', JOURNAL, '+', '-', 'COUNT', entries)
            with ThreadPoolExecutor(1) as pool:
                before = redis.cpu_seconds()
                pool.submit(saturate, other)
                for _, fields in same:
                    time.sleep(SECONDS / entries)
                    bare.pass_on(*fields)
                    bare.settle()
                bare_used = redis.cpu_seconds() - before
            ratios.append(used / bare_used)
            size = sum(len(fields[3]) for _, fields in same) / entries
            us = [round(seconds / entries * 1e6, 1) for seconds in (used, bare_used)]
            print('{} entries of {:.0f} B: {} us of CPU each, {} bare: {:.3g}'.format(entries, size, *us, ratios[-1]))
    verdict('CPU of Redis, Hubbub / bare', ratios, 1.5)


def saturate(server):
    url = ['--url', f'ws://127.0.0.1:{server.port}/ws', '--server-pid', server.process.pid]
    loadgen('saturate', *url, *CLIENTS, '--warmup', '100ms', '--duration', f'{SECONDS}s', protocol='chat')
