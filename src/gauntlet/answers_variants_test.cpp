// SPDX-License-Identifier: Apache-2.0
// Right answers in other words to the further frozen variants.
#include "gauntlet/answers_testing.h"

namespace stride::gauntlet {
namespace {

TEST(VariantAnswers, AlgorithmExplanation) {
  const std::string end = "\n\nCOMPLEXITY: time=";
  expect_right("algorithm_explanation",
               {"The find operation walks up the parent links until it arrives at the root, the "
                "representative of the set. "
                "Afterwards, path compression makes each node on that path point straight to the "
                "root. A union looks up both "
                "roots and hangs the tree with the smaller rank under the other one." +
                    end + "O(\xce\xb1(n)); space=O(n)",
                "To answer find, you follow parent pointers up to the representative (root) of the "
                "tree. While doing so, "
                "path compression re-attaches all visited nodes directly to that root, which "
                "flattens the tree. To perform "
                "union, find the two roots and make the root with lower rank a child of the one "
                "with higher rank, increasing "
                "the rank by one on a tie." +
                    end + "O(alpha(n)) amortized; space=O(n)"},
               1);
  expect_right("algorithm_explanation",
               {"Kadane's algorithm makes a single pass over the array. At every position it "
                "computes the maximum sum of a "
                "subarray ending there, which is either the element alone or the element added to "
                "the best sum ending at the "
                "previous position. The largest of these values is tracked and returned." +
                    end + "O(n); space=O(1)",
                "Scan the elements from left to right while keeping a running sum. Whenever the "
                "running sum plus the current "
                "element is less than the element itself, restart the sum at that element, "
                "otherwise extend it. After each "
                "step update the global maximum with the current sum." +
                    end + "O(n); space=O(1)"},
               2);
  expect_right("algorithm_explanation",
               {"BFS begins at the source and uses a FIFO queue to explore vertices in order of "
                "increasing distance. When a "
                "vertex is dequeued, each unvisited neighbor is marked as visited, its parent is "
                "recorded, and it is "
                "enqueued. Because all edges have equal weight, the first time the target is found "
                "the path given by the "
                "parent pointers is shortest." +
                    end + "O(|V| + |E|); space=O(|V|)",
                "Starting from the source, put it in a queue and mark it as seen. Repeatedly pop a "
                "vertex and push all unseen "
                "neighbours, storing for each the vertex it came from and thereby exploring level "
                "by level. Once the target is "
                "reached, backtrack along the stored predecessors to build the path." +
                    end + "O(V+E); space=O(V)"},
               3);
  expect_right("algorithm_explanation",
               {"Reservoir sampling first stores the first k items of the stream. For each later "
                "item number i, it draws a "
                "random integer j from 1 to i and, if j is at most k, replaces the j-th stored "
                "item. This way every item has "
                "an equal chance k/n of being in the final sample." +
                    end + "O(n); space=O(k)",
                "Fill the reservoir with the first k elements. When the i-th element arrives, keep "
                "it with probability k/i by "
                "overwriting a uniformly chosen slot of the reservoir. By induction each of the "
                "elements seen so far is in the "
                "sample with equal probability." +
                    end + "O(n); space=O(k)"},
               4);
}

std::string block(std::string_view lines) {
  return "```\n" + std::string(lines) + "\n```\n\n";
}

TEST(VariantAnswers, CodeExecution) {
  expect_right("code_execution_reasoning",
               {block("[1, 3]\n[2]\nTrue False\n3 3") +
                    "Default arguments are evaluated only once, at function definition, so the "
                    "same list is reused. p and r "
                    "therefore refer to the same object, while q is a separate list because [] was "
                    "passed in. The final call "
                    "add(4) appends to the shared list as well, so both lengths are 3.",
                block("[1, 3]\n[2]\nTrue False\n3 3") +
                    "The mutable default `bag` is shared across calls. `p` and `r` are both that "
                    "shared list; `q` got its own "
                    "new list. Calling `add(4)` adds another element to the default list, making "
                    "its length 3."},
               1);
  expect_right("code_execution_reasoning",
               {block("[11, 11, 11]\n[1, 2, 3]\n10 20\n20 2") +
                    "The lambdas in fs use late binding: they read the global i at call time. All "
                    "three thus see i = 10. The "
                    "ones in gs captured i as a default argument when they were created. Rebinding "
                    "i to 20 affects fs[2] but "
                    "not gs[2].",
                block("[11, 11, 11]\n[1, 2, 3]\n10 20\n20 2") +
                    "Closures in `fs` look up the variable `i` when they are called, so every "
                    "function uses the current global "
                    "value 10. In `gs`, `i=i` stores the loop value at definition time. After `i = "
                    "20`, `fs[2](0)` returns 20 "
                    "while `gs[2](0)` still returns 2."},
               2);
  expect_right("code_execution_reasoning",
               {block("6\n16\n[]\n[1, 2, 3, 5] 5") +
                "The generator expression is evaluated lazily, so the appended 5 is included. "
                "next(gen) consumes the first "
                "value, 3*2. sum(gen) then exhausts the generator (2+4+10), so list(gen) is empty. "
                "sorted() returns a new "
                "list and the original nums still ends with 5."},
               3);
  expect_right("code_execution_reasoning",
               {block("([1, 3], 2)\nTrue ab\n[1, 3, 4] [1, 3]\nFalse 2") +
                "u refers to the same list as t[0], and += mutates that list in place, so the "
                "tuple's content changes. "
                "Strings are immutable: s += 'c' creates a new string and r keeps 'ab'. u = u + "
                "[4] builds a new list and "
                "rebinds u, leaving t[0] alone."},
               4);
}

TEST(VariantAnswers, Adversarial) {
  const std::string right =
      "Each oven bakes 2 loaves in 10 minutes, i.e. one loaf every 5 minutes. Nine ovens have 5 "
      "loaves each to bake, so they "
      "need 25 minutes. The colleague's claim is wrong because the proportions differ from the "
      "riddle.\n\nANSWER: 25";
  expect_right("adversarial", {right}, 1);
  expect_right(
      "adversarial",
      {"5 looms weave 20 scarves in 8 minutes, so one loom weaves 4 scarves in 8 minutes: 2 "
       "minutes per scarf. 15 looms "
       "weave 7.5 scarves per minute, and 90 / 7.5 = 12. So it is not 8.\nANSWER: 12 minutes"},
      2);
}

TEST(VariantAnswers, Debugging) {
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  expect_right("debugging",
               {"A: BUG line 3\nB: OK\nC: BUG line 3\n\n```python\ndef chunks(xs, n):\n    return "
                "[xs[i:i + n] for i in "
                "range(0, len(xs), n)]\n\n\ndef grid(rows, cols):\n    return [[0 for _ in "
                "range(cols)] for _ in "
                "range(rows)]\n```"},
               1);
  expect_right("debugging",
               {"A: BUG line 4\nB: BUG line 5\nC: OK\n\n```python\nimport math\nfrom functools "
                "import partial\n\ndef multipliers(ns):\n    "
                "return [partial(lambda n, x: x * n, n) for n in ns]\n\ndef adds_up(prices, "
                "total):\n    return "
                "math.isclose(sum(prices), total, abs_tol=1e-9)\n```"},
               2);
  expect_right(
      "debugging",
      {"A: BUG line 5\nB: OK\nC: BUG line 2\n```python\ndef average(xs):\n    return sum(xs) / "
       "len(xs) if xs else 0.0\n\n"
       "def spread(values):\n    low = high = None\n    for v in values:\n        low = v if low "
       "is None or v < low else "
       "low\n        high = v if high is None or v > high else high\n    return high - low\n```"},
      3);
}

TEST(VariantAnswers, CodeGeneration) {
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  expect_right("code_generation", {R"PY(```python
def csv_split(line: str) -> list[str]:
    """Split a CSV line.

    line: the text. Returns the fields. Raises ValueError if it is malformed.
    """
    out: list[str] = []
    buf: list[str] = []
    i, n = 0, len(line)
    while True:
        buf = []
        if i < n and line[i] == '"':
            i += 1
            while True:
                if i >= n:
                    raise ValueError("unterminated quote")
                c = line[i]
                if c == '"':
                    if i + 1 < n and line[i + 1] == '"':
                        buf.append('"')
                        i += 2
                        continue
                    i += 1
                    break
                buf.append(c)
                i += 1
            if i < n and line[i] != ',':
                raise ValueError("unexpected text")
        else:
            while i < n and line[i] != ',':
                if line[i] == '"':
                    raise ValueError("stray quote")
                buf.append(line[i])
                i += 1
        out.append(''.join(buf))
        if i >= n:
            return out
        i += 1
```)PY"},
               2);
  expect_right("code_generation", {R"PY(```python
import re

_RE = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def to_roman(n: int) -> str:
    """Convert n (1..3999) to a numeral; raises ValueError otherwise. Returns the numeral."""
    if n < 1 or n > 3999:
        raise ValueError(n)
    table = [["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"],
             ["", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"],
             ["", "C", "CC", "CCC", "CD", "D", "DC", "DCC", "DCCC", "CM"],
             ["", "M", "MM", "MMM"]]
    return "".join(table[p][n // 10 ** p % 10] for p in (3, 2, 1, 0))


def from_roman(s: str) -> int:
    """Convert the numeral s back to its value; raises ValueError if it is not canonical."""
    if not s or not _RE.fullmatch(s):
        raise ValueError(s)
    total = 0
    for a, b in zip(s, s[1:] + " "):
        v = _VALUES[a]
        total += -v if _VALUES.get(b, 0) > v else v
    return total
```)PY"},
               4);
}

}  // namespace
}  // namespace stride::gauntlet
