"""Runs of the load generator, on a core of its own."""

import json
import signal
import subprocess

from .peers import RELEASE
from .processes import Failed, cores, on


# No run takes longer, unless it hangs.
RUN_SECONDS = 900
# A run that is ended early waits for what is under way, and then reports.
REPORT_SECONDS = 60


def loadgen(mode, *flags, protocol='raw', seconds=RUN_SECONDS):
    """The result of a run, as its JSON; of one that was ended after so many seconds, that of what it did until then. That
    a server lost messages is a result too."""
    command = on(cores()[1], [RELEASE / 'loadgen', mode, '--protocol', protocol, '--json', '-', *flags])
    pipes = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            result, said = report(process, seconds)
        finally:
            process.kill()
    if not result:
        reason = said.strip().splitlines() or [f'exit status {process.returncode}']
        raise Failed(f'loadgen {mode}: {reason[-1]}')
    return json.loads(result)


def report(process, seconds):
    try:
        return process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=REPORT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failed(f'the load generator did not end within {seconds + REPORT_SECONDS} s') from error


def against(server, mode, *flags, **how):
    """A run in which a server is spoken to as it speaks, unless something else is said."""
    return loadgen(mode, '--url', server.url, '--server-pid', server.pid, *flags, **{'protocol': server.protocol} | how)


def compare(servers, rounds, *flags):
    """Interleaved rounds of several servers: for each of them its rounds, in order."""
    targets = [word for server in servers for word in ('--target', f'{server.name}={server.protocol}+{server.url}')]
    pids = [word for server in servers for word in ('--server-pid', server.pid)]
    result = loadgen('compare', '--rounds', rounds, *targets, *pids, *flags)
    return {server.name: [r for r in result['rounds'] if r['target'] == server.name] for server in servers}
