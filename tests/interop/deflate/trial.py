"""What the clients are put through."""

import json
from contextlib import AsyncExitStack
from pathlib import Path

from speaker import Speaker
from tap import Tap

TALK = json.loads(Path(__file__).with_name('talk.json').read_text())
AGREED = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
CHANNEL = 'tea'
ROUNDS = 3
# As much as people paste, so that deflating it pays.
WORDS = ' says what one says of the weather: that it was better, that it will be better, and that it is what it is;' * 15


async def talk(client, place):
    """Has everything said that it can, and heard again as it was said. Returns what was seen on the wire."""
    steps = [step for step in TALK if client.can(step)]
    async with Tap(place) as tap, Speaker(client.command, url(tap, '/echo')) as speaker:
        for step in steps:
            kind, parts = told(step)
            speaker.say(**{kind: parts})
            whole = ''.join(parts)
            heard = await speaker.hear('pong' if kind == 'ping' else kind)
            assert heard == whole, f'{kind} of {len(whole)} characters comes back as {heard:.100}'
        await speaker.leave()
    # It may have a window besides.
    equal('what is agreed on', tap.answer and tap.answer[: len(AGREED)], AGREED if client.agrees else None)
    equal('whether it deflates', any(tap.said.messages), client.deflates)
    # An echo is deflated if what it repeats was.
    equal('whether it is answered deflated', any(tap.heard.messages), client.deflates)
    return tap


def sizes(client):
    """The bytes of what it says, message by message."""
    messages = (told(step) for step in TALK if client.can(step) and 'ping' not in step)
    return [len(''.join(parts).encode('utf-8' if kind == 'text' else 'latin-1')) for kind, parts in messages]


def told(step):
    """What a speaker is told."""
    if 'ping' in step:
        return 'ping', step['ping']
    kind = 'text' if 'text' in step else 'binary'
    whole, count = step[kind] * step.get('times', 1), step.get('fragments', 1)
    size = -(-len(whole) // count) or 1
    return kind, [whole[start : start + size] for start in range(0, len(whole), size)] or ['']


async def meet(clients, place):
    """Has all of them in one channel of the chat hear what each says, in the same order. Returns what was seen on each wire."""
    async with AsyncExitStack() as stack:
        taps = [await stack.enter_async_context(Tap(place)) for _ in clients]
        speakers = []
        for number, (client, tap) in enumerate(zip(clients, taps)):
            speakers.append(await stack.enter_async_context(Speaker(client.command, url(tap, f'/ws?name={number}'))))
        for speaker in speakers:
            act(speaker, action='join-channel', message=CHANNEL)
            await hear_all(speaker, 'joined', 1)
        said = []
        for turn in range(ROUNDS):
            for number, speaker in enumerate(speakers):
                said.append(f'{number} in round {turn}{WORDS}')
                act(speaker, action='send-message', target=CHANNEL, message=said[-1])
        heard = [await hear_all(speaker, 'send-message', len(said)) for speaker in speakers]
        for speaker in speakers:
            await speaker.leave()
    equal('what is heard', sorted(heard[0]), sorted(said))
    assert all(everything == heard[0] for everything in heard), 'not everyone hears the same in the same order'
    for client, tap in zip(clients, taps):
        equal(f'whether {client} hears what is deflated', any(tap.heard.messages), client.agrees)
        equal(f'whether {client} deflates', any(tap.said.messages), client.deflates)
    return taps


def act(speaker, **action):
    speaker.say(text=[json.dumps(action)])


async def hear_all(speaker, action, count):
    """The messages of so many objects of an action, notices aside."""
    found = []
    while len(found) < count:
        objects = map(json.loads, (await speaker.hear('text')).split('\n'))
        found += [it.get('message') for it in objects if it['action'] == action and 'event' not in it]
    return found


def url(tap, path):
    address, port = tap.place
    return f'ws://{address}:{port}{path}'


def equal(what, actual, expected):
    assert actual == expected, f'{what}: {actual!r:.200} is not {expected!r:.200}'
