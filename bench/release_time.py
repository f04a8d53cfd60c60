#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a client that goes away in the middle of a long prompt keeps the model: from the moment its connection is
closed to the line that the server's log has for the end of the answer. Each round leaves at another point of the prompt.

Usage: release_time.py STRIDE [--model FILE] [--tokens N] [--rounds N]
"""
import argparse
import datetime
import json
import os
import random
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

WORDS = "one two three four five six seven eight nine ten".split()
PATIENCE = 600


def prompt_of(n_word, seed):
    # Another one each round, so that none finds its beginning in the cache.
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(n_word))


def words_for(port, n_token):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/tokenize",
                                     json.dumps({"content": prompt_of(2000, 0)}).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return n_token * 2000 // len(json.load(answer)["tokens"])


def leave(port, n_word, seed, share):
    """Reads until so much of the prompt has been read, then resets the connection. (time, tokens read, tokens)"""
    body = json.dumps({"messages": [{"role": "user", "content": prompt_of(n_word, seed)}], "stream": True,
                       "return_progress": True, "max_tokens": 10}).encode()
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: round-%d\r\n"
                   b"Content-Length: %d\r\n\r\n" % (seed, len(body)) + body)
    text = ""
    while True:
        piece = client.recv(65536)
        text += piece.decode()
        if not piece or "[DONE]" in text or not text.startswith("HTTP/1.1 200"):
            sys.exit(f"the answer came before the client could leave: {text[-500:]}")
        seen = re.findall(r'"prompt_progress":\{"total":(\d+),"cache":\d+,"processed":(\d+)', text)
        if seen and int(seen[-1][1]) >= share * int(seen[-1][0]):
            # Somewhere inside the next step of the model.
            time.sleep(random.Random(seed).uniform(0, 0.3))
            client.close()
            return time.time(), int(seen[-1][1]), int(seen[-1][0])


def end_of(log, request_id):
    """When the log says that the answer ended."""
    deadline = time.time() + PATIENCE
    while time.time() < deadline:
        with open(log) as file:
            for line in file:
                entry = json.loads(line) if line.endswith("\n") else {}
                if entry.get("event") == "answer" and entry["request_id"] == request_id:
                    assert entry["client_gone"], entry
                    return datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00")).timestamp()
        time.sleep(0.02)
    sys.exit("the log does not say that the answer ended")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stride")
    parser.add_argument("--model")
    parser.add_argument("--tokens", type=int, default=30000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        command = [options.stride, "serve", "--port", "0", "--state", "-", "--log", log, "-c", str(options.tokens + 4096)]
        if options.model:
            command += ["-m", options.model]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        port = int(re.search(r"http://[^:]+:(\d+)", server.stdout.readline()).group(1))
        n_word = words_for(port, options.tokens)
        times = []
        for i in range(options.rounds):
            left, n_read, n_token = leave(port, n_word, i, (i + 0.3) / options.rounds)
            times.append((end_of(log, f"round-{i}") - left) * 1000)
            print(f"left after {n_read} of {n_token} tokens: free after {times[-1]:.0f} ms", flush=True)
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE)
    print(f"median {statistics.median(times):.0f} ms, largest {max(times):.0f} ms")


if __name__ == "__main__":
    main()
