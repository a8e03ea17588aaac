#!/usr/bin/env python3
"""What the server's core does for a relay's handshake, for a join of a large chat channel, and for a join that recovers 100
messages, from connect to the end of what is answered: interleaved rounds, medians, and ratios within a round. What the others
are told meanwhile of who has come, once a second and however many come, is no part of a join: it is counted and shown apart.

    benches/recovery/rejoin.py target/release/hubbub [CLIENTS [ROUNDS]]
"""

import json
import os
import re
import select
import socket
import statistics
import struct
import sys
import time

from wire import READ_BYTES, Server, frame

MISSED = 100
UNDER_WAY = 64
SPOKEN = 5
PATIENCE_SECONDS = 20
ANSWERS = 2  # `welcome` and `joined`
JOIN = {"action": "join-channel", "message": "tea"}


def crowd(server, clients, path, first, is_done):
    """Connects clients, a few at a time; each says `first` once it may, and has come when it `is_done`."""
    poll, coming, come, received = select.epoll(), {}, [], 0
    begun = 0
    while len(come) < clients:
        while begun < clients and len(coming) < UNDER_WAY:
            stream = server.begin(path)
            coming[stream.fileno()] = [stream, b"", first]
            poll.register(stream, select.EPOLLIN)
            begun += 1
        for place, _ in poll.poll():
            one = coming[place]
            heard = one[0].recv(READ_BYTES)
            assert heard, f"the server closed after {one[1][-200:]}"
            received += len(heard)
            one[1] += heard
            if one[2] and b"\r\n\r\n" in one[1]:
                one[0].sendall(one[2])
                one[2] = None
            elif is_done(one[1]):
                poll.unregister(one[0])
                come.append(coming.pop(place)[0])
    return come, received / clients


def disperse(server, come):
    for stream in come:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
    while server.metric("hubbub_connections") > 3:
        time.sleep(0.05)


def say(stream, times):
    message = frame(json.dumps({"action": "send-message", "target": "tea", "message": "x" * 64}))
    for _ in range(times):
        stream.sendall(message)
        stream.recv(READ_BYTES)


def deliveries(server):
    return server.metric("hubbub_messages_delivered_total")


def cost_of_delivery(server, speaker, members):
    """CPU seconds for a message to one of so many members, of whom most are not even waiting for it."""
    before, sent, deadline = server.cpu_seconds(), deliveries(server), time.monotonic() + PATIENCE_SECONDS
    for _ in range(SPOKEN):
        speaker.sendall(frame(json.dumps({"action": "send-message", "target": "tea", "message": "x"})))
        time.sleep(0.05)
    while deliveries(server) < sent + SPOKEN * members:
        assert time.monotonic() < deadline, "a message did not get to everyone"
        time.sleep(0.05)
    return (server.cpu_seconds() - before) / (deliveries(server) - sent)


def end(server):
    """What someone has who is up to date."""
    found = []

    def is_done(heard):
        found[:] = re.findall(rb'"seq":(\d+),"epoch":(\d+)', heard)
        return bool(found)

    asked = frame(json.dumps(JOIN | {"members": 0}))
    come, _ = crowd(server, 1, "/ws?name=Bob", asked, is_done)
    disperse(server, come)
    seq, epoch = map(int, found[0])
    return {"epoch": epoch, "seq": seq}


def main(binary, clients=10_000, rounds=9):
    os.sched_setaffinity(0, {1})
    microseconds = {"handshake": [], "join": [], "recovery": []}
    received, notices = {}, []
    with Server(binary, "--history", "200", "--notice-limit", "1") as server:
        ada = server.connect("/ws?name=Ada", json.dumps(JOIN))
        for _ in range(rounds):
            for kind in microseconds:
                path, first = "/ws?name=Bob", frame(json.dumps(JOIN))
                if kind == "handshake":
                    path, first = "/relay", None
                if kind == "recovery":
                    since = end(server)
                    say(ada, MISSED)
                    first = frame(json.dumps(JOIN | {"since": since}))
                is_done = {
                    "handshake": lambda heard: b"\r\n\r\n" in heard,
                    "join": lambda heard: b'"oldest"' in heard,
                    "recovery": lambda heard: heard.count(b'"sender"') >= MISSED,
                }[kind]
                before, sent = server.cpu_seconds(), deliveries(server)
                come, received[kind] = crowd(server, clients, path, first, is_done)
                microseconds[kind].append((server.cpu_seconds() - before) / clients * 1e6)
                if kind == "join":
                    told = (deliveries(server) - sent) / clients - ANSWERS
                    notices.append(told * cost_of_delivery(server, ada, clients + 1) * 1e6)
                disperse(server, come)
                ada.setblocking(False)
                while select.select([ada], [], [], 0)[0]:
                    ada.recv(READ_BYTES)
                ada.setblocking(True)
    for kind, figures in microseconds.items():
        median, least, most = statistics.median(figures), min(figures), max(figures)
        print(f"{kind:9} {median:6.1f} us of CPU [{least:.1f}, {most:.1f}], {received[kind]:6.0f} B to each client")
    print(f"notices to others {statistics.median(notices):.1f} us of each join [{min(notices):.1f}, {max(notices):.1f}]")
    alone = [join - told for join, told in zip(microseconds["join"], notices, strict=True)]
    for what, ones, others in [
        ("join / handshake", microseconds["join"], microseconds["handshake"]),
        ("join without notices / handshake", alone, microseconds["handshake"]),
        ("recovery / join", microseconds["recovery"], microseconds["join"]),
    ]:
        ratios = [one / other for one, other in zip(ones, others, strict=True)]
        print(f"{what}: {statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]")


main(sys.argv[1], *map(int, sys.argv[2:]))
