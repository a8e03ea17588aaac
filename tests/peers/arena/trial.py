"""A trial: a server as it should be, and then broken in one way after another, each time with the load generator beside it."""

import json
import subprocess
import time
from dataclasses import dataclass, field

from support.process import Failed, start

CLIENTS = 20
# Longer than several keep-alives of any of them.
USUAL = ['--clients', str(CLIENTS), '--rate', '50', '--duration', '6s', '--warmup', '500ms']
SHORT = ['--clients', str(CLIENTS), '--rate', '50', '--duration', '1s', '--warmup', '200ms', '--settle', '1s']
RUN_SECONDS = 60
ENTRY_SECONDS = 20
# How long all are well, before a server is killed.
MARGIN_SECONDS = 1
POLL_SECONDS = 0.05
GOOD, LATE = 0, 3
# What must not be of any message, by what the load generator calls it.
WRONG = ('lost', 'duplicated', 'reordered', 'disordered', 'disconnects', 'missed', 'stray')


@dataclass
class Run:
    """What came of a run of the load generator."""

    name: str
    status: int
    messages: dict
    # The last line that it said.
    sentence: str
    complaints: list = field(default_factory=list)


def good(server, loadgen):
    """Everything comes once and in order, for longer than the keep-alive. One that was late says nothing else of the server."""
    run = ended(begun(server.url, server.peer.speaks, USUAL, loadgen), 'good')
    messages = run.messages
    run.complaints += [f'{messages[what]} {what}' for what in WRONG if messages.get(what)]
    if not messages.get('expected') or messages['delivered'] != messages['expected']:
        run.complaints.append('not everything was delivered')
    if run.status not in (GOOD, LATE):
        run.complaints.append(f'exit status {run.status}: {run.sentence}')
    return run


def broken(server, fault, loadgen):
    """The load generator finds it broken, and says how."""
    url = server.url.removesuffix(server.peer.path) + fault.path if fault.path else server.url
    process = begun(url, override(server.peer.speaks, fault.flags), SHORT if not fault.is_kill else USUAL, loadgen)
    if fault.is_kill:
        strike(server, process)
    run = ended(process, fault.name)
    if run.status != fault.status:
        run.complaints.append(f'exit status {run.status}, where {fault.status} is expected')
    if not fault.says.casefold() in run.sentence.casefold():
        run.complaints.append(f'it does not say "{fault.says}"')
    return run


def override(flags, others):
    """Flags, with others in place of those of the same name."""
    pairs = [(name, value) for name, value in zip(flags[::2], flags[1::2], strict=True) if name not in others[::2]]
    return [word for pair in pairs for word in pair] + others


def strike(server, process):
    """Kills the server once all have been in for a while."""
    until = time.monotonic() + ENTRY_SECONDS
    while server.clients() < CLIENTS:
        if process.poll() is not None or time.monotonic() > until:
            raise Failed('the clients did not come in')
        time.sleep(POLL_SECONDS)
    time.sleep(MARGIN_SECONDS)
    server.kill()


def begun(url, speaks, how, loadgen):
    command = [loadgen, 'fanout', '--url', url, *speaks, *how, '--json', '-']
    return start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process, name):
    try:
        result, said = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Failed('the load generator did not end') from error
    messages = json.loads(result).get('messages', {}) if result else {}
    return Run(name, process.returncode, messages, (said.strip().splitlines() or ['nothing'])[-1])
