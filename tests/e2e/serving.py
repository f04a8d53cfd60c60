# SPDX-License-Identifier: Apache-2.0
"""What tests of a running server share: its start on a free port, its end, and requests to it."""
import json
import re
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

PATIENCE = 600  # seconds; a ceiling against hanging, generous because machines may be busy


class Server:
    """A command of stride that serves and says where: Server(STRIDE, "serve", "--temp", "0"). In a `with` it is ended
    at the end, and must end well."""

    def __init__(self, *command, stderr=subprocess.DEVNULL):
        self.process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, stderr=stderr, text=True,
                                        cwd=tempfile.gettempdir())
        said = self.process.stdout.readline()
        found = re.search(r"http://[^\s,;]+", said)
        if not found:
            raise AssertionError(f"{command} said {said!r} and ended with {self.close()}")
        self.url = found.group(0)
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def close(self):
        """The code that it ends with."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code

    def end(self):
        code = self.close()
        assert code == 0, f"the server ended with {code}"

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, text)"""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        try:
            answer = urllib.request.urlopen(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read().decode()

    def call(self, method, path, body=None, headers=None):
        """(status, headers, body as JSON where it is)"""
        status, head, text = self.ask(method, path, body, headers)
        is_json = text and "json" in (head.get("Content-Type") or "")
        return status, head, json.loads(text) if is_json else text

    def post(self, path, **body):
        return self.call("POST", path, body)
