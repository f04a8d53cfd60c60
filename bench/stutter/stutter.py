#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much running answers stutter while a long prompt is read.

Starts `stride serve`, keeps four answers streaming, and measures the time between the pieces of each as they arrive:
first alone, then while a prompt of 16,000 tokens is read. Repeats both in turns and prints the 99th percentiles.

Usage: stutter.py STRIDE [-m MODEL] [--streams 4] [--prompt 16000] [--repeat 5]
"""
import argparse
import json
import random
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time

PARSER = argparse.ArgumentParser(description=__doc__.split("\n")[0])
PARSER.add_argument("stride")
PARSER.add_argument("-m", "--model")
PARSER.add_argument("--streams", type=int, default=4)
PARSER.add_argument("--prompt", type=int, default=16000, help="tokens")
PARSER.add_argument("--repeat", type=int, default=5)
PARSER.add_argument("--flags", default="", help="further flags of the server")
PARSER.add_argument("--seconds", type=float, default=1.5, help="of each measurement without the prompt")
OPTIONS = PARSER.parse_args()


def start_server():
    model = (["-m", OPTIONS.model] if OPTIONS.model else []) + OPTIONS.flags.split()
    process = subprocess.Popen([OPTIONS.stride, "serve", "--port", "0", "--state", "-", "-c", "32768", *model],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, int(re.search(r"http://[^:]+:(\d+)", process.stdout.readline()).group(1))


def send(port, body):
    connection = socket.create_connection(("127.0.0.1", port))
    data = json.dumps(body).encode()
    connection.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(data) + data)
    connection.setblocking(False)
    return connection


def random_prompt(n, seed):
    random.seed(seed)
    return [random.randint(300, 900) for _ in range(n)]


def stream(port, seed):
    return send(port, {"prompt": random_prompt(20, seed), "max_tokens": 30000, "ignore_eos": True, "stream": True,
                       "temperature": 1, "seed": seed})


def gaps(connections, until):
    """Seconds between pieces of the same stream, until `until()`."""
    selector = selectors.DefaultSelector()
    last = {}
    for connection in connections:
        selector.register(connection, selectors.EVENT_READ)
    out = []
    while not until():
        for key, _ in selector.select(0.01):
            data = key.fileobj.recv(1 << 16)
            now = time.perf_counter()
            if not data:
                sys.exit("a stream ended before the measurement: raise max_tokens")
            if key.fileobj in last:
                out.append(now - last[key.fileobj])
            last[key.fileobj] = now
    return out


def percentile(values, share):
    values = sorted(values)
    at = (len(values) - 1) * share
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def measure(port, seed):
    """The gaps without and with the prompt, and the seconds that reading it took."""
    streams = [stream(port, seed * 100 + i) for i in range(OPTIONS.streams)]
    begin = time.perf_counter()
    gaps(streams, lambda: time.perf_counter() > begin + 0.5)
    begin = time.perf_counter()
    idle = gaps(streams, lambda: time.perf_counter() > begin + OPTIONS.seconds)
    reader = send(port, {"prompt": random_prompt(OPTIONS.prompt, seed), "max_tokens": 1})
    begin = time.perf_counter()

    def answered():
        try:
            return bool(reader.recv(1 << 16))
        except BlockingIOError:
            return False

    busy = gaps(streams, answered)
    seconds = time.perf_counter() - begin
    for connection in [*streams, reader]:
        connection.close()
    time.sleep(0.3)
    return idle, busy, seconds


def main():
    process, port = start_server()
    try:
        ratios = []
        for i in range(OPTIONS.repeat):
            idle, busy, seconds = measure(port, i + 1)
            a, b = percentile(idle, 0.99), percentile(busy, 0.99)
            ratios.append(b / a)
            print(f"99th percentile {a * 1e3:.2f} ms alone, {b * 1e3:.2f} ms while reading: {b / a:.2f}x; median "
                  f"{statistics.median(idle) * 1e3:.2f} and {statistics.median(busy) * 1e3:.2f} ms; "
                  f"{OPTIONS.prompt} tokens read in {seconds:.1f} s", flush=True)
        print(f"ratio of the 99th percentiles: median {statistics.median(ratios):.2f} "
              f"({min(ratios):.2f} - {max(ratios):.2f})")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


if __name__ == "__main__":
    main()
