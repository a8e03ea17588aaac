"""The workloads: what is asked of the servers, and which figures come of it."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

from . import deflating
from .figures import PARTS
from .loadgen import against, compare
from .processes import Failed, Server

# Clients that come before memory is looked at, so that what a server allocates once is not taken for theirs.
EARLY_CLIENTS = 20
# Idle clients that come in a second: each says something to all who are there, and servers shall not evict them for it.
IDLE_RATE = 200
# A search that takes longer is ended with what it found.
SEARCH_SECONDS = 60
FAULTS = ('lost', 'duplicated', 'reordered', 'disordered', 'disconnects')


@dataclass
class Run:
    """What all workloads have in common."""

    peers: list
    servers: list
    measured: object
    rounds: int
    searches: int
    idle_clients: int
    quick: bool

    def duration(self, milliseconds):
        return f'{milliseconds // 2 if self.quick else milliseconds}ms'

    def compare(self, servers, *flags, load='fanout'):
        """Interleaved rounds of those that have not ended."""
        alive = [server for server in servers if server.process.poll() is None]
        for server in servers:
            if server not in alive:
                self.measured.note(f'{server.name} has ended: it is missing from here on')
        return compare(alive, self.rounds, '--load', load, *flags)

    def in_turns(self, things, rounds, measure):
        """Measures each in each round, every other round in the opposite order; failures are noted."""
        for round_ in range(rounds):
            for thing in things if round_ % 2 == 0 else reversed(things):
                try:
                    measure(thing, round_)
                except Failed as error:
                    self.measured.note(f'{thing.name}, round {round_ + 1}: {error}')

    def note_faults(self, workload, results):
        for name, rounds in results.items():
            faults = Counter()
            for round_ in rounds:
                faults.update({fault: round_[fault] for fault in FAULTS})
            if found := ', '.join(f'{count:,} {fault}' for fault, count in faults.items() if count):
                self.measured.note(f'{workload}: {name} did not bring everything to everyone: {found}')
            if spoiled := sum(not round_['valid'] for round_ in rounds):
                self.measured.note(
                    f'{workload}: the load generator was the bottleneck in {spoiled} of {len(rounds)} rounds of {name}'
                )


def saturate(run):
    """A closed loop; rounds in which the load generator was the bottleneck say nothing of the server."""
    flags = ['--clients', 1000, '--publishers', 10, '--window', 8, '--settle', '15s']
    results = run.compare(
        run.servers, *flags, '--warmup', run.duration(300), '--duration', run.duration(700), load='saturate'
    )
    for name, rounds in results.items():
        for round_ in filter(lambda round_: round_['valid'], rounds):
            number = round_['round']
            run.measured.add('saturate-cpu', name, number, round_.get('cpu_us_per_delivery'))
            run.measured.add('saturate-rate', name, number, round_['delivered_per_second'])
    run.note_faults('saturate', results)


def search_1000(run):
    """The highest rate that 1,000 clients get with a p99 below 50 ms."""
    search(run, 'search-1000', 1000, 'p99<50ms')


def search_100(run):
    """The highest rate that 100 clients get with a p99 below 10 ms."""
    search(run, 'search-100', 100, 'p99<10ms')


def search(run, figure, clients, slo):
    def measure(server, round_):
        known = run.measured.median(figure, server.name)
        saturated = run.measured.median('saturate-rate', server.name)
        guess = known * 0.8 if known else saturated / clients / 3 if saturated else 100
        flags = ['--clients', clients, '--slo', slo, '--rate', max(1, round(guess))]
        flags += ['--warmup', run.duration(500), '--duration', run.duration(1000)]
        result = against(server, 'search', *flags, seconds=SEARCH_SECONDS)
        is_limit = result['valid'] and not result.get('interrupted')
        add = run.measured.add if is_limit else run.measured.add_least
        add(figure, server.name, round_, result.get('best', {}).get('rate', 0))
        if ended := result.get('ended_by'):
            run.measured.note(f'{figure}: {server.name} ended the search: {ended}')
        if not result['valid']:
            run.measured.note(f'{figure}: {server.name} may do more: {result["invalid_reason"]}')
        if result.get('interrupted'):
            run.measured.note(f'{figure}: {server.name} may do more: the search was ended after {SEARCH_SECONDS} s')

    run.in_turns(run.servers, run.searches, measure)


def steady(run):
    """An open loop of few messages to many; CPU time is the server's even where the load generator sent late."""
    flags = ['--clients', 5000, '--rate', 20]
    results = run.compare(
        run.servers, *flags, '--warmup', run.duration(500), '--duration', run.duration(1000)
    )
    for name, rounds in results.items():
        for round_ in rounds:
            run.measured.add('steady-cpu', name, round_['round'], round_.get('cpu_us_per_delivery'))
            add_p99(run, 'steady-p99', name, round_)
    run.note_faults('steady', results)


def memory(run):
    """Resident memory that each of many connections adds to a new server: each has said one message, has heard some, and
    has had a ping answered."""
    def measure(peer, round_):
        with Server(peer) as server:
            # Each is pinged once, as the period is longer than the run.
            once = ['--ping', '--period', '24h']
            flags = [*(['--hello', 'hello'] if server.protocol == 'raw' else []), *once, '--clients']
            against(server, 'idle', *flags, EARLY_CLIENTS, '--duration', '200ms')
            paced = ['--connect-rate', IDLE_RATE, '--duration', '3s']
            result = against(server, 'idle', *flags, run.idle_clients, *paced)
        missing = run.idle_clients - result['pongs_received']
        if missing or result['disconnects']:
            run.measured.note(
                f'memory: not known of {peer.name}, which left {missing:,} pings unanswered and disconnected '
                f'{result["disconnects"]:,}'
            )
        else:
            run.measured.add('memory', peer.name, round_, result.get('rss_bytes_per_connection_end'))

    run.in_turns(run.peers, run.searches, measure)


def handshakes(run):
    """CPU time of a handshake, the acceptance of the connection included."""
    def measure(server, round_):
        result = against(server, 'connect', '--clients', 1000, '--duration', run.duration(500))
        run.measured.add('handshake-cpu', server.name, round_, result['server'].get('cpu_us_per_handshake'))
        if failed := result['connect']['failed']:
            run.measured.note(f'handshakes: {server.name} failed {failed:,} of them')

    run.in_turns(run.servers, run.rounds, measure)


def latency(run):
    """The p99 at parts of the rate that Hubbub sustains, of Hubbub, the floor and the two peers that sustain most."""
    sustained = {server.name: run.measured.median('search-1000', server.name) for server in run.servers}
    if not sustained.get('hubbub'):
        run.measured.note('latency: skipped, since it needs what search-1000 finds of hubbub')
        return
    peers = [name for name in sustained if sustained[name] and not name.startswith('floor') and name != 'hubbub']
    best = sorted(peers, key=sustained.get, reverse=True)[:2]
    chosen = [server for server in run.servers if server.name in {'hubbub', 'floor-batched', *best}]
    for part in PARTS:
        rate = max(1, round(sustained['hubbub'] * part / 100))
        # Whoever cannot keep up need not be waited for: messages that come too late count as lost.
        flags = ['--clients', 1000, '--rate', rate, '--settle', '1s']
        results = run.compare(
            chosen, *flags, '--warmup', run.duration(300), '--duration', run.duration(700)
        )
        for name, rounds in results.items():
            # Of messages that never came no latency is known: a p99 of the others would flatter.
            if not any(round_['lost'] or round_['disconnects'] for round_ in rounds):
                for round_ in rounds:
                    add_p99(run, f'p99-{part}', name, round_)
        run.note_faults(f'latency at {rate:,} msg/s', results)


def deflated(run):
    """What it costs to deflate, of Hubbub, and of Bun and ws beside it."""
    if deflating.HUBBUB not in run.peers:
        raise Failed(f'it takes {deflating.HUBBUB.name}')
    for name, row in deflating.ROWS.items():
        print(f'  {name}: {row.__doc__}', flush=True)
        try:
            run.measured.verdicts.append(row(run))
        except Failed as error:
            run.measured.note(f'deflated, {name}: {error}')


def add_p99(run, figure, name, round_):
    """A p99 in milliseconds, of a round in which the load generator kept its schedule."""
    if round_['valid'] and 'latency_us' in round_:
        run.measured.add(figure, name, round_['round'], round_['latency_us']['p99'] / 1000)


# In this order: the searches begin near what saturation found, and latency needs what they found.
WORKLOADS = {
    'saturate': saturate,
    'search-1000': search_1000,
    'search-100': search_100,
    'steady': steady,
    'memory': memory,
    'handshakes': handshakes,
    'latency': latency,
    'deflated': deflated,
}


def servers_of(peers, stack: ExitStack, measured):
    """Starts all of them; those that do not start are noted."""
    servers = []
    for peer in peers:
        try:
            servers.append(stack.enter_context(Server(peer)))
        except (Failed, OSError) as error:
            measured.note(f'SKIPPED {peer.name}: {error}')
    return servers
