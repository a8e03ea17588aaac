"""Outcomes, for people."""

import shlex

from .trial import LATE

WIDTHS = 18, 18
# As the load generator calls them, and as they are called here.
COUNTS = {'lost': 'lost', 'duplicated': 'doubled', 'reordered': 'reordered'}


def of(peer, runs, complaint):
    """A line for a server and its run as it should be, and one for each way in which it was broken."""
    lines = [f'{peer.name.ljust(WIDTHS[0])}{peer.version().ljust(WIDTHS[1])}  {shlex.join(peer.speaks)}']
    for run in runs:
        lines.append(f'    {run.name.ljust(WIDTHS[1])}{outcome(run)}')
        lines += [f'    not ok: {one}' for one in run.complaints]
    if complaint:
        lines.append(f'    not ok: {complaint}')
    return '\n'.join(lines)


def outcome(run):
    if run.name != 'good':
        return f'exit {run.status}, {run.sentence}'
    told = run.messages
    late = '~' if run.status == LATE else ''
    counts = ''.join(f', {told.get(what)} {name}' for what, name in COUNTS.items())
    return f'{late}{told.get("delivered")} of {told.get("expected")} delivered{counts}'
