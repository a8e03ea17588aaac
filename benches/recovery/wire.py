"""A server on a core of its own, and as much of a WebSocket client as measuring takes."""

import re
import socket
import struct
import subprocess
import urllib.request

READ_BYTES = 1 << 18


class Server:
    """A `hubbub` at a port that the system picks."""

    def __init__(self, binary, *flags):
        command = ["taskset", "-c", "0", binary, "serve", "--addr", "127.0.0.1:0", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.url = re.search(r"http:\S+", self.process.stdout.readline().decode())[0]
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def cpu_seconds(self):
        """CPU time that it has used, to the nanosecond (/proc/PID/schedstat)."""
        with open(f"/proc/{self.process.pid}/schedstat") as schedstat:
            return int(schedstat.read().split()[0]) / 1e9

    def metric(self, name):
        """The sum over all labels of a metric."""
        page = urllib.request.urlopen(f"{self.url}/metrics").read().decode()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))

    def begin(self, path):
        """A connection on which an upgrade is asked for, and not answered yet."""
        stream = socket.create_connection(("127.0.0.1", self.port))
        stream.sendall(
            f"GET {path} HTTP/1.1\r\nHost: hubbub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        return stream

    def connect(self, path, *texts):
        """A client that has sent these texts and heard an answer to each."""
        stream = self.begin(path)
        stream.recv(READ_BYTES)
        for text in texts:
            stream.sendall(frame(text))
            stream.recv(READ_BYTES)
        return stream


def frame(text):
    """A masked text frame (RFC 6455, section 5.2); a mask of zeros leaves the payload as it is."""
    payload = text.encode()
    length = len(payload)
    header = struct.pack("BB", 0x81, 0x80 | length) if length < 126 else struct.pack(">BBH", 0x81, 0xFE, length)
    return header + bytes(4) + payload
