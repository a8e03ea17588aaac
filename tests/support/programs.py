"""The programs under test."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from .process import Failed

BUILDER = Path(__file__).with_name('build')


class Programs(NamedTuple):
    """Their paths."""

    hubbub: str
    loadgen: str


def add_flag(parser):
    parser.add_argument('--programs', type=Path, help='the folder of a built hubbub and loadgen; without it, cargo builds them')


def find(folder, is_optimized=False):
    """Those in a folder, if one is named, or else as cargo builds them."""
    folder = (folder or built(is_optimized)).resolve()
    return Programs(*(str(folder / name) for name in Programs._fields))


def built(is_optimized):
    said = subprocess.run([BUILDER, *(['--release'] if is_optimized else [])], stdout=subprocess.PIPE, text=True, check=False)
    if said.returncode:
        raise Failed('cargo did not build')
    return Path(said.stdout.strip())
