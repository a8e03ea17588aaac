"""Outcomes, for people."""

from support.table import row

COLUMNS = ('fault', 'delivered', 'lost', 'doubled', 'reordered', 'dropped', 'p50 ms', 'p99 ms', 'hostile peers saw')
WIDTHS = (20, 9, 5, 7, 9, 7, 9, 9, 0)


def head():
    return row(COLUMNS, WIDTHS)


def line(outcome):
    verdict = outcome.verdict
    late = '~' if verdict.is_late else ''
    counts = (verdict.delivered, verdict.lost, verdict.duplicated, verdict.reordered, verdict.disconnects)
    times = (f'{late}{time:.2f}' for time in (verdict.p50, verdict.p99))
    return row((outcome.name, *counts, *times, saw(outcome.seen)), WIDTHS)


def saw(seen):
    sums = {}
    for fates in seen.values():
        for fate, times in fates.items():
            sums[fate] = sums.get(fate, 0) + times
    return ', '.join(f'{fate} ×{times}' for fate, times in sorted(sums.items()))
