# SPDX-License-Identifier: Apache-2.0
"""A program on a pseudo-terminal, for tests that type and read as a person does."""
import os
import pty
import re
import select
import tempfile
import termios
import time

PATIENCE = 120  # seconds; a loaded machine is slow
PROMPT = r"(^|[\n\r])(\x1b\[[\d;]*m)*> "


class Terminal:
    """The program on a pseudo-terminal of its own."""

    def __init__(self, program, *args, **env):
        self.state = tempfile.TemporaryDirectory()
        self.seen = ""
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ.update({"TERM": "xterm", "XDG_STATE_HOME": self.state.name, **env})
            os.execv(program, [program, *args])
        self.pid = pid
        self.before = termios.tcgetattr(self.fd)

    def expect(self, pattern):
        """Reads until the pattern appears; what stood before its end is consumed."""
        end = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.seen)):
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} did not appear in {self.seen!r}")
            if not select.select([self.fd], [], [], 0.5)[0]:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"the program ended before {pattern!r}: {self.seen!r}")
            self.seen += data.decode(errors="replace")
        taken, self.seen = self.seen[:match.end()], self.seen[match.end():]
        return taken

    def prompt(self):
        """Reads up to a prompt that takes keys: the editor is on only just after it is shown."""
        taken = self.expect(PROMPT)
        end = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            if time.monotonic() > end:
                raise AssertionError("the editor did not come on")
            time.sleep(0.005)
        return taken

    def type(self, text):
        os.write(self.fd, text.encode())

    def drain(self):
        try:
            while data := os.read(self.fd, 65536):
                self.seen += data.decode(errors="replace")
        except OSError:
            pass

    def wait(self):
        self.drain()
        _, status = os.waitpid(self.pid, 0)
        return status
