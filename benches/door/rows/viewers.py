"""What it costs that operators look on."""

from concurrent.futures import ThreadPoolExecutor

from bench.bounds import verdict

from .around import Door, ask, asking, loadgen

VIEWERS = 20
CLIENTS = 10_000
SECONDS, CONNECTING_SECONDS = 7, 5
# Some half of a core.
LOAD = ['--clients', CLIENTS, '--rate', 8, '--warmup', '1s', '--duration', f'{SECONDS - 1}s', '--settle', '2s']


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
    with ThreadPoolExecutor(1) as pool:
        hearing = pool.submit(loadgen, 'fanout', *server.clients(*LOAD, path='/relay'), protocol='relay')
        if with_viewers:
            # As the page does: each once a second, over a connection that it keeps.
            ask(server, asking('GET', '/api/stats'), CONNECTING_SECONDS + SECONDS, rate=VIEWERS, connections=VIEWERS)
        return hearing.result()['server']['cpu_us_per_delivery']
