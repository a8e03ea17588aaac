"""A trial: healthy clients on a server under some faults, and everything that was not as it should be."""

import os
import threading
import time
import traceback
from dataclasses import dataclass

from .fault import Field
from .healthy import Healthy, Load, Verdict
from .server import Server, Setting

# Beyond what a fault takes, for a busy machine.
PATIENCE_SECONDS = 90
# Healthy clients are heard a little before the faults begin, and after they have ended.
MARGIN_SECONDS = 0.3
NICE = 19


@dataclass(frozen=True)
class Ground:
    """What all trials have in common."""

    hubbub: str
    loadgen: str
    load: Load
    # Hostile peers of each kind at once.
    peers: int
    # How long faults go on at least.
    seconds: float
    # The server's core, and that of everyone else; the system's choice if there is but one.
    cores: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial."""

    name: str
    seen: dict
    verdict: Verdict
    complaints: list[str]


def run(name, faults, ground):
    """One run of the load generator, with these faults at once."""
    setting = Setting()
    for fault in faults:
        setting |= fault.setting
    seconds = max([ground.seconds, *(fault.seconds for fault in faults)])
    server_core, core = ground.cores
    complaints = []
    with Server(ground.hubbub, setting, ground.load.clients, server_core) as server:
        before = server.metrics()
        with Healthy(ground.loadgen, server, ground.load, core) as healthy:
            server.wait_for(ground.load.clients)
            time.sleep(MARGIN_SECONDS)
            fields = attack(faults, server, before, ground, seconds, complaints)
            time.sleep(MARGIN_SECONDS)
            verdict = healthy.verdict()
        after, restless = server.come_to_rest(before)
        complaints += verdict.faults + restless
        complaints += [lack for field in fields for lack in field.lacks(after)]
        complaints += server.stop()
    return Outcome(name, {fault.name: dict(field.seen) for fault, field in zip(faults, fields)}, verdict, complaints)


def attack(faults, server, before, ground, seconds, complaints):
    """All faults at once, each from an address of its own."""
    until = time.monotonic() + seconds
    fields = [
        Field(fault, server, before, f'127.0.1.{number}', ground.peers, until)
        for number, fault in enumerate(faults, start=1)
    ]

    def perform(attack, field):
        if ground.cores[1] is not None:
            # On the core that they share the healthy ones come first.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            os.sched_setaffinity(0, {ground.cores[1]})
        try:
            attack(field)
        except Exception:
            complaints.append(f'the attack failed: {traceback.format_exc(limit=-2)}')

    threads = [
        threading.Thread(target=perform, args=(attack, field), daemon=True)
        for fault, field in zip(faults, fields)
        for attack in fault.attacks
    ]
    for thread in threads:
        thread.start()
    if not threads:
        time.sleep(seconds)
    deadline = time.monotonic() + seconds + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        complaints.append('an attack did not end')
    return fields
