"""A real Redis: installed where it may be, started with a folder of its own, asked, and always ended again, by its own id."""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from support.process import Failed, start

PROGRAM = 'redis-server'
JOURNAL = '{hubbub}:journal'
INSTALLER = Path(__file__).resolve().parents[2] / 'support/debian'
START_SECONDS = 20
STOP_SECONDS = 20
ANSWER_SECONDS = 20
POLL_SECONDS = 0.05
README = Path(__file__).resolve().parents[3] / 'README.md'
# The user that nodes are there.
USER, PASSWORD = 'ada', 'secret'
# Bodies of entries are no text.
PIPES = {'stdin': subprocess.DEVNULL, 'capture_output': True, 'text': True, 'errors': 'replace'}


def install(program=PROGRAM):
    """Sees to it that the server is here. Debian has both under their own names."""
    if not shutil.which(program):
        subprocess.run([INSTALLER, program], stdin=subprocess.DEVNULL, check=False)
    if not shutil.which(program):
        raise Failed(f'{program} is missing, and could not be installed (Debian: the package {program})')


def rights():
    """What the README says that a user has to be permitted."""
    found = re.search(r'`(~\{hubbub\}[^`]*)`', README.read_text(encoding='utf-8'))
    if not found:
        raise Failed('the README does not say what a user of Redis has to be permitted')
    return found[1].split()


class Redis:
    """A running server that listens on a unix socket only; leaving the context ends it. It keeps nothing, unless `flags`
    say so: options by their names, such as `appendonly`."""

    def __init__(self, program=PROGRAM, flags=None):
        self._program = program
        self._folder = tempfile.TemporaryDirectory(prefix='hubbub-nodes-')
        self._flags = {'port': '0', 'save': '', 'appendonly': 'no', 'unixsocket': str(self.socket)} | (flags or {})
        self._process = None

    @property
    def url(self):
        """Where nodes find it, as a user that may do no more than it has to."""
        return f'unix:{self.socket}?user={USER}&password={PASSWORD}'

    @property
    def socket(self):
        return Path(self._folder.name) / 'redis.sock'

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        self._folder.cleanup()

    def start(self):
        """Starts it, again with what it had kept; returns once it answers."""
        user = ['--user', USER, 'on', f'>{PASSWORD}', *rights()]
        command = [self._program, *user, *(word for name, value in self._flags.items() for word in (f'--{name}', value))]
        with open(self._log, 'ab') as log:
            self._process = start(command, cwd=self._folder.name, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + START_SECONDS
        while self._asked('PING').stdout != 'PONG\n':
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise Failed(f'{self._program} did not start: {self._log.read_text()}')
            time.sleep(POLL_SECONDS)

    def stop(self):
        """Has it end as it would by itself, or by force after a while. One that stands still goes on first."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        self._process.kill()
        self._process.wait()

    def signal(self, number):
        self._process.send_signal(number)

    def ask(self, *words):
        """What it answers, as text."""
        said = self._asked(*words)
        if said.returncode:
            raise Failed(f'{self._program} did not answer {words[0]}: {said.stdout}{said.stderr}')
        return said.stdout.rstrip('\n')

    def connections(self):
        """Those of nodes, each with what CLIENT LIST tells of it, by name."""
        told = [dict(field.split('=', 1) for field in line.split()) for line in self.ask('CLIENT', 'LIST').splitlines()]
        return [connection for connection in told if connection['name'] == 'hubbub']

    def journal(self):
        """The numbers of the first and the last entry in it."""
        questions = ('XRANGE', JOURNAL, '-', '+'), ('XREVRANGE', JOURNAL, '+', '-')
        answers = (self.ask(*words, 'COUNT', 1) for words in questions)
        return [int(entry.split(maxsplit=1)[0].split('-')[1]) for entry in answers]

    def version(self):
        """Its name and version."""
        lines = self.ask('INFO', 'server').splitlines()
        facts = dict(line.split(':', 1) for line in lines if ':' in line)
        name = facts.get('server_name', 'redis')
        return f'{name} {facts.get(f"{name}_version", facts["redis_version"])}'

    @property
    def _log(self):
        return Path(self._folder.name) / 'log'

    def _asked(self, *words):
        """Debian has the client beside the server, under the same name but for the end."""
        client = self._program.replace('-server', '-cli')
        command = [client, '-e', '-s', str(self.socket), *map(str, words)]
        try:
            return subprocess.run(command, timeout=ANSWER_SECONDS, check=False, **PIPES)
        except subprocess.TimeoutExpired as error:
            raise Failed(f'{self._program} did not answer {words[0]} within {ANSWER_SECONDS} s') from error
