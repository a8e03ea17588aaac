"""How much later one's own words come when they go through Redis, while nobody else speaks."""

import statistics
import time

from bench.bounds import verdict

from .around import Beside, alone, node
from .people import hear, join, say
from .resp import Bare

MESSAGES = 500


def median(act):
    """The median time of many."""
    passed = []
    for _ in range(MESSAGES):
        begun = time.perf_counter()
        act()
        passed.append(time.perf_counter() - begun)
    return statistics.median(passed)


def own_copy(rounds):
    """The median with Redis, less the one without, to that of an entry that is appended and read on bare connections."""
    words, ratios = say('tea'), []
    with Beside() as redis, node(redis) as one, alone() as other:
        ada, bob = (server.connect('/ws?name=Ada', join('tea')) for server in (one, other))
        bare = Bare(redis.socket)

        def pass_on():
            bare.pass_on('h', '2 a 1 12345 1795906262856123', 'b', 'x' * 200)

        def speak(stream):
            stream.sendall(words)
            hear(stream, 1)

        for _ in range(rounds):
            with_redis, without = median(lambda: speak(ada)), median(lambda: speak(bob))
            passed = []
            for _ in range(MESSAGES):
                begun = time.perf_counter()
                pass_on()
                passed.append(time.perf_counter() - begun)
                bare.settle()
            entry = statistics.median(passed)
            ratios.append((with_redis - without) / entry)
            us = [round(seconds * 1e6) for seconds in (with_redis, without, entry)]
            print('{} us with Redis, {} without, {} for an entry: {:.3g}'.format(*us, ratios[-1]))
    verdict('own copy, what Redis adds / an entry', ratios, 3)
