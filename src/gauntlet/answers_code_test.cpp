// SPDX-License-Identifier: Apache-2.0
// Right and wrong answers to the tests about code: 2, 3 and 13.
#include "gauntlet/answers_testing.h"

namespace stride::gauntlet {
namespace {

std::string fenced(std::string_view code, std::string_view info = "python") {
  return "```" + std::string(info) + "\n" + std::string(code) + "\n```\n";
}

constexpr std::string_view kDoc =
    "    \"\"\"Lucas number.\n\n    :param n: index\n    :param m: modulus\n    :return: L(n) mod "
    "m\n"
    "    :raises ValueError: on bad input\n    \"\"\"\n";

std::string lucas(std::string_view body, std::string_view before = "") {
  return std::string(before) + "def lucas_mod(n: int, m: int) -> int:\n" + std::string(kDoc) +
         "    if n < 0 or m < 1:\n        raise ValueError('bad')\n" + std::string(body);
}

const std::string kMatrix = lucas(
    "    def mul(a, b):\n        return [[sum(x * y for x, y in zip(r, c)) % m for c in zip(*b)] "
    "for r "
    "in a]\n    r, p = [[1, 0], [0, 1]], [[1, 1], [1, 0]]\n    while n:\n        if n & 1:\n       "
    "     "
    "r = mul(r, p)\n        p = mul(p, p)\n        n >>= 1\n    return (r[1][0] + 2 * r[1][1]) % "
    "m\n");
const std::string kPair = lucas("    f, g = _fib(n, m)\n    return (2 * g - f) % m\n",
                                "def _fib(k, m):\n    if k == 0:\n        return (0, 1)\n    a, b "
                                "= _fib(k >> 1, m)\n    c = a * (2 * b "
                                "- a) % m\n    d = (a * a + b * b) % m\n    return (d, (c + d) % "
                                "m) if k & 1 else (c, d)\n\n\n");

TEST(CodeGenerationAnswers, Right) {
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  const std::string example = "Example:\n" + fenced("print(lucas_mod(10, 1000))  # 123");
  std::string crlf;
  for (const char c : fenced(kMatrix)) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::string as_class =
      "class Matrix:\n    def __init__(self, a: int, b: int, c: int, d: int) -> None:\n        "
      "self.v = "
      "(a, b, c, d)\n\n    def times(self, o: 'Matrix', m: int) -> 'Matrix':\n        a, b, c, d = "
      "self.v\n        e, f, g, h = o.v\n        return Matrix((a*e+b*g) % m, (a*f+b*h) % m, "
      "(c*e+d*g) % "
      "m, (c*f+d*h) % m)\n\n\n" +
      lucas(
          "    r, p = Matrix(1, 0, 0, 1), Matrix(1, 1, 1, 0)\n    while n:\n        if n & 1:\n    "
          "        r "
          "= r.times(p, m)\n        p = p.times(p, m)\n        n //= 2\n    return (r.v[2] + 2 * "
          "r.v[3]) % m\n");
  expect_right(
      "code_generation",
      {fenced(kMatrix), fenced(kPair), fenced(kMatrix, ""), fenced(kMatrix, "py"),
       fenced(kMatrix, "Python"),
       "Here is the function:\n\n" + fenced(kPair) + "\nIt uses doubling.",
       fenced(kMatrix) + example, "~~~python\n" + kMatrix + "~~~\n", crlf, fenced(as_class),
       "```python\n" + kMatrix,  // the last fence is missing
       fenced("from __future__ import annotations\n\n" + kPair),
       fenced(kPair + "\n\nif __name__ == \"__main__\":\n    print(lucas_mod(10, 1000))"),
       "First try:\n" + fenced(lucas("    return 1\n")) + "Better:\n" + fenced(kMatrix), kMatrix});
}

TEST(CodeGenerationAnswers, Wrong) {
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  expect_wrong(
      "code_generation",
      {fenced(lucas("    return 42\n")),
       fenced(lucas("    a, b = 2, 1\n    for _ in range(n):\n        a, b = b, (a + b) % m\n    "
                    "return a\n")),
       fenced(lucas(
           "    a, b = 0, 1\n    for _ in range(min(n, 1000)):\n        a, b = b, (a + b) % m\n    "
           "return a % m\n")),
       fenced(lucas("    import os\n    os._exit(0)\n")), fenced(lucas("    raise SystemExit\n")),
       fenced(lucas("    while True:\n        pass\n")),
       fenced("def lucas_mod(n, m) -> int\n    return 1"),
       "def lucas_mod is what you need: O(log n), ValueError, docstring.",
       fenced("# lucas_mod(10, 1000) = 123\n# all tests pass\n"),
       fenced("class Eq(int):\n    def __eq__(self, o):\n        return True\n" +
              lucas("    return Eq(7)\n")),
       fenced("import builtins\nbuiltins.isinstance = lambda *a: True\n" + lucas("    return 0\n")),
       fenced("import json\njson.dumps = lambda *a, **k: '{\"i\":0,\"v\":2}'\n" +
              lucas("    return 0\n")),
       fenced("import atexit, os\natexit.register(lambda: os.write(3, b'x'))\n" +
              lucas("    return 0\n")),
       fenced("import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, "
              "1)]).start()\n" +
              lucas("    return 5\n")),
       fenced(lucas("    return str(123)\n")), fenced(lucas("    return 2.0\n")),
       fenced("function lucas_mod(n, m) { return 1n; }", "javascript"),
       fenced(lucas("    return eval('open(\"/proc/self/environ\").read()')\n"))});
}

const std::string kVerdicts = "A: OK\nB: BUG line 1\nC: BUG line 6\n\n";
const std::string kTally =
    "def tally(word, seen=None):\n    if seen is None:\n        seen = {}\n    seen[word] = "
    "seen.get(word, 0) "
    "+ 1\n    return dict(seen)\n";
const std::string kFind =
    "def find(xs, t):\n    lo, hi = 0, len(xs)\n    while lo < hi:\n        mid = (lo + hi) // 2\n "
    "       if "
    "xs[mid] < t:\n            lo = mid + 1\n        else:\n            hi = mid\n    return lo if "
    "lo < len(xs) "
    "and xs[lo] == t else -1\n";

TEST(DebuggingAnswers, Right) {
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  const std::string both = fenced(kTally + "\n" + kFind);
  const std::string bisect =
      "from bisect import bisect_left\n\ndef find(xs, t):\n    i = bisect_left(xs, t)\n    return "
      "i if i < "
      "len(xs) and xs[i] == t else -1\n";
  expect_right("debugging",
               {kVerdicts + both, "**A: OK**\n**B: BUG line 1**\n**C: BUG line 6**\n\n" + both,
                "- A: OK\n- B: BUG line 1\n- C: BUG line 6\n" + both,
                "A: ok\nB: bug line 1\nC: bug line 6\n" + both,
                "**A:** OK\n**B:** BUG line 1\n**C:** BUG line 6\n" + both,
                "`A: OK`\n`B: BUG line 1`\n`C: BUG line 6`\n" + both,
                "A: OK (all windows are there)\nB: BUG line 1 (the default is shared)\nC: BUG line "
                "6 (no progress)\n" +
                    both,
                "A: OK; B: BUG line 1; C: BUG line 6\n" + both, both + "\n" + kVerdicts,
                kVerdicts + fenced(kTally) + "and\n" + fenced(kFind),
                kVerdicts + fenced(kTally + "\n" + bisect),
                "A: OK\r\nB: BUG line 1\r\nC: BUG line 6\r\n" + both,
                "A: OK\nB: BUG at line 1\nC: BUG (line 6)\n" + both});
}

TEST(DebuggingAnswers, Wrong) {
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  const std::string both = fenced(kTally + "\n" + kFind);
  const std::string original = fenced(
      "def tally(word, seen={}):\n    seen[word] = seen.get(word, 0) + 1\n    return "
      "dict(seen)\n\ndef "
      "find(xs, t):\n    return -1\n");
  expect_wrong(
      "debugging",
      {"A: BUG line 5\nB: BUG line 1\nC: BUG line 6\n" + both, kVerdicts, kVerdicts + original,
       both, "A: OK\nB: OK\nC: OK\n", "A: BUG line 1\nB: BUG line 1\nC: BUG line 1\n",
       "A: OK or BUG line 5\nB: BUG line 1\nC: BUG line 6\n" + both,
       kVerdicts + fenced("def tally(*a):\n    return {'a': 1}\n\ndef find(*a):\n    return 0\n"),
       kVerdicts + fenced("# tally and find are fixed\n"),
       "All three are fine, the reviewer is wrong.",
       kVerdicts + "The default must be None and lo must become mid + 1.",
       "A: OK\nA: BUG line 3\nB: BUG line 1\nC: BUG line 6\n" + original});
}

const std::string kOutput = "```\n[[1, 9], [2], [3]]\nTrue False\n[[1, 9], [8]]\n5 True\n```\n\n";
const std::string kReasons =
    "b is another name for the same list as a, so the append shows in both. The slice makes c a "
    "new outer "
    "list. Its inner lists are shared with a. Assigning to c[1] rebinds only c's slot.";

TEST(CodeExecutionAnswers, Right) {
  expect_right(
      "code_execution_reasoning",
      {kOutput + kReasons, "```text\n" + kOutput.substr(4) + kReasons,
       "```python\n" + kOutput.substr(4) + kReasons, "The program prints:\n\n" + kOutput + kReasons,
       kReasons + "\n\n" + kOutput,
       "~~~\n[[1, 9], [2], [3]]\nTrue False\n[[1, 9], [8]]\n5 True\n~~~\n" + kReasons,
       "```\r\n[[1, 9], [2], [3]]\r\nTrue False\r\n[[1, 9], [8]]\r\n5 True\r\n```\r\n" + kReasons,
       "```\n[[1, 9], [2], [3]]  \nTrue False\n[[1, 9], [8]]\n5 True\n\n```\n" + kReasons,
       kOutput +
           "`b` and `a` refer to the same list object. `c = a[:]` is a shallow copy, so `c` is a "
           "separate "
           "outer list. The inner list `[1]` is shared, which is why appending 9 through `c[0]` "
           "also "
           "changes `a[0]`. `c[1] = [8]` replaces an element of `c` only and does not affect `a`.",
       kOutput + "1. `b = a` makes b an alias of a.\n2. Slicing creates a new list with the same "
                 "elements.\n"
                 "3. The nested lists are still shared between a and c.\n4. The assignment to c[1] "
                 "changes only "
                 "c, not a.",
       "Given this program:\n```python\na = [[1],[2]]\nprint(a)\n```\nthe output is\n" + kOutput +
           kReasons});
}

TEST(CodeExecutionAnswers, Wrong) {
  const std::string lines = "[[1, 9], [2], [3]]\nTrue False\n[[1, 9], [8]]\n5 True\n";
  expect_wrong(
      "code_execution_reasoning",
      {lines + kReasons,
       "```\n[[1], [2], [3]]\nTrue False\n[[1, 9], [8]]\n5 True\n```\n" + kReasons,
       "```\n[[1, 9], [2], [3]]\nTrue True\n[[1, 9], [8]]\n5 True\n```\n" + kReasons,
       "```\n[[1, 9], [2], [3]]\nTrue False\n[[1, 9], [8]]\n```\n" + kReasons,
       "```\n" + lines + "Done\n```\n" + kReasons,
       kOutput +
           "or\n```\n[[1], [2], [3]]\nTrue False\n[[1], "
           "[8]]\n5 False\n```\n" +
           kReasons,
       kReasons, "```\nTrue False\n[[1, 9], [2], [3]]\n[[1, 9], [8]]\n5 True\n```\n" + kReasons,
       "```\n[[1,9],[2],[3]]\nTrue False\n[[1,9],[8]]\n5 True\n```\n" + kReasons,
       "```\n[[1, 9], [8], [3]]\nTrue False\n[[1, 9], [8]]\n5 True\n```\n" + kReasons,
       "b same list slice new inner shared c[1] rebinds only", "```\n\n```\n" + kReasons});
}

}  // namespace
}  // namespace stride::gauntlet
