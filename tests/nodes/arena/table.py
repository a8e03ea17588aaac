"""Outcomes, for people."""

from support.table import row

COLUMNS = ('fault', 'delivered', 'lost', 'doubled', 'reordered', 'disordered', 'dropped', 'took s', 'well after s', 'told')
WIDTHS = (46, 9, 4, 7, 9, 10, 7, 6, 12, 0)


def head():
    return row(COLUMNS, WIDTHS)


def line(outcome):
    verdict = outcome.verdict
    if verdict is None:
        return outcome.name
    counts = (verdict.wrong[what] for what in COLUMNS[2:7])
    late = '~' if verdict.is_late else ''
    times = (f'{seconds:.1f}' for seconds in (outcome.strike_seconds, outcome.ill_seconds))
    told = ', '.join(f'{count} {what}' for what, count in verdict.told.items() if count)
    return row((outcome.name, f'{late}{verdict.delivered}', *counts, *times, f'  {told}'), WIDTHS)
