"""A browser as a client: its page asks here what to say, and tells here what it hears.

browser.py COMMAND… URL     COMMAND starts the browser; {profile} in it is a folder of its own
"""

import json
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WEB = Path(__file__).with_name('web.mjs')
PAGE = """\
<!doctype html>
<script type="module">
import { talk } from '/web.mjs';

async function* commands() {
  for (let line; (line = await (await fetch('/next')).text()) !== '';) yield JSON.parse(line);
}

let told = Promise.resolve();
function tell(what) {
  told = told.then(() => fetch('/tell', { method: 'POST', body: JSON.stringify(what) }));
}

await talk(WebSocket, %s, commands(), tell);
</script>
"""
# Nobody but loopback is asked for anything, and no page but ours is opened. Firefox alone reads it.
PREFERENCES = {
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': 9,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': 9,
    'browser.aboutwelcome.enabled': False,
    'datareporting.policy.dataSubmissionEnabled': False,
}


class Desk(BaseHTTPRequestHandler):
    """What the page comes to; it asks for one thing after another."""

    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        match self.path:
            case '/':
                self.answer((PAGE % json.dumps(self.server.url)).encode(), 'text/html')
            case '/web.mjs':
                self.answer(WEB.read_bytes(), 'text/javascript')
            case '/next':
                self.answer(sys.stdin.buffer.readline(), 'application/json')
            case _:
                self.send_error(404)

    def do_POST(self):
        told = self.rfile.read(int(self.headers['Content-Length'])).decode()
        print(told, flush=True)
        self.answer(b'', 'text/plain')
        if 'closed' in json.loads(told):
            self.server.is_over.set()

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main(*command, url):
    desk = ThreadingHTTPServer(('127.0.0.1', 0), Desk)
    desk.daemon_threads, desk.url, desk.is_over = True, url, threading.Event()
    threading.Thread(target=desk.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = (f'user_pref({json.dumps(name)}, {json.dumps(value)});\n' for name, value in PREFERENCES.items())
        Path(profile, 'user.js').write_text(''.join(lines))
        command = [word.format(profile=profile) for word in command]
        # Its own noise is no error of ours, and it ends with us whatever becomes of us.
        bound = ['setpriv', '--pdeathsig', 'KILL', *command, 'http://{}:{}/'.format(*desk.server_address)]
        pipes = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
        with subprocess.Popen(bound, **pipes) as browser:
            desk.is_over.wait()
            browser.terminate()


main(*sys.argv[1:-1], url=sys.argv[-1])
