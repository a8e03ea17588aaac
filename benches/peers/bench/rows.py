"""Tables of which one row after another is measured, each against its bound: what their programs have in common."""

import argparse
import time

from .processes import end_on_signals, raise_descriptor_limit


def measure(doc, rows, prepare):
    """Measures the rows that the command line names, or all. `rows` has by their names what measures each, told how many rounds,
    and how many there are if nothing else is said."""
    args = arguments(doc, rows)
    end_on_signals()
    raise_descriptor_limit()
    prepare()
    for name in args.rows or rows:
        act, rounds = rows[name]
        began = time.monotonic()
        print(f'==> {name}: {act.__doc__}', flush=True)
        act(args.rounds or rounds)
        print(f'==> {name} took {time.monotonic() - began:.0f} s', flush=True)


def arguments(doc, rows):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('rows', nargs='*', metavar='ROW', help=f'of {", ".join(rows)} [all]')
    parser.add_argument('--rounds', type=int, help='rounds of each, 2 or more [by the row]')
    args = parser.parse_args()
    if unknown := set(args.rows) - set(rows):
        parser.error(f'{", ".join(unknown)}: there are {", ".join(rows)}')
    return args
