"""What it costs that operators look on."""

import threading
import time
from urllib.request import urlopen

from bench.bounds import verdict

from .around import Door, loadgen

VIEWERS = 20
CLIENTS = 10_000
# Some half of a core.
LOAD = ['--clients', CLIENTS, '--rate', 8, '--warmup', '1s', '--duration', '6s', '--settle', '2s']


def cost(rounds):
    """20 viewers of the live view, who ask for its figures once a second, and 10,000 clients who hear 8 messages a second: the
    server's CPU per delivery, to that without viewers."""
    ratios = []
    with Door() as server:
        for round_ in range(rounds):
            kinds = [True, False] if round_ % 2 else [False, True]
            used = {are_there: delivery_us(server, are_there) for are_there in kinds}
            ratios.append(used[True] / used[False])
            print(f'{used[True]:.4g} us a delivery, {used[False]:.4g} without')
    verdict('CPU per delivery with viewers / without', ratios, 1.02)


def delivery_us(server, with_viewers):
    over = threading.Event()
    viewers = [threading.Thread(target=view, args=(server, over)) for _ in range(VIEWERS * with_viewers)]
    for viewer in viewers:
        viewer.start()
        time.sleep(1 / VIEWERS)
    try:
        return loadgen('fanout', *server.clients(*LOAD, path='/relay'), protocol='relay')['server']['cpu_us_per_delivery']
    finally:
        over.set()
        for viewer in viewers:
            viewer.join()


def view(server, over):
    """Asks as the page does."""
    while not over.wait(1):
        urlopen(f'http://localhost:{server.admin_port}/api/stats').read()
