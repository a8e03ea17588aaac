"""All kinds of faults, in the order in which they are tried: each does what it does to a hub, and returns once it is over."""

import random
import signal
import time

from arena.fault import FAULTS, fault
from arena.hub import wait_until

__all__ = ['FAULTS']

# What Redis needs to keep everything over a crash.
KEEPING = {'appendonly': 'yes', 'appendfsync': 'always'}
# How often is done what is done again and again, and how long after it the next time.
TIMES, PAUSE_SECONDS = 20, 0.1
# What is in the sockets of a node that stands still, and read before it falls off the journal, is less than so many entries.
SLACK_ENTRIES = 64

# How many of these are done in any order, and what decides it.
MEDLEY_TIMES, MEDLEY_SEED = 30, 15

# What Redis answers.
UNLOADED = 'NOSCRIPT'
# What nodes log.
CUT = 'Redis closed the connection'
SILENT = 'Redis did not answer within'
KEPT = 'Redis has begun anew, and has kept everything'
LOST = 'Redis has lost what was said, or may have'


# The first is whom newcomers ask what there is, and so does the one in its place, until it is dead or was silent for 3 s.
@fault('kill -9 of the first node, a new one at once', shows='said hello node=4', tells={'moved', 'unknown'})
def restart_node(hub):
    node, _, _ = hub.nodes
    node.kill()
    node.start()


@fault('kill -9 of a node, a new one after its lease', shows='said hello node=4', tells={'moved', 'unknown'})
def replace_node(hub):
    one, node, other = hub.nodes
    node.kill()
    wait_until('it is dead for the others', lambda: one.known() == other.known() == 2)
    node.start()


@fault('a node stopped beyond its lease', shows='have declared this one dead', tells={'gaps', 'declared', 'unknown'})
def bury_node(hub):
    one, node, other = hub.nodes
    node.stand_still()
    wait_until('it is dead for the others', lambda: one.known() == other.known() == 2)
    node.go_on()


@fault(
    'a node stopped beyond the journal',
    shows='entries of the journal are missing',
    tells={'gaps', 'declared', 'unknown'},
    nodes={'--max-message': '16KiB', '--redis-queue': '64KiB', '--redis-history': '64KiB'},
    load={'--size': '4KiB', '--rate': 100},
)
def outrun_node(hub):
    _, node, _ = hub.nodes
    node.stand_still()
    _, last = hub.redis.journal()
    wait_until('the journal has gone on without it', lambda: hub.redis.journal()[0] > last + SLACK_ENTRIES)
    node.go_on()


@fault('a node that starts before Redis does', shows='cannot be reached', tells={'moved', 'unknown'}, redis=KEEPING)
def start_node_first(hub):
    _, node, _ = hub.nodes
    node.kill()
    hub.redis.kill()
    node.start()
    wait_until('it waits', lambda: node.ask('/healthz')[0] == 503)
    hub.redis.start()


@fault('CLIENT KILL of what reads, again and again', shows=CUT)
def cut_readers(hub):
    cut(hub.redis, is_reader=True)


@fault('CLIENT KILL of what appends, again and again', shows=CUT)
def cut_appenders(hub):
    cut(hub.redis, is_reader=False)


def cut(redis, is_reader):
    for _ in range(TIMES):
        for connection in redis.connections():
            if (connection['cmd'] == 'xread') == is_reader:
                redis.ask('CLIENT', 'KILL', 'ID', connection['id'])
        time.sleep(PAUSE_SECONDS)


@fault('SCRIPT FLUSH, again and again', shows=UNLOADED)
def flush_scripts(hub):
    for _ in range(TIMES):
        hub.redis.ask('SCRIPT', 'FLUSH')
        time.sleep(PAUSE_SECONDS)
    # Nodes call a script no more often than they say that they live.
    wait_until('a node has called a script that is not there', lambda: UNLOADED in hub.said())


@fault('SIGSTOP of Redis beyond the lease', shows=SILENT, nodes={'--redis-lease': '2s'})
def stop_redis(hub):
    stop(hub.redis, 3)


# What has waited for 10 s is answered `unavailable`, so that its sender knows that it was not said.
@fault('SIGSTOP of Redis beyond the patience', shows=SILENT, tells={'unknown'}, is_long=True)
def stop_redis_for_long(hub):
    stop(hub.redis, 15)


def stop(redis, seconds):
    redis.signal(signal.SIGSTOP)
    time.sleep(seconds)
    redis.signal(signal.SIGCONT)


@fault('kill -9 of Redis that keeps everything', shows=KEPT, redis=KEEPING)
def crash_redis(hub):
    hub.redis.kill()
    hub.redis.start()


# What only some nodes had read by then, an epoch declares missing at the others.
@fault('restart of Redis that keeps nothing', shows=LOST, tells={'epochs', 'declared', 'unknown'})
def restart_redis(hub):
    hub.redis.stop()
    hub.redis.start()


@fault('FLUSHALL', shows=LOST, tells={'epochs', 'declared', 'unknown'})
def flush(hub):
    hub.redis.ask('FLUSHALL')


@fault(
    'kill -9 of a node under cuts, a new one later',
    shows='said hello node=4',
    tells={'moved', 'gaps', 'declared', 'unknown'},
    load={'--clients': 600, '--channels': 1, '--publishers': 10, '--rate': 100, '--cut': '10%/2s', '--duration': '60s'},
    is_long=True,
)
def kill_among_cuts(hub):
    _, node, _ = hub.nodes
    time.sleep(20)
    node.kill()
    time.sleep(15)
    node.start()


@fault(
    'all of these, in any order and without a rest',
    shows=LOST,
    tells={'moved', 'epochs', 'gaps', 'declared', 'unknown'},
    redis=KEEPING,
    is_long=True,
)
def medley(hub):
    chance = random.Random(MEDLEY_SEED)
    brief = [fault.strike for fault in FAULTS if not fault.is_long and not fault.load]
    for strike in chance.choices(brief, k=MEDLEY_TIMES):
        strike(hub)
