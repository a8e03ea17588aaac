"""Medians, and how far they can be trusted."""

from math import comb
from statistics import median, quantiles

CONFIDENCE = 0.95


def spread(values):
    """The median, and the quartiles around it."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, _, high = quantiles(values, method='inclusive')
    return median(values), low, high


def ratio(pairs):
    """The median of the pairs' ratios with an interval, of order statistics, that holds the true one with a confidence of
    95%; with fewer than six pairs none does, and the interval is the lowest and the highest."""
    ratios = sorted(one / other for one, other in pairs)
    outside = outliers(len(ratios))
    return median(ratios), ratios[outside], ratios[-1 - outside]


def outliers(count):
    """How many of so many sorted values may be left out at either end."""
    left_out, missed = -1, 0.0
    while left_out + 1 < count / 2:
        missed += 2 * comb(count, left_out + 1) / 2**count
        if missed > 1 - CONFIDENCE:
            break
        left_out += 1
    return max(left_out, 0)
