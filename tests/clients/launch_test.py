#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`stride launch` with clients that only tell how they were started.

Usage: launch_test.py STRIDE
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from serving import Server  # noqa: E402

STRIDE = os.path.abspath(sys.argv[1])
PATIENCE = 120
KEY = "secret-of-the-test"
TELL = """#!{python}
import json, os, sys
print(json.dumps({{"name": os.path.basename(sys.argv[0]), "args": sys.argv[1:], "env": dict(os.environ)}}))
sys.exit(7)
"""


class Launch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(STRIDE, "serve", "--state", "-", "-c", "4096", "--api-key", KEY)
        cls.url = cls.server.url

    @classmethod
    def tearDownClass(cls):
        cls.server.end()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.bin = os.path.join(self.folder.name, "bin")
        self.home = os.path.join(self.folder.name, "home")
        os.mkdir(self.bin)
        os.mkdir(self.home)

    def launch(self, *args, **env):
        return subprocess.run([STRIDE, "launch", *args], capture_output=True, text=True,
                              timeout=PATIENCE,
                              env={"PATH": self.bin + ":/usr/bin:/bin", "HOME": self.home, **env})

    def put_clients(self):
        for name in ("claude", "codex", "opencode"):
            file = os.path.join(self.bin, name)
            with open(file, "w") as out:
                out.write(TELL.format(python=sys.executable))
            os.chmod(file, 0o755)

    def started(self, client, *args):
        self.put_clients()
        done = self.launch(client, "--url", self.url, "--key", KEY, *args)
        self.assertEqual(done.returncode, 7, done.stderr)  # it took the place of stride
        told = json.loads(done.stdout)
        self.assertEqual(told["name"], client)
        return told

    def test_claude(self):
        told = self.started("claude", "--", "--print", "two words", "--help")
        self.assertEqual(told["args"], ["--print", "two words", "--help"])
        self.assertEqual(told["env"]["ANTHROPIC_BASE_URL"], self.url)
        self.assertEqual(told["env"]["ANTHROPIC_AUTH_TOKEN"], KEY)
        self.assertEqual(told["env"]["ANTHROPIC_API_KEY"], "")
        self.assertEqual(told["env"]["ANTHROPIC_MODEL"], "step-nano")
        self.assertEqual(told["env"]["CLAUDE_CODE_MAX_OUTPUT_TOKENS"], "1024")
        self.assertEqual(os.listdir(self.home), [])

    def test_codex(self):
        told = self.started("codex", "--model", "other", "--", "exec", "x")
        self.assertEqual(told["args"][-2:], ["exec", "x"])
        settings = dict(word.split("=", 1) for word in told["args"][1:-2:2])
        self.assertEqual(set(told["args"][0:-2:2]), {"-c"})
        self.assertEqual(settings["model"], '"other"')
        self.assertEqual(settings["model_providers.stride.base_url"], f'"{self.url}/v1"')
        self.assertEqual(settings["model_context_window"], "4096")
        self.assertEqual(told["env"]["STRIDE_API_KEY"], KEY)
        self.assertNotIn(KEY, json.dumps(told["args"]))
        self.assertEqual(os.listdir(self.home), [])

    def test_opencode(self):
        told = self.started("opencode")
        file = told["env"]["OPENCODE_CONFIG"]
        self.assertEqual(file, os.path.join(self.home, ".local/state/stride/launch/opencode.json"))
        self.assertEqual(os.stat(os.path.dirname(file)).st_mode & 0o777, 0o700)
        with open(file) as text:
            config = json.load(text)
        self.assertEqual(config["model"], "stride/step-nano")
        self.assertEqual(config["provider"]["stride"]["options"]["baseURL"], self.url + "/v1")
        self.assertNotIn(KEY, json.dumps(config))
        self.assertFalse(os.path.exists(os.path.join(self.home, ".config")))

    def test_print_starts_nothing_and_is_a_command(self):
        self.put_clients()
        for client in ("claude", "codex", "opencode"):
            done = self.launch(client, "--url", self.url + "/v1/", "--print", "--folder",
                               os.path.join(self.folder.name, "private"), "--", "it's",
                               STRIDE_API_KEY=KEY)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertFalse(os.path.exists(os.path.join(self.folder.name, "private")))
            ran = subprocess.run(["sh", "-c", done.stdout], capture_output=True, text=True,
                                 env={"PATH": self.bin + ":/usr/bin:/bin"}, timeout=PATIENCE)
            self.assertEqual(ran.returncode, 7, ran.stderr)
            told = json.loads(ran.stdout)
            self.assertEqual((told["name"], told["args"][-1]), (client, "it's"))
            self.assertIn(KEY, shlex.split(done.stdout.replace("\\\n", " ").replace("=", " ")))

    def fails(self, code, pattern, *args):
        done = self.launch(*args)
        self.assertEqual(done.returncode, code, done.stdout)
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_what_is_missing_is_said_in_a_sentence(self):
        self.fails(1, "claude is not on PATH; `npm install -g @anthropic-ai/claude-code` installs",
                   "claude", "--url", self.url, "--key", KEY)
        self.fails(1, "wants a key: give it with --key", "claude", "--url", self.url)
        self.fails(1, "wants a key", "codex", "--url", self.url, "--key", "wrong")
        self.fails(1, "no server answers at http://127.0.0.1:1 .*`stride serve` starts one",
                   "claude", "--url", "http://127.0.0.1:1")
        self.fails(1, "is no Stride server: /health gave status 404", "claude", "--url",
                   self.url + "/elsewhere")
        self.fails(2, "emacs is not a client.*claude, codex, opencode", "emacs")
        self.fails(2, "--url: .*ftp", "claude", "--url", "ftp://localhost:8080")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
