"""A wall clock that can be set for one process: libfaketime. The monotonic clock goes on, as it does in the kernel."""

import subprocess
import sysconfig
import tempfile
from pathlib import Path

INSTALLER = Path(__file__).resolve().parents[2] / 'support/debian'
# How long a step may take to be seen.
LAG_SECONDS = 1
# Where distributions have the library. They are asked one by one: a search of the file system may meet a folder that links to
# its own parent, and then has no end.
FOLDERS = f'/usr/lib/{sysconfig.get_config_var("MULTIARCH")}', '/usr/lib64', '/usr/lib', '/usr/local/lib'


def library():
    """Where libfaketime is; None if it is not here."""
    places = (Path(folder, 'faketime/libfaketime.so.1') for folder in FOLDERS)
    return next((str(place) for place in places if place.exists()), None)


def install():
    """Whether it is there, after an attempt to install it where that may be."""
    if not library():
        subprocess.run([INSTALLER, 'faketime'], stdin=subprocess.DEVNULL, check=False)
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
