"""What the tests in Python start, and what that needs: processes that end with the test, ports, certificates of the moment."""

import os
import signal
import socket
import subprocess
import time

DEADLINE_SECONDS = 20
POLL_SECONDS = 0.05
HOST = "chat.example.com"
# An address of this machine that nobody else listens at, so that a port which was free still is.
ADDRESS = "127.0.34.1"
# nginx in the foreground, with nothing of its own outside of a folder, and no user but ours.
NGINX_ALONE = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Process:
    """A child, ended by its id when the context is left."""

    def __init__(self, command, log, **environment):
        self._log = log
        with log.open("wb") as sink:
            pipes = {"stdin": subprocess.DEVNULL, "stdout": sink, "stderr": sink}
            self._child = subprocess.Popen(command, env=os.environ | environment, **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()

    def says(self, text):
        """Waits until it has said something."""
        assert eventually(lambda: text in self._log.read_text()), f"{text!r} is not in {self._log.read_text()[-1000:]!r}"

    def stop(self):
        self._child.send_signal(signal.SIGTERM)

    def ended(self):
        """Waits until it has ended by itself."""
        equal(self._child.wait(DEADLINE_SECONDS), 0)


def eventually(is_so):
    """Whether something is so before long."""
    until = time.monotonic() + DEADLINE_SECONDS
    while not (so := is_so()) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return so


def is_open(port):
    """Whether somebody listens there."""
    try:
        dial(port).close()
    except ConnectionRefusedError:
        return False
    return True


def dial(port):
    return socket.create_connection((ADDRESS, port), DEADLINE_SECONDS)


def free_port():
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        return listener.getsockname()[1]


def certificate(folder):
    """The path of a certificate for host and address, with its key beside it, and with both in one file."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={HOST}"]
    command += ["-addext", f"subjectAltName=DNS:{HOST},IP:{ADDRESS}", "-addext", "basicConstraints=critical,CA:FALSE"]
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run([*command, "-keyout", key, "-out", chain], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    (folder / "haproxy.pem").write_text(chain.read_text() + key.read_text())
    return chain


def nginx(folder, site):
    """nginx with these servers."""
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(NGINX_ALONE.format(folder=folder))
    return Process(["nginx", "-p", folder, "-c", folder / "nginx.conf"], folder / "nginx.log")


def equal(actual, expected):
    assert actual == expected, f"{actual!r:.200} is not {expected!r:.200}"
