"""The healthy clients: a run of the load generator beside the faults, and its verdict."""

from dataclasses import dataclass

from support.loadgen import LoadGenerator


@dataclass(frozen=True)
class Load:
    """How many healthy clients there are, and what they say."""

    clients: int
    publishers: int
    rate: int
    # Of this machine, so that a bound for each of them spares the healthy ones.
    addresses: int


@dataclass(frozen=True)
class Verdict:
    """What the load generator says of the healthy ones; times in milliseconds."""

    delivered: int
    lost: int
    duplicated: int
    reordered: int
    disordered: int
    disconnects: int
    p50: float
    p99: float
    # Whether the load generator was late itself, so that the times are rather those of this machine.
    is_late: bool

    @property
    def faults(self):
        wrong = {name: getattr(self, name) for name in ('lost', 'duplicated', 'reordered', 'disordered', 'disconnects')}
        said = [f'healthy clients: {count} {name}' for name, count in wrong.items() if count]
        return said if self.delivered else [*said, 'healthy clients: nothing was delivered']


class Healthy(LoadGenerator):
    """A run that has begun, and goes on until its verdict is asked for."""

    def __init__(self, binary, server, load, core=None):
        flags = {
            '--url': 'ws://{}:{}/relay?channel=healthy'.format(*server.place),
            '--server-pid': server.pid,
            '--clients': load.clients,
            '--publishers': load.publishers,
            '--rate': load.rate,
            '--source-ips': load.addresses,
            '--warmup': '300ms',
        }
        super().__init__(binary, flags, core)

    def verdict(self):
        result = self.result()
        messages, latency = result['messages'], result['latency_us']
        return Verdict(
            *(messages[name] for name in ('delivered', 'lost', 'duplicated', 'reordered', 'disordered')),
            messages['disconnects'] + result['connect']['failed'],
            latency['p50'] / 1000,
            latency['p99'] / 1000,
            not result['valid'],
        )
