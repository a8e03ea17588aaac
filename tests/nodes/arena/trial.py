"""A trial: people who talk at three nodes, one fault, and everything that was not as it should be."""

import time
from dataclasses import dataclass, field

from support.process import Failed

from . import well
from .hub import Hub
from .load import Load, Verdict

# People are heard a little before the fault, and after it.
MARGIN_SECONDS = 0.3


@dataclass(frozen=True)
class Ground:
    """What all trials have in common."""

    hubbub: str
    loadgen: str
    # The program of Redis.
    redis: str
    lease_seconds: int


@dataclass
class Outcome:
    """What came of a trial, as far as it came."""

    name: str
    verdict: Verdict | None = None
    # How long the fault took, and from then on until all was well.
    strike_seconds: float = 0
    ill_seconds: float = 0
    complaints: list[str] = field(default_factory=list)


def run(fault, ground):
    """One run of the load generator, with a fault in the middle."""
    outcome = Outcome(fault.name)
    try:
        with Hub(ground, fault) as hub:
            attempt(fault, ground, hub, outcome)
            for node in hub.nodes:
                outcome.complaints += node.stop()
    except Failed as error:
        outcome.complaints.append(str(error))
    return outcome


def attempt(fault, ground, hub, outcome):
    _, outcome.complaints = well.wait(hub)
    with Load(ground.loadgen, hub, fault.load) as load:
        load.wait_for_clients()
        time.sleep(MARGIN_SECONDS)
        began = time.monotonic()
        fault.strike(hub)
        outcome.strike_seconds = time.monotonic() - began
        outcome.ill_seconds, ills = well.wait(hub)
        time.sleep(MARGIN_SECONDS)
        outcome.verdict = load.verdict()
    outcome.complaints += ills + wrongs(outcome.verdict, fault) + lacks(hub, fault)


def wrongs(verdict, fault):
    """What went wrong with the messages, or was told that need not be with this fault."""
    untold = {what: count for what, count in verdict.told.items() if what not in fault.tells}
    wrong = [f'{count} {what}' for what, count in (verdict.wrong | untold).items() if count]
    return wrong if verdict.delivered else [*wrong, 'nothing was delivered']


def lacks(hub, fault):
    """What does not show of the fault, which would be one in name only."""
    return [] if fault.shows in hub.said() else [f'nobody has noticed: none says "{fault.shows}"']
