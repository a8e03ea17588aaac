"""What it costs Redis that what is said in a turn is said in many channels."""

import os
import signal

from bench.bounds import verdict

from .around import Beside, node
from .people import hear, join, say

SPEAKERS, EACH = 4, 64  # as many channels as one may be in
TURNS = 100


def crowd(server, channel):
    """People, and what each says in a turn, in a channel for each message."""
    speakers = []
    for speaker in range(SPEAKERS):
        channels = [channel(speaker * EACH + place) for place in range(EACH)]
        speakers.append((server.connect('/ws?name=Ada', *map(join, dict.fromkeys(channels))), b''.join(map(say, channels))))
    return speakers


def turn(server, speakers, heard):
    """All of them speak while the server stands still, so that it meets all of it in one turn."""
    os.kill(server.process.pid, signal.SIGSTOP)
    for stream, words in speakers:
        stream.sendall(words)
    os.kill(server.process.pid, signal.SIGCONT)
    for stream, _ in speakers:
        hear(stream, heard)


def redis(rounds):
    """256 messages of a turn in as many channels, to the same in one: Redis' CPU."""
    ratios = []
    with Beside() as redis, node(redis) as server:
        many = crowd(server, lambda place: f'channel {place:03}'), EACH
        one = crowd(server, lambda _: 'channel one'), SPEAKERS * EACH
        for _ in range(rounds):
            used = []
            for speakers, heard in (many, one):
                before, entries = redis.cpu_seconds(), redis.entries()
                for _ in range(TURNS):
                    turn(server, speakers, heard)
                used.append(redis.cpu_seconds() - before)
                print(f'{used[-1] / TURNS * 1e6:.1f} us, {(redis.entries() - entries) / TURNS:.2f} entries a turn', end='; ')
            ratios.append(used[0] / used[1])
            print(f'{ratios[-1]:.3g} times as much')
    verdict('CPU of Redis, 256 channels / one', ratios, 1.1)
