# SPDX-License-Identifier: Apache-2.0
"""Servers that speak OpenAI's completions protocol, as engines for `compare`.

A prompt is random words, new ones for each request: no prompt cache knows them, and a model of
experts meets as many as it would in earnest. Speeds are of tokens as the server counts them
(`usage`) and of times as they are seen from here, with the network in between.
"""
import http.client
import json
import random
import time
import urllib.parse

from engines import Failure, one_line, repeats

CALIBRATION_WORDS = 64
LONGEST_LINE = 1 << 20


def random_words(n, rng=random):
    def word():
        return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou")
                       for _ in range(rng.randint(1, 4)))
    return " ".join(word() for _ in range(n))


class Server:
    def __init__(self, name, url, run):
        """ValueError if the URL is none. It may end in /v1, as clients of the protocol have it."""
        self.name, self.url, self.run = name, url, run
        try:
            parts = urllib.parse.urlsplit(url)
            self.secure, self.host, self.port = parts.scheme == "https", parts.hostname, parts.port
        except ValueError:
            parts = self.host = None
        if not self.host or parts.scheme not in ("http", "https"):
            raise ValueError(f"{url!r} is no URL like http://127.0.0.1:8080")
        self.path = parts.path.rstrip("/").removesuffix("/v1")
        self.model = None
        self.tokens_per_word = None

    def absent(self):
        """Asks for the models, as the name of one has to be in each request."""
        try:
            with self.request("GET", "/v1/models", timeout=min(10, self.run.timeout)) as response:
                listed = json.loads(response.read(LONGEST_LINE))
            self.model = listed["data"][0]["id"]
        except Failure as failure:
            return str(failure)
        except (ValueError, LookupError, TypeError, OSError, http.client.HTTPException):
            return f"{self.url}/v1/models does not list a model"
        return None

    def measure(self, cell):
        if self.tokens_per_word is None:
            self.ask(CALIBRATION_WORDS, 1)
        return [self.measure_once(cell) for _ in range(repeats(self.run, cell))]

    def measure_once(self, cell):
        if cell.kind == "prompt":
            answer = self.ask_tokens(cell.tokens, 1)
            return answer.n_read / answer.first
        answer = self.ask_tokens(cell.depth, cell.tokens)
        if answer.n_written < cell.tokens:
            raise Failure(f"stopped after {answer.n_written} of {cell.tokens} tokens")
        if answer.last <= answer.first:
            raise Failure("sent its tokens in one piece instead of streaming them")
        # The first token belongs to the reading of the prompt.
        return (answer.n_written - 1) / (answer.last - answer.first)

    def ask_tokens(self, n_prompt, n_write):
        """A request with a prompt of about so many tokens: only the server can count them."""
        answer = self.ask(max(1, round(n_prompt / self.tokens_per_word)), n_write)
        if n_prompt and not 0.8 * n_prompt <= answer.n_prompt <= 1.25 * n_prompt:
            raise Failure(f"read {answer.n_prompt} tokens where {n_prompt} were meant")
        return answer

    def ask(self, n_words, n_write):
        # Sampling at temperature 1: a greedy model of random weights repeats one token, and with it
        # the same experts.
        body = {"model": self.model, "prompt": random_words(n_words), "max_tokens": n_write,
                "temperature": 1.0, "ignore_eos": True, "stream": True,
                "stream_options": {"include_usage": True}}
        answer = Answer()
        try:
            with self.request("POST", "/v1/completions", body) as response:
                answer.read(response, self.run.timeout)
        except TimeoutError:
            raise Failure(f"did not answer within {self.run.timeout:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise Failure(one_line(f"broke off: {error or type(error).__name__}")) from None
        if n_words >= CALIBRATION_WORDS:  # a tag at the beginning would weigh much in fewer
            self.tokens_per_word = answer.n_prompt / n_words
        return answer

    def request(self, method, path, body=None, timeout=None):
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        timeout = timeout or self.run.timeout
        try:
            connection = kind(self.host, self.port, timeout=timeout)
            connection.request(method, self.path + path,
                               json.dumps(body) if body else None,
                               {"Content-Type": "application/json", "Connection": "close"})
            response = connection.getresponse()
        except TimeoutError:
            raise Failure(f"did not answer within {timeout:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise Failure(one_line(f"{self.url} does not answer: {error}")) from None
        if response.status != 200:
            with response:
                shown = response.read(1000).decode(errors="replace")
            raise Failure(one_line(f"answered {response.status} to {path}: {shown}"))
        return response


class Answer:
    """What a stream of completion events says, with the seconds at which it said so."""

    def __init__(self):
        self.begin = time.monotonic()
        self.first = self.last = 0.0
        self.n_prompt = self.n_read = self.n_written = 0

    def read(self, response, timeout):
        usage = None
        while line := response.readline(LONGEST_LINE):
            now = time.monotonic() - self.begin
            if now > timeout:
                raise TimeoutError
            event = self.parse(line)
            if event is None:
                continue
            if event.get("choices"):
                self.first, self.last = self.first or now, now
            usage = event.get("usage") or usage
        self.count(usage)

    def parse(self, line):
        text = line.decode(errors="replace").strip()
        if not text.startswith("data:") or text == "data: [DONE]":
            return None
        try:
            event = json.loads(text[len("data:"):])
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise Failure(f"sent a broken event: {one_line(text, 60)!r}")
        if "error" in event:
            raise Failure(one_line(f"sent an error: {json.dumps(event['error'])}"))
        return event

    def count(self, usage):
        if not self.first:
            raise Failure("ended the stream without a token")
        try:
            details = usage.get("prompt_tokens_details") or {}
            self.n_prompt = int(usage["prompt_tokens"])
            self.n_read = self.n_prompt - int(details.get("cached_tokens") or 0)
            self.n_written = int(usage["completion_tokens"])
        except (AttributeError, LookupError, TypeError, ValueError):
            raise Failure("sent no usage, so its tokens cannot be counted") from None
        if min(self.n_prompt, self.n_read, self.n_written) < 1:
            raise Failure(one_line(f"counted no tokens: {json.dumps(usage)}"))
