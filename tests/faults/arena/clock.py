"""A wall clock that can be set for one process: libfaketime. The monotonic clock goes on, as it does in the kernel."""

import glob
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

INSTALL_SECONDS = 300
# How long a step may take to be seen.
LAG_SECONDS = 1
LIBRARIES = '/usr/lib/*/faketime/libfaketime.so.1', '/usr/l*/**/libfaketime.so.1'


def library():
    """Where libfaketime is; None if it is not here."""
    found = (path for pattern in LIBRARIES for path in glob.iglob(pattern, recursive=True))
    return next(found, None)


def install():
    """Whether it is there, after an attempt to install it where that may be."""
    if not library() and os.geteuid() == 0 and shutil.which('apt-get'):
        environment = os.environ | {'DEBIAN_FRONTEND': 'noninteractive'}
        for command in (['update'], ['install', '--no-install-recommends', 'faketime']):
            pipes = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.DEVNULL, 'timeout': INSTALL_SECONDS}
            subprocess.run(['apt-get', '--quiet', '--yes', *command], env=environment, check=False, **pipes)
    return library() is not None


class Clock:
    """What a process sees as the time, by an offset from the true one."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / 'offset'
        self.step(0)

    @property
    def environment(self):
        return {
            'LD_PRELOAD': library(),
            'FAKETIME_TIMESTAMP_FILE': str(self._file),
            # Read no more often than that, so that the library costs the server next to nothing.
            'FAKETIME_CACHE_DURATION': str(LAG_SECONDS),
            'FAKETIME_DONT_FAKE_MONOTONIC': '1',
        }

    def step(self, seconds):
        new = self._file.with_suffix('.new')
        new.write_text(f'{seconds:+d}\n')
        new.replace(self._file)
