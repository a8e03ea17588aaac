"""Whether all is well: each node says so and knows of all, and what is said at any is heard at all."""

import http.client
import itertools
import json
import time
from contextlib import ExitStack

from support.peer import TEXT, Peer, Refused, frame
from support.server import samples

from .hub import PATIENCE_SECONDS, POLL_SECONDS

# How long an answer may take; after that all is asked anew.
ANSWER_SECONDS = 2
CHANNEL = 'well'

_numbers = itertools.count()


class Unwell(Exception):
    """Not all is well; the text says what is not."""


def wait(hub):
    """How many seconds it takes until all is well, and what is not if that takes too long."""
    began = time.monotonic()
    while True:
        try:
            check(hub.nodes)
            return time.monotonic() - began, []
        except (Unwell, Refused, OSError, http.client.HTTPException) as error:
            seconds = time.monotonic() - began
            if seconds > PATIENCE_SECONDS:
                return seconds, [f'not well after {seconds:.0f} s: {error}']
        time.sleep(POLL_SECONDS)


def check(nodes):
    for node in nodes:
        node.must_run()
        status, text = node.ask('/healthz', ANSWER_SECONDS)
        demand(status == 200, f'{node.name} says {status} {text}')
        _, text = node.ask('/metrics', ANSWER_SECONDS)
        known = samples(text)['hubbub_nodes']
        demand(known == len(nodes), f'{node.name} knows of {known:.0f} nodes')
    talk(nodes)


def talk(nodes):
    """Someone at each node says a word that nobody has ever said, and hears everyone's."""
    words = {f'{next(_numbers)}' for _ in nodes}
    with ExitStack() as stack:
        people = [stack.enter_context(enter(node)) for node in nodes]
        for word, person in zip(words, people, strict=True):
            say(person, 'send-message', target=CHANNEL, message=word)
        for node, person in zip(nodes, people, strict=True):
            hear(node, person, lambda said: said.get('message'), words)


def enter(node):
    person = Peer(node.place, patience=ANSWER_SECONDS)
    try:
        person.join('/ws?name=probe')
        say(person, 'join-channel', message=CHANNEL)
        hear(node, person, lambda said: said['action'], {'joined'})
    except BaseException:
        person.close()
        raise
    return person


def say(person, action, **fields):
    person.send(frame(TEXT, json.dumps({'action': action} | fields).encode()))


def hear(node, person, what, wanted):
    """Waits until someone has heard all that is wanted."""
    missing = set(wanted)
    while missing:
        try:
            lines = person.hear().splitlines()
        except TimeoutError as error:
            raise Unwell(f'at {node.name} nobody hears {", ".join(sorted(missing))}') from error
        for said in map(json.loads, lines):
            demand(said['action'] not in ('error', 'epoch'), f'{node.name} answers {said}')
            missing.discard(what(said))


def demand(is_so, otherwise):
    if not is_so:
        raise Unwell(otherwise)
