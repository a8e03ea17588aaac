"""The results as Markdown."""

import os
import platform
import re
from datetime import datetime, timezone
from pathlib import Path

from .figures import FIGURES, PART_FIGURES
from .processes import cores

# Fewer have no interval of that confidence.
ENOUGH_PAIRS = 6
FLOOR = 'floor-batched'
OWN = 'hubbub'


def markdown(run, peers, options):
    """All of it. `options` are the words of the command line."""
    measured = run.measured
    parts = [
        '# Hubbub and its peers, side by side',
        f'Written by `{" ".join(["benches/peers/run", *options])}` on {datetime.now(timezone.utc):%d %B %Y, %H:%M} UTC, '
        f'on {machine()}.',
        table(['server', 'what it is', 'version'], [[peer.name, peer.about, peer.version()] for peer in peers]),
    ]
    if any(measured.servers(figure) for figure in FIGURES):
        parts += [
            'Medians, with the quartiles of the rounds in brackets:',
            medians(measured, peers, FIGURES),
            f'The same divided by that of `{FLOOR}` in the same round: the median of the pairs, with an interval that holds the '
            'true ratio with a confidence of 95% (order statistics), if there are enough pairs for one; in parentheses their '
            'number. `≥` stands before what the load generator was the limit of, which is not compared:',
            ratios(measured, peers, FIGURES),
        ]
    if best := best_peers(measured, peers):
        parts += ['Hubbub divided by the best peer (no floor) in the same round:', best]
    if measured.servers('p99-25'):
        parts += [
            'p99 of Hubbub, the floor, and the peers that sustain most, at parts of what Hubbub itself sustains with 1,000 '
            'clients; none of those that lost messages there:',
            medians(measured, peers, PART_FIGURES),
        ]
    if measured.verdicts:
        parts += [
            'What it costs that what is said is deflated, and what it saves, of words drawn as unevenly as people use them: the '
            'median of the rounds, and what half of them lie between.',
            table(['figure', 'median', 'at most', ''], [verdict.cells() for verdict in measured.verdicts]),
        ]
    parts += [how(run)]
    if measured.notes:
        parts += ['What else there is to know:', '\n'.join(f'- {note}' for note in measured.notes)]
    return '\n\n'.join(parts) + '\n'


def medians(measured, peers, figures):
    def cell(figure, name):
        if not (spread := measured.spread(figure, name)):
            return '–'
        middle, low, high = map(figures[figure].show, spread)
        if measured.is_least(figure, name):
            return f'≥ {middle}'
        return middle if low == high else f'{middle} ({low}–{high})'

    shown = [figure for figure in figures if measured.servers(figure)]
    rows = [[peer.name, *(cell(figure, peer.name) for figure in shown)] for peer in peers]
    return table(['server', *(figures[figure].title for figure in shown)], [row for row in rows if set(row[1:]) != {'–'}])


def ratios(measured, peers, figures):
    shown = [figure for figure in figures if FLOOR in measured.servers(figure)]
    rows = [
        [peer.name, *(ratio_cell(measured.ratio(figure, peer.name, FLOOR)) for figure in shown)]
        for peer in peers
        if peer.name != FLOOR
    ]
    return table(['server', *(figures[figure].title for figure in shown)], rows)


def best_peers(measured, peers):
    """For each figure the peer that is best in it; empty if there is none."""
    names = [peer.name for peer in peers if peer.name != OWN and not peer.name.startswith('floor')]
    rows = []
    for key, figure in (FIGURES | PART_FIGURES).items():
        known = [name for name in names if measured.median(key, name) and not measured.is_least(key, name)]
        if known and measured.median(key, OWN) and not measured.is_least(key, OWN):
            choose = max if figure.more_is_better else min
            best = choose(known, key=lambda name: measured.median(key, name))
            rows.append([figure.title, best, ratio_cell(measured.ratio(key, OWN, best))])
    return table(['figure', 'best peer', 'Hubbub ÷ best peer'], rows) if rows else ''


def ratio_cell(ratio):
    if not ratio:
        return '–'
    middle, low, high, pairs = ratio
    if pairs < ENOUGH_PAIRS:
        return f'{middle:.3g} (of {pairs})'
    return f'{middle:.3g} [{low:.3g}, {high:.3g}] ({pairs})'


def table(head, rows):
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def how(run):
    server, client = cores()
    pinned = (
        f'Servers are pinned to one core (which is `GOMAXPROCS=1` for Go, and one worker for tokio) and the load generator '
        f'to another, '
        if server != client
        else 'There is only one core for servers and load generator, so that times mean little; they are '
    )
    return (
        f'{pinned}one server at a time under load, all of them running throughout. Payloads have 64 bytes. '
        f'`TCP_NODELAY` is on everywhere, logs are off, and no client offers compression where nothing is said of it. Rounds '
        f'are interleaved, every other one in the opposite order: {run.rounds} of them, {run.searches} of searches and memory. '
        f'Saturated: 1,000 clients, of which 10 keep 8 messages under way each. Memory: what each of {run.idle_clients:,} connections adds to a new server, '
        f'after each has said a message (to Socket.IO only that it is there), has heard those of all who came later, and has had a ping answered. '
        f'A time counts only in rounds in which the load generator kept its schedule.'
    )


def machine():
    cpus = Path('/proc/cpuinfo').read_text()
    model = re.search(r'model name\s*: (.*)', cpus)
    gibibytes = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    return (
        f'{os.cpu_count()} cores of {model[1] if model else platform.machine()}, {gibibytes:.0f} GiB of memory, '
        f'{platform.system()} {platform.release()}'
    )
