"""Ratios, each against the bound that it has to keep."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What was measured in all rounds, and the most that the median may be."""

    what: str
    values: list
    most: float

    @property
    def is_met(self):
        return statistics.median(self.values) <= self.most

    def cells(self):
        """In a row of a table."""
        return [self.what, f'{spread(self.values)} ({len(self.values)})', str(self.most), self._word()]

    def __str__(self):
        return f'{self.what}: {spread(self.values)} of {len(self.values)} rounds; {self._word()} (at most {self.most})'

    def _word(self):
        return 'met' if self.is_met else 'NOT MET'


def verdict(what, values, most):
    """Tells it, and returns it."""
    told = Verdict(what, values, most)
    print(told, flush=True)
    return told


def spread(values):
    """The median, and what half of them lie between."""
    low, _, high = statistics.quantiles(values, method='inclusive')
    return f'{statistics.median(values):.3g} [{low:.3g}, {high:.3g}]'
