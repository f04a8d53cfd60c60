#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much running answers stutter while a long prompt is read.

Starts `stride serve`, keeps four answers streaming, and measures the time between the pieces of each as they arrive:
alone, while a prompt of 16,000 tokens is read, and alone again. Repeats all in turns and prints the 99th percentiles.
A longer text takes longer for each of its tokens, and the answers grow while the prompt is read; so the gaps with the
prompt are compared with those before and after it together.

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
import urllib.request

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


def tokens_of_letters(port):
    """Tokens that are text by themselves: one that ends within a character sends nothing, and the gap after it is of
    two steps."""
    letters = json.dumps({"content": " ".join("abcdefghijklmnopqrstuvwxyz")}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/tokenize", letters) as answer:
        return {str(token): 100 for token in json.load(answer)["tokens"]}


def stream(port, seed, bias):
    return send(port, {"prompt": random_prompt(20, seed), "max_tokens": 30000, "ignore_eos": True, "stream": True,
                       "temperature": 1, "seed": seed, "logit_bias": bias})


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


def measure(port, seed, bias):
    """The gaps before, while and after the prompt is read, and the seconds that reading it took."""
    streams = [stream(port, seed * 100 + i, bias) for i in range(OPTIONS.streams)]

    def gaps_for(seconds):
        begin = time.perf_counter()
        return gaps(streams, lambda: time.perf_counter() > begin + seconds)

    gaps_for(0.5)
    before = gaps_for(OPTIONS.seconds)
    reader = send(port, {"prompt": random_prompt(OPTIONS.prompt, seed), "max_tokens": 1})
    begin = time.perf_counter()

    def answered():
        try:
            return bool(reader.recv(1 << 16))
        except BlockingIOError:
            return False

    busy = gaps(streams, answered)
    seconds = time.perf_counter() - begin
    after = gaps_for(OPTIONS.seconds)
    for connection in [*streams, reader]:
        connection.close()
    time.sleep(0.3)
    return before, busy, after, seconds


def main():
    process, port = start_server()
    try:
        ratios = []
        bias = tokens_of_letters(port)
        for i in range(OPTIONS.repeat):
            before, busy, after, seconds = measure(port, i + 1, bias)
            p99 = [percentile(gaps, 0.99) * 1e3 for gaps in (before, busy, after, before + after)]
            middle = [statistics.median(gaps) * 1e3 for gaps in (before, busy, after)]
            ratios.append(p99[1] / p99[3])
            print("99th percentile {:.2f} ms before, {:.2f} ms while reading, {:.2f} ms after: ".format(*p99) +
                  f"{ratios[-1]:.2f}x; " + "median {:.2f}, {:.2f} and {:.2f} ms; ".format(*middle) +
                  f"{OPTIONS.prompt} tokens read in {seconds:.1f} s", flush=True)
        print(f"ratio of the 99th percentiles: median {statistics.median(ratios):.2f} "
              f"({min(ratios):.2f} - {max(ratios):.2f})")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


if __name__ == "__main__":
    main()
