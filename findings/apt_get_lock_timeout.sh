#!/usr/bin/env bash
# apt-get: `DPkg::Lock::Timeout` has it wait for the lock of dpkg alone.
#
# Another apt-get that is at work holds the lock of the lists of packages (update) or that of the archives (install) too. For
# these it does not wait, and fails at once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p lists/partial
cat > update.py <<'PYTHON'
import fcntl, os, subprocess, sys, time

lists = os.path.abspath('lists')
options = {
    'DPkg::Lock::Timeout': '5',
    'Dir::State::Lists': lists,
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': '/dev/null',
}
with open(f'{lists}/lock', 'w') as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    began = time.monotonic()
    words = [word for name, value in options.items() for word in ('--option', f'{name}={value}')]
    ended = subprocess.run(['apt-get', *words, 'update'], capture_output=True, text=True)
    waited = time.monotonic() - began
refused = ended.returncode != 0 and lock.name in ended.stderr
print('refused' if refused else 'not refused', 'at once' if waited < 4 else 'after a wait')
PYTHON
python3 update.py >seen
echo "apt $(dpkg-query --show --showformat '${Version}' apt) (found in 2.6.1)"
echo "expected: refused after a wait"
echo "seen:     $(cat seen)"
grep -qx 'refused at once' seen
