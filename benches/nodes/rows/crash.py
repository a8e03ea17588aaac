"""How long a hub does without its Redis, when that is killed and started again."""

import time
from concurrent.futures import ThreadPoolExecutor

from bench.bounds import verdict
from bench.loadgen import loadgen

from .around import LOOK_SECONDS, Beside, health_turns, node
from .resp import Connection

ALWAYS = {'appendonly': 'yes', 'appendfsync': 'always'}
LOAD = ['--clients', 200, '--rate', 2000, '--duration', '8s', '--settle', '10s']
BEFORE_SECONDS = 4
FAULTS = ('lost', 'duplicated', 'reordered', 'disordered')


def serves_at(redis):
    """When it first takes questions."""
    while True:
        try:
            with Connection(redis.socket) as asking:
                if not asking.ask('PING').startswith(b'LOADING'):
                    return time.monotonic()
        except (ConnectionError, FileNotFoundError):
            pass
        time.sleep(LOOK_SECONDS)


def kill(redis, servers):
    """Kills it and starts it again; returns how long after its first answer all of them served."""
    redis.kill()
    for server in servers:
        health_turns(server, False)
    with ThreadPoolExecutor() as looking:
        serves = looking.submit(serves_at, redis)
        well = [looking.submit(health_turns, server, True) for server in servers]
        redis.start()
        return max(at.result() for at in well) - serves.result()


def back(rounds):
    """Seconds from the first answer of a Redis with `always` that was killed under load, to service at both of two servers."""
    passed, faults = [], dict.fromkeys(FAULTS, 0)
    for _ in range(rounds):
        with Beside(flags=ALWAYS) as redis, node(redis) as one, node(redis) as other, ThreadPoolExecutor(1) as pool:
            servers = one, other
            urls = [word for server in servers for word in ('--url', f'ws://127.0.0.1:{server.port}/ws')]
            load = pool.submit(loadgen, 'fanout', *urls, *LOAD, protocol='chat')
            time.sleep(BEFORE_SECONDS)
            passed.append(kill(redis, servers))
            messages = load.result()['messages']
        faults = {fault: count + messages[fault] for fault, count in faults.items()}
        print(f'{passed[-1]:.3f} s; {messages["delivered"]:,} deliveries')
    print(', '.join(f'{count} {fault}' for fault, count in faults.items()))
    verdict('seconds', passed, 1)
