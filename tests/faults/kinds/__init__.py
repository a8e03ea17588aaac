"""All kinds of faults, in the order in which they are tried."""

from . import clock, descriptors, door, floods, full_log, garbage, half_close, lies, resets, slow, stalls, stop, trickle

KINDS = [
    resets.FAULT,
    stalls.FAULT,
    trickle.FAULT,
    half_close.FAULT,
    lies.FAULT,
    garbage.FAULT,
    slow.FAULT,
    floods.FAULT,
    floods.BOUNDED,
    door.FAULT,
    descriptors.FAULT,
    full_log.FAULT,
    clock.FAULT,
    stop.FAULT,
]
