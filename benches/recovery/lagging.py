#!/usr/bin/env python3
"""How long a reader that stops goes without a gap, and what is held for it meanwhile, by the server (`hubbub_unsent_bytes`)
and by the kernel on the server's side and on the reader's (`ss -tm`): 1,000 messages of 400 B a second, 6 s long.

    benches/recovery/lagging.py target/release/hubbub [FLAGS…]     by default --slow gap --max-lag 250ms
"""

import json
import re
import subprocess
import sys
import time

from wire import READ_BYTES, Server, frame

SECONDS, RATE = 6, 1000
LOOKS_PER_SECOND = 20


def kernel_bytes(port, reader):
    """What the kernel holds for the connection of a reader: to be sent, and to be read."""
    listed = subprocess.run(["ss", "-tmnH"], capture_output=True, check=True, text=True).stdout
    to_send = to_read = 0
    for entry in re.split(r"\n(?=\S)", listed):
        ends = re.findall(r"127\.0\.0\.1:(\d+)", entry)
        memory = re.search(r"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f\d+,w(\d+)", entry)
        if memory and ends == [str(port), str(reader)]:
            to_send = int(memory[2])
        if memory and ends == [str(reader), str(port)]:
            to_read = int(memory[1])
    return to_send, to_read


def main(binary, *flags):
    join = json.dumps({"action": "join-channel", "message": "tea"})
    message = frame(json.dumps({"action": "send-message", "target": "tea", "message": "x" * 400}))
    with Server(binary, *(flags or ("--slow", "gap", "--max-lag", "250ms"))) as server:
        reader = server.connect("/ws?name=Bob", join)
        speaker = server.connect("/ws?name=Ada", join)
        speaker.setblocking(False)
        start, said, looks, skipped_after, most = time.monotonic(), 0, 0, None, (0, 0, 0, 0)
        while (passed := time.monotonic() - start) < SECONDS:
            for _ in range(int(passed * RATE) - said):
                speaker.sendall(message)
                said += 1
            try:
                speaker.recv(READ_BYTES)
            except BlockingIOError:
                pass
            if passed * LOOKS_PER_SECOND > looks:
                looks += 1
                if skipped_after is None and server.metric("hubbub_skipped_messages_total") > 0:
                    skipped_after = passed
                unsent = int(server.metric("hubbub_unsent_bytes"))
                to_send, to_read = kernel_bytes(server.port, reader.getsockname()[1])
                most = max(most, (unsent + to_send + to_read, unsent, to_send, to_read))
            time.sleep(0.0005)
    total, unsent, to_send, to_read = (held // 1024 for held in most)
    print(f"the first was skipped after {skipped_after and round(skipped_after, 2)} s of {SECONDS}, in which {said} were said")
    print(f"at most {total} KiB were held: {unsent} by the server, {to_send} to send, {to_read} to read")


main(*sys.argv[1:])
