#!/usr/bin/env bash
# Version: apt 2.6.1 (Debian 12).
# Expected: with `DPkg::Lock::Timeout` apt-get waits for another one that is at work.
# Seen: it waits for dpkg's lock alone. For the lock of the lists of packages (update) and for that of the archives (install), which
#   the other one holds too, it does not wait, and fails at once.
# Exits 0 as long as that is so, and 1 once it has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/lists/partial"
cat > "$folder/update.py" <<'PYTHON'
import fcntl, subprocess, sys, time
folder = sys.argv[1]
options = {
    'DPkg::Lock::Timeout': '5',
    'Dir::State::Lists': f'{folder}/lists',
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': '/dev/null',
}
with open(f'{folder}/lists/lock', 'w') as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    began = time.monotonic()
    words = [word for name, value in options.items() for word in ('--option', f'{name}={value}')]
    ended = subprocess.run(['apt-get', *words, 'update'], capture_output=True, text=True)
    waited = time.monotonic() - began
refused = ended.returncode != 0 and 'Could not get lock' in ended.stderr
print(f'expected: a wait of 5 s; seen: {"refused" if refused else "not refused"} after {waited:.1f} s')
sys.exit(not (refused and waited < 4))
PYTHON
LC_ALL=C python3 "$folder/update.py" "$folder"
