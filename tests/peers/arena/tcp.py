"""Who listens where, and how many are connected, as the kernel tells it (proc(5): /proc/net/tcp, /proc/PID/stat)."""

import contextlib
import re
import socket
from contextlib import ExitStack
from pathlib import Path

CONNECTED, LISTENING = '01', '0A'
IPV6_LOOPBACK = '00000000000000000000000001000000'


def free_ports(count):
    """Ports at the loopback address that nobody has."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(('127.0.0.1', 0))
        return [one.getsockname()[1] for one in sockets]


def is_open(port):
    with contextlib.closing(socket.socket()) as client:
        return client.connect_ex(('127.0.0.1', port)) == 0


def connected(port):
    """How many connections a port of this machine has."""
    return sum(state == CONNECTED and place.endswith(f':{port:04X}') for place, state, _ in sockets())


def listening_beyond_loopback(session):
    """Where processes of a session listen that others can reach, as the kernel writes addresses and ports."""
    own = inodes(session)
    places = [place for place, state, inode in sockets() if state == LISTENING and inode in own]
    return [place for place in places if not is_loopback(place.split(':')[0])]


def is_loopback(address):
    """The bytes of an address are told four by four, the last first."""
    is_ipv4 = len(address) == 8 or address[:24] == '0000000000000000FFFF0000'
    return address.endswith('7F') if is_ipv4 else address == IPV6_LOOPBACK


def sockets():
    """Local address, state and inode of each of this machine's."""
    for name in ('tcp', 'tcp6'):
        for line in Path('/proc/net', name).read_text().splitlines()[1:]:
            fields = line.split()
            yield fields[1], fields[3], fields[9]


def inodes(session):
    """Those of the sockets that processes of a session have."""
    links = (link for pid in members(session) for link in Path('/proc', str(pid), 'fd').glob('*'))
    found = set()
    for link in links:
        with contextlib.suppress(OSError):
            found.update(re.findall(r'^socket:\[(\d+)\]$', str(link.readlink())))
    return found


def members(session):
    """The ids of all processes of a session."""
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            state_and_more = stat.read_text().rpartition(') ')[2].split()
            if int(state_and_more[3]) == session:
                yield int(stat.parent.name)
