"""Programs that a test starts: whatever becomes of the test, they end with it."""

import signal
import subprocess
import sys

# What ends a program with the thread that has started it (setpriv(1), and prctl(2), PR_SET_PDEATHSIG): a test that is killed
# has no time to end anything itself.
BOUND = ('setpriv', '--pdeathsig', 'KILL')


class Failed(Exception):
    """Something did not do what it should; the text says what and why."""


def start(command, **how):
    """Starts a program that ends with this thread, if it does not before."""
    return subprocess.Popen([*BOUND, *map(str, command)], stdin=subprocess.DEVNULL, **how)


def run(name, main):
    """Runs a test's main function, and exits as it says. A signal unwinds the stack, so that all is ended on the way."""
    signal.signal(signal.SIGTERM, unwind)
    signal.signal(signal.SIGHUP, unwind)
    try:
        sys.exit(main())
    except (Failed, subprocess.TimeoutExpired) as error:
        sys.exit(f'{name}: {error}')
    except KeyboardInterrupt:
        sys.exit(130)


def unwind(number, _):
    raise SystemExit(128 + number)
