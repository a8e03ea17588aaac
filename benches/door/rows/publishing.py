"""What it costs to publish over HTTP, and those who listen over WebSocket."""

import time
from concurrent.futures import ThreadPoolExecutor

from bench.bounds import verdict

from .around import Door, ask, asking, loadgen

CHANNELS, MEMBERS, ITEMS = 100, 10, 100
PEOPLE = ['--clients', CHANNELS * MEMBERS, '--channels', CHANNELS]
# As much is under way as of programs: 16 connections have 100 items each.
PUBLISHERS = ['--publishers', CHANNELS, '--window', '16', '--size', '64B']
SECONDS = 3
MESSAGE = 'x' * 64


def published(channels):
    return asking('POST', '/api/publish', [{'channel': channel, 'message': MESSAGE} for channel in channels])


def items(rounds):
    """100 items a request, one for each of 100 channels of 10 members: the server's CPU per item, to that of a message that
    WebSocket publishers say there."""
    asked = published(f'loadgen-{number}' for number in range(ITEMS))
    ratios = []
    with Door() as server:
        for _ in range(rounds):
            result = loadgen('saturate', *server.clients(*PEOPLE, *PUBLISHERS), '--duration', f'{SECONDS}s', protocol='chat')
            by_people = result['server']['cpu_us_per_delivery'] * MEMBERS
            with ThreadPoolExecutor(1) as pool:
                idle = server.clients(*PEOPLE, '--duration', f'{SECONDS + 3}s')
                listeners = pool.submit(loadgen, 'idle', *idle, protocol='chat')
                wait_for_members(server)
                found = ask(server, asked, SECONDS)
                listeners.result()
            by_programs = found.cpu_us / ITEMS
            ratios.append(by_programs / by_people)
            sent = result['throughput']['delivered_per_second'] / MEMBERS
            rates = f'{found.requests * ITEMS / found.seconds:,.0f} items a second, {sent:,.0f} messages'
            of_people = '' if result['valid'] else '; the load generator could do no more'
            print(f'{by_programs:.3g} us an item, {by_people:.3g} a message; {rates}; {found.shares}{limit(found)}{of_people}')
    # At least 0.8 times as many items.
    verdict('CPU per item of programs / per message of WebSocket publishers', ratios, 1 / 0.8)


def wait_for_members(server):
    while server.metric('hubbub_channels') < CHANNELS or server.metric('hubbub_connections') < CHANNELS * MEMBERS:
        time.sleep(0.1)
    time.sleep(0.5)


def request(rounds):
    """One item a request, to a channel that nobody is in: the server's CPU per request, to that of GET /healthz."""
    ratios = []
    with Door() as server:
        for _ in range(rounds):
            one, well = (ask(server, asked, 1) for asked in (published(['nobody']), asking('GET', '/healthz')))
            ratios.append(one.cpu_us / well.cpu_us)
            print(f'{one.cpu_us:.3g} us, /healthz {well.cpu_us:.3g} us; {one.shares}{limit(one)}')
    verdict('CPU per request of one item / GET /healthz', ratios, 1.6)


def healthy(rounds):
    """The p99 of 500 clients who hear 20 messages a second, while programs publish half of what the core carries, to that
    without them."""
    asked = published(f'elsewhere-{number}' for number in range(ITEMS))
    ratios = []
    with Door() as server:
        most = ask(server, asked, SECONDS)
        rate = most.requests / most.seconds / 2
        print(f'{most.requests * ITEMS / most.seconds:,.0f} items a second at most; {most.shares}{limit(most)}')
        for _ in range(rounds):
            alone = p99(server)
            with ThreadPoolExecutor(1) as pool:
                hearing = pool.submit(p99, server)
                beside = ask(server, asked, SECONDS, rate)
                disturbed = hearing.result()
            ratios.append(disturbed / alone)
            print(f'p99 {disturbed / 1000:.3g} ms, {alone / 1000:.3g} ms without; {beside.shares}')
    verdict('p99 of clients beside programs / without', ratios, 1.3)


def p99(server):
    """That of the deliveries of a run, in microseconds."""
    run = ['--clients', 500, '--rate', 20, '--warmup', '500ms', '--duration', f'{SECONDS - 1}s', '--settle', '1s']
    return loadgen('fanout', *server.clients(*run), protocol='chat')['latency_us']['p99']


def limit(found):
    return '; the programs could do no more' if found.is_limit else ''
