"""What happens as there are more of them: clients that are served, connections that are silent, channels that are empty
or not. Each function returns a Markdown table."""

import time
from contextlib import ExitStack, closing
from dataclasses import replace

from .figures import Measured
from .loadgen import against, compare
from .processes import Server
from .results import ratio_cell, table
from .wire import Chat, metric

CLIENTS = (10, 100, 1_000, 5_000, 10_000, 19_000)
CONNECTIONS = (1_000, 5_000, 10_000, 19_000)
CHANNELS = (1, 10, 100, 1_000, 10_000)
# Deliveries in a second, whatever the number of clients: little enough that nobody has to batch.
DELIVERIES = 40_000
# One address has about 28,000 ports, and a port rests for a minute after its connection.
ADDRESSES = ('--source-ips', 20)
# The server adds its memory up once in so long at most.
LEDGER_SECONDS = 1.1
WINDOWS = ('0s', '1ms', '2ms', '5ms', '10ms', '20ms')
# Of one client of the chat.
CHANNELS_EACH = 64
# Of connections that are silent: more often than by default, so that their cost is seen.
HEARTBEAT = ('--ping-interval', '5s', '--pong-timeout', '10s')


def clients(floor, hubbub, rounds, quick):
    """The cost of a delivery as more clients hear each message, in rounds that are interleaved with the floor's."""
    rows, measured = [], Measured()
    with Server(floor) as below, Server(hubbub) as ours:
        for count in CLIENTS:
            flags = ['--clients', count, '--rate', max(2, DELIVERIES // count), *ADDRESSES]
            flags += ['--warmup', '300ms', '--duration', '700ms' if quick else '1500ms']
            for name, results in compare([below, ours], rounds, *flags).items():
                for result in results:
                    note(measured, name, count, result)
            ratio = measured.ratio(f'cpu-{count}', ours.name, below.name)
            times = [shown(measured, f'{figure}-{count}', ours.name) for figure in ('p50', 'p99', 'last')]
            costs = [shown(measured, f'cpu-{count}', server.name) for server in (below, ours)]
            rows.append([f'{count:,}', *costs, ratio_cell(ratio), *times])
    head = ['clients', 'floor: CPU per delivery, µs', 'Hubbub: CPU per delivery, µs', 'Hubbub ÷ floor']
    grown = growth(measured, floor.name, hubbub.name)
    return table([*head, 'p50, ms', 'p99, ms', 'to the last receiver, p99, ms'], rows) + grown


def note(measured, name, count, result):
    number = result['round']
    measured.add(f'cpu-{count}', name, number, result.get('cpu_us_per_delivery'))
    if result['valid'] and 'latency_us' in result:
        measured.add(f'p50-{count}', name, number, result['latency_us']['p50'] / 1000)
        measured.add(f'p99-{count}', name, number, result['latency_us']['p99'] / 1000)
        measured.add(f'last-{count}', name, number, result['last_receiver_us']['p99'] / 1000)
    for fault in ('lost', 'duplicated', 'reordered', 'disordered', 'disconnects'):
        if result[fault]:
            measured.note(f'{name} with {count:,} clients: {result[fault]:,} {fault}')


def growth(measured, floor, hubbub):
    """How much more the cost grows than the floor's does."""
    few, many = (measured.ratio(f'cpu-{count}', hubbub, floor) for count in (1_000, 19_000))
    if not few or not many:
        return ''
    return (
        f'\n\nFrom 1,000 to 19,000 clients the cost of a delivery grows {many[0] / few[0]:.2f} times as much as the '
        "floor's does (the one ratio by the other)."
    )


def connections(hubbub, quick):
    """Memory and CPU time of silent connections."""
    rows = []
    for count in CONNECTIONS[:2] if quick else CONNECTIONS:
        with Server(hubbub, *HEARTBEAT) as server:
            against(server, 'idle', '--clients', 20, '--duration', '200ms')
            result = against(server, 'idle', '--clients', count, *ADDRESSES, '--duration', '20s')
        of_each = result['cpu_us_per_connection_second']
        rows.append(
            [
                f'{count:,}',
                f'{result["rss_bytes_per_connection_end"]:.0f}',
                f'{of_each:.2f}',
                f'{of_each * count / 1e4:.2f}',
                f'{result["server"]["cpu_us_per_handshake"]:.0f}',
            ]
        )
    head = ['silent connections', 'resident memory of each, B']
    return table([*head, 'CPU of each, µs/s', 'CPU of all, % of a core', 'CPU per handshake, µs'], rows)


def channels(hubbub, quick):
    """The cost of a delivery as as many clients are spread over more channels."""
    rows = []
    clients = 1_000 if quick else 10_000
    with Server(hubbub) as server:
        for count in filter(lambda count: count <= clients, CHANNELS):
            rate = DELIVERIES * count // clients
            flags = ['--clients', clients, '--channels', count, '--publishers', max(10, count), '--rate', max(2, rate)]
            result = against(server, 'fanout', *flags, *ADDRESSES, '--duration', '2s', protocol='relay')
            cost = result['server']['cpu_us_per_delivery']
            rows.append([f'{count:,}', f'{clients // count:,}', f'{rate:,}', f'{cost:.3g}'])
    return table(['channels', 'clients in each', 'msg/s', 'CPU per delivery, µs'], rows)


def empty_channels(hubbub, quick):
    """What channels of the chat cost that have one member each, up to the most that there may be."""
    rows = []
    for clients in (156,) if quick else (156, 1_562):
        with Server(hubbub) as server, ExitStack() as stack:
            before = metric(server, 'hubbub_memory_bytes{part="channels"}')
            members = [stack.enter_context(closing(Chat(server, f'member-{n}'))) for n in range(clients)]
            cpu = metric(server, 'process_cpu_seconds_total')
            for number, member in enumerate(members):
                member.join([f'channel-{number}-{n}' for n in range(CHANNELS_EACH)])
            count = metric(server, 'hubbub_channels')
            time.sleep(LEDGER_SECONDS)
            cpu = metric(server, 'process_cpu_seconds_total') - cpu
            held = metric(server, 'hubbub_memory_bytes{part="channels"}') - before
            rows.append([f'{count:,.0f}', f'{held / count:.0f}', f'{cpu / count * 1e6:.1f}'])
    return table(['channels of the chat', 'memory of each, B', 'CPU per join, µs'], rows)


def windows(hubbub, rounds, quick):
    """What it costs and saves to let messages wait for others."""
    measured = Measured()
    with ExitStack() as stack:
        servers = []
        for window in WINDOWS:
            peer = replace(hubbub, name=window)
            servers.append(stack.enter_context(Server(peer, '--batch-window', window)))
        flags = ['--clients', 1_000, '--rate', 500, '--warmup', '300ms', '--duration', '700ms' if quick else '1s']
        for name, results in compare(servers, rounds, *flags).items():
            for result in results:
                note(measured, name, 1_000, result)
                measured.add('batch', name, result['round'], result.get('mean_batch'))
    figures = ('batch', 'cpu-1000', 'p50-1000', 'p99-1000')
    rows = [[f'`{window}`', *(shown(measured, figure, window) for figure in figures)] for window in WINDOWS]
    return table(['`--batch-window`', 'messages in a frame', 'CPU per delivery, µs', 'p50, ms', 'p99, ms'], rows)


def shown(measured, figure, name):
    value = measured.median(figure, name)
    return '–' if value is None else f'{value:.3g}'
