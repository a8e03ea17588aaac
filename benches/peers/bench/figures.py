"""What was measured: for each figure and server one value a round, so that rounds can be paired."""

from collections import defaultdict
from dataclasses import dataclass

from . import stats


@dataclass(frozen=True)
class Figure:
    """A column of the table."""

    title: str
    # What the values are divided by to be shown.
    unit: float = 1
    more_is_better: bool = False

    def show(self, value):
        value /= self.unit
        return f'{value:.3g}' if value < 100 else f'{value:,.0f}'


FIGURES = {
    'saturate-cpu': Figure('saturated: CPU per delivery, µs'),
    'saturate-rate': Figure('saturated: deliveries, M/s', unit=1e6, more_is_better=True),
    'search-1000': Figure('sustained by 1,000 clients, p99 < 50 ms: msg/s', more_is_better=True),
    'search-100': Figure('sustained by 100 clients, p99 < 10 ms: msg/s', more_is_better=True),
    'steady-cpu': Figure('5,000 × 20 msg/s: CPU per delivery, µs'),
    'steady-p99': Figure('5,000 × 20 msg/s: p99, ms'),
    'memory': Figure('memory per idle connection, B'),
    'handshake-cpu': Figure('CPU per handshake, µs'),
}
PARTS = (25, 50, 75)
PART_FIGURES = {f'p99-{part}': Figure(f'p99 at {part}%, ms') for part in PARTS}


class Measured:
    """All values, by figure and server, and what went wrong on the way."""

    def __init__(self):
        self._values = defaultdict(lambda: defaultdict(dict))
        self._at_least = defaultdict(set)
        self.notes = []
        # Figures against their bounds.
        self.verdicts = []

    def add(self, figure, server, round_, value):
        if value is not None:
            self._values[figure][server][round_] = value

    def add_least(self, figure, server, round_, value):
        """A value that the server may exceed, since the load generator was the limit: it is shown and not compared."""
        self.add(figure, server, round_, value)
        self._at_least[figure].add(server)

    def is_least(self, figure, server):
        return server in self._at_least[figure]

    def servers(self, figure):
        return [server for server, values in self._values[figure].items() if values]

    def spread(self, figure, server):
        """Median and quartiles; None if it was not measured."""
        values = list(self._values[figure][server].values())
        return stats.spread(values) if values else None

    def median(self, figure, server):
        spread = self.spread(figure, server)
        return spread and spread[0]

    def ratio(self, figure, server, base):
        """That of the rounds that both have, with its interval, and how many these are; None if there are none."""
        if self.is_least(figure, server) or self.is_least(figure, base):
            return None
        of, to = self._values[figure][server], self._values[figure][base]
        pairs = [(of[round_], to[round_]) for round_ in of if to.get(round_)]
        return (*stats.ratio(pairs), len(pairs)) if pairs else None

    def note(self, text):
        """Something that the reader of the results should know."""
        print(f'  {text}', flush=True)
        self.notes.append(text)
