#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on an HTTP server, each while honest clients go on: half-sent headers, idle connections,
garbage, giant headers, bodies in hostile chunks, clients that leave early and clients that never read.

Usage: attack_test.py PLAIN_SERVER     starts that program (plain_server.cpp) and ends it
       attack_test.py http://HOST:PORT attacks a server that runs, such as `stride serve`
"""
import contextlib
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

PATIENCE = 60  # a ceiling against hanging, generous because machines may be busy
HEADER_MS = 1500
N_IDLE = 1000
RESET = struct.pack("ii", 1, 0)


class Server:
    """The server under attack; `pid` is None where it runs elsewhere."""

    def __init__(self, target, **options):
        self.process, self.pid = None, None
        if not target.startswith("http://"):
            self.process = subprocess.Popen([os.path.abspath(target), str(HEADER_MS)], text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
            self.pid = self.process.pid
            target = self.process.stdout.readline().strip()
        url = urllib.parse.urlsplit(target)
        self.address = (url.hostname, url.port or 80)

    def connect(self):
        return socket.create_connection(self.address, PATIENCE)

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def stop(self):
        if self.process:
            return self.process.communicate(timeout=PATIENCE)[0], self.process.returncode
        return None


def get(path, more=""):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


def post(more):
    return f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


def read_all(connection):
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            data += piece
    return data


def status_of(data):
    return int(data[9:12]) if data.startswith(b"HTTP/1.1 ") else None


def send_all(connection, data):
    """Sends what the server takes; it may close in the middle."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(data)


class Honest(threading.Thread):
    """A client that asks for /health on new connections until it is told to stop."""

    def __init__(self, server):
        super().__init__()
        self.server, self.done = server, threading.Event()
        self.n_answer, self.failures, self.worst = 0, [], 0.0

    def run(self):
        while not self.done.is_set():
            start = time.monotonic()
            try:
                with self.server.connect() as connection:
                    connection.sendall(get("/health", "Connection: close\r\n"))
                    status = status_of(read_all(connection))
                if status != 200:
                    self.failures.append(status)
            except OSError as error:
                self.failures.append(error)
            self.n_answer += 1
            self.worst = max(self.worst, time.monotonic() - start)
            self.done.wait(0.02)


class Attack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 4 * N_IDLE if hard == resource.RLIM_INFINITY else min(4 * N_IDLE, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
        cls.server = Server(TARGET)

    @classmethod
    def tearDownClass(cls):
        ended = cls.server.stop()
        if ended:
            print(ended[0].strip())
            assert ended[1] == 0, f"the server ended with {ended[1]}"
            assert " open 0 " in ended[0], "connections were left open"

    def setUp(self):
        self.before = self.server.resident_bytes() if self.server.pid else 0
        self.honest = Honest(self.server)
        self.honest.start()
        self.random = random.Random(1)

    def tearDown(self):
        answered = self.honest.n_answer
        deadline = time.monotonic() + PATIENCE
        while self.honest.n_answer < answered + 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.honest.done.set()
        self.honest.join()
        self.assertEqual(self.honest.failures, [])
        self.assertGreater(self.honest.n_answer, answered)
        if self.server.pid:
            grown = self.server.resident_bytes() - self.before
            self.assertLess(grown, 200 << 20, "the server kept the memory of an attack")

    def refused(self, data):
        """The status of the answer to a request that must not be accepted."""
        with self.server.connect() as connection:
            sender = threading.Thread(target=send_all, args=(connection, data))
            sender.start()
            answer = read_all(connection)
            sender.join()
        return status_of(answer)

    def test_half_sent_headers(self):
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(self.server.connect()) for _ in range(300)]
            for connection in slow:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: loc")
            for _ in range(10):
                time.sleep(0.05)
                for connection in slow:
                    send_all(connection, b"a")
            answers = [read_all(connection) for connection in slow]
        self.assertEqual({status_of(answer) for answer in answers}, {408})

    def test_idle_connections(self):
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(self.server.connect()) for _ in range(N_IDLE)]
            for connection in idle[::100]:
                connection.sendall(get("/health"))
                self.assertEqual(status_of(connection.recv(4096)), 200)

    def test_garbage(self):
        for _ in range(500):
            with self.server.connect() as connection:
                send_all(connection, self.random.randbytes(self.random.randrange(1, 2000)) + b"\r\n\r\n")
                if self.random.random() < 0.5:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def test_giant_headers(self):
        self.assertEqual(self.refused(get("/health", "A: " + "x" * 10_000_000 + "\r\n")), 431)
        self.assertEqual(self.refused(get("/" + "x" * 10_000_000)), 431)
        self.assertEqual(self.refused(get("/health", "A: b\r\n" * 1_000_000)), 431)

    def test_lengths_that_lie(self):
        self.assertEqual(self.refused(post("Content-Length: 999999999999\r\n")), 413)
        self.assertEqual(self.refused(post("Content-Length: -1\r\n")), 400)
        both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
        self.assertEqual(self.refused(post(both) + b"0\r\n\r\n"), 400)

    def test_hostile_chunks(self):
        chunked = post("Transfer-Encoding: chunked\r\n")
        self.assertEqual(self.refused(chunked + b"ffffffffffffffff\r\n"), 413)
        self.assertEqual(self.refused(chunked + b"-5\r\nabcde\r\n"), 400)
        self.assertEqual(self.refused(chunked + b"5;" + b"x" * 1_000_000), 400)
        self.assertEqual(self.refused(chunked + b"0\r\n" + b"A: b\r\n" * 100_000), 400)
        # A million chunks of a byte are a body like any other: slow to send, not slow to read.
        with self.server.connect() as connection:
            connection.sendall(chunked)
            connection.sendall(b"1\r\nx\r\n" * 1_000_000 + b"0\r\n\r\n")
            self.assertIn(connection.recv(4096)[9:10], (b"2", b"4"))

    def test_early_ends(self):
        whole = post("Content-Length: 1000\r\n") + b"x" * 1000
        for _ in range(500):
            with self.server.connect() as connection:
                connection.sendall(whole[:self.random.randrange(len(whole))])
                if self.random.random() < 0.5:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def test_questions_without_reading_the_answers(self):
        with contextlib.ExitStack() as stack:
            greedy = [stack.enter_context(self.server.connect()) for _ in range(20)]
            for connection in greedy:
                connection.setblocking(False)
            flood = get("/health") * 1000
            for _ in range(20):
                for connection in greedy:
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        connection.send(flood)
                time.sleep(0.02)

    def test_streams_that_nobody_reads(self):
        if not self.server.pid:
            self.skipTest("the routes of plain_server are needed")
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                connection = stack.enter_context(self.server.connect())
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.sendall(get("/big?bytes=10000000"))
            time.sleep(1)
        with self.server.connect() as connection:
            connection.sendall(get("/stream?events=10000", "Connection: close\r\n"))
            events = read_all(connection)
        self.assertEqual(events.count(b"data: "), 10_000)
        self.assertTrue(events.endswith(b"0\r\n\r\n"))

    def test_no_file_left_for_a_connection(self):
        if not self.server.pid:
            self.skipTest("the server must be started with few files")
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        server = Server(TARGET, preexec_fn=few)
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(server.connect())
            time.sleep(0.5)
        with server.connect() as connection:
            connection.sendall(get("/health", "Connection: close\r\n"))
            self.assertEqual(status_of(read_all(connection)), 200)
        self.assertEqual(server.stop()[1], 0)


if __name__ == "__main__":
    TARGET = sys.argv.pop(1)
    unittest.main()
