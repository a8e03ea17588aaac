"""What the servers need: packages of npm and PyPI beside this folder, again only when their pinned versions have changed, and
Debian's."""

import shutil
import subprocess
import sys
from pathlib import Path

from support.process import Failed

HERE = Path(__file__).resolve().parent.parent
DEBIAN = HERE.parent / 'support/debian'
SECONDS = 900
# Where servers are, which not everyone has on the PATH.
SBIN = '/usr/sbin'


def install(peers):
    """Sees to it that all that these servers need is here."""
    for requirements in sorted({peer.requirements for peer in peers if peer.requirements}):
        install_python(requirements)
    if any(peer.is_node for peer in peers):
        install_node()
    packages = {package for peer in peers for there, package in peer.debian.items() if not is_there(there)}
    if packages:
        run([DEBIAN, *sorted(packages)])


def install_node():
    once(HERE / 'package-lock.json', HERE / 'node_modules', lambda: run(['npm', 'ci', '--no-audit', '--no-fund']))


def install_python(requirements):
    folder = venv(requirements)

    def make():
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, '-m', 'venv', folder])
        run([folder / 'bin/pip', 'install', '--quiet', '--requirement', HERE / requirements])

    once(HERE / requirements, folder, make)


def venv(requirements):
    return HERE / f'.venv-{Path(requirements).stem}'


def once(pins, folder, make):
    """Installs what is pinned in a file, unless that is what was installed there last."""
    mark = folder / '.installed'
    if not mark.exists() or mark.read_bytes() != pins.read_bytes():
        make()
        shutil.copy(pins, mark)


def is_there(what):
    return Path(what).exists() if what.startswith('/') else bool(program(what))


def program(name):
    """Where a program is."""
    return shutil.which(name) or shutil.which(name, path=SBIN)


def run(command):
    words = ' '.join(map(str, command))
    print(f'# {words}', flush=True)
    how = {'cwd': HERE, 'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    said = subprocess.run(list(map(str, command)), timeout=SECONDS, check=False, **how)
    if said.returncode:
        raise Failed(f'`{words}` failed: {said.stdout}')
