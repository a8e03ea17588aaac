"""What it costs that operators look on."""

import time
from concurrent.futures import ThreadPoolExecutor

from bench.bounds import verdict

from .around import Door, ask, asking, loadgen

VIEWERS = 20
CLIENTS = 10_000
# Some half of a core.
LOAD = ['--clients', CLIENTS, '--rate', 8]
# How long is measured at a time: so little that what else the machine does touches those with viewers and those without alike.
SECONDS = 2
# Until all clients are there and heard for the first time, and what a round takes beside its two measurements.
CONNECTING_SECONDS, ROUND_SECONDS = 15, 1


def cost(rounds):
    """20 viewers of the live view, who ask for its figures once a second, and 10,000 clients who hear 8 messages a second: the
    server's CPU per delivery, to that without viewers, by turns while the same clients hear on."""
    ratios = []
    seconds = CONNECTING_SECONDS + rounds * (2 * SECONDS + ROUND_SECONDS)
    with Door() as server, ThreadPoolExecutor(1) as pool:
        run = server.clients(*LOAD, '--duration', f'{seconds}s', path='/relay')
        hearing = pool.submit(loadgen, 'fanout', *run, protocol='relay')
        wait_for_deliveries(server)
        for round_ in range(rounds):
            kinds = [True, False] if round_ % 2 else [False, True]
            used = {are_there: delivery_us(server, are_there) for are_there in kinds}
            ratios.append(used[True] / used[False])
            print(f'{used[True]:.4g} us a delivery, {used[False]:.4g} without')
        assert not hearing.done(), 'the clients were gone before the end'
        hearing.result()
    verdict('CPU per delivery with viewers / without', ratios, 1.02)


def wait_for_deliveries(server):
    while server.metric('hubbub_messages_delivered_total') < 2 * CLIENTS:
        time.sleep(0.1)
    # The load generator warms up.
    time.sleep(2)


def delivery_us(server, with_viewers):
    delivered, cpu = server.metric('hubbub_messages_delivered_total'), server.cpu_seconds()
    if with_viewers:
        # As the page does: each once a second, over a connection that it keeps.
        ask(server, asking('GET', '/api/stats'), SECONDS, rate=VIEWERS, connections=VIEWERS)
    else:
        time.sleep(SECONDS)
    cpu = server.cpu_seconds() - cpu
    return cpu / (server.metric('hubbub_messages_delivered_total') - delivered) * 1e6
