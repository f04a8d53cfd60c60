// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/debug_snippets.h"

#include <algorithm>

#include "base/check.h"

namespace stride::gauntlet {
namespace {

std::vector<DebugSnippet> buggy() {
  return {
      {.function = "tally",
       .purpose = "adds one word to the counts in `seen` (no counts by default) and returns them",
       .claim = "counts are wrong",
       .code = R"PY(def tally(word, seen={}):
    seen[word] = seen.get(word, 0) + 1
    return dict(seen)
)PY",
       .bug_lines = {1},
       .fixed = R"PY(def tally(word, seen=None):
    seen = {} if seen is None else seen
    seen[word] = seen.get(word, 0) + 1
    return dict(seen)
)PY",
       .called = "tally",
       .checks = {{"[\"a\"]", "{\"a\":1}"},
                  {"[\"b\"]", "{\"b\":1}"},
                  {"[\"a\"]", "{\"a\":1}"},
                  {"[\"x\",{\"x\":2}]", "{\"x\":3}"},
                  {"[\"y\",{\"x\":2}]", "{\"x\":2,\"y\":1}"}}},
      {.function = "find",
       .purpose = "returns the index of t in the ascending list xs, or -1",
       .claim = "misses the last item",
       .code = R"PY(def find(xs, t):
    lo, hi = 0, len(xs)
    while lo < hi:
        mid = (lo + hi) // 2
        if xs[mid] < t:
            lo = mid
        else:
            hi = mid
    return lo if lo < len(xs) and xs[lo] == t else -1
)PY",
       .bug_lines = {6},
       .fixed = R"PY(def find(xs, t):
    lo, hi = 0, len(xs)
    while lo < hi:
        mid = (lo + hi) // 2
        if xs[mid] < t:
            lo = mid + 1
        else:
            hi = mid
    return lo if lo < len(xs) and xs[lo] == t else -1
)PY",
       .called = "find",
       .checks = {{"[[1,3,5,7],7]", "3"},
                  {"[[1,3,5,7],1]", "0"},
                  {"[[1,3,5,7],4]", "-1"},
                  {"[[],4]", "-1"},
                  {"[[2],9]", "-1"},
                  {"[[1,2,3,4,5,6,8],8]", "6"},
                  {"[[1,2,3,4,5,6,8],5]", "4"}}},
      {.function = "chunks",
       .purpose = "cuts xs into consecutive pieces of n items; the last piece may be shorter",
       .claim = "pieces overlap",
       .code = R"PY(def chunks(xs, n):
    out = []
    for i in range(0, len(xs) - n, n):
        out.append(xs[i:i + n])
    return out
)PY",
       .bug_lines = {3},
       .fixed = R"PY(def chunks(xs, n):
    out = []
    for i in range(0, len(xs), n):
        out.append(xs[i:i + n])
    return out
)PY",
       .called = "chunks",
       .checks = {{"[[1,2,3,4,5],2]", "[[1,2],[3,4],[5]]"},
                  {"[[1,2,3,4],2]", "[[1,2],[3,4]]"},
                  {"[[],3]", "[]"},
                  {"[[1,2],5]", "[[1,2]]"},
                  {"[[1,2,3],1]", "[[1],[2],[3]]"}}},
      {.function = "grid",
       .purpose = "makes a table of zeros whose cells can be changed one by one",
       .claim = "rows and columns are swapped",
       .code = R"PY(def grid(rows, cols):
    row = [0] * cols
    table = [row] * rows
    return table
)PY",
       .bug_lines = {3},
       .fixed = R"PY(def grid(rows, cols):
    return [[0] * cols for _ in range(rows)]
)PY",
       .driver = R"PY(
def drive_grid(rows, cols, r, c):
    table = grid(rows, cols)
    table[r][c] = 7
    return table
)PY",
       .called = "drive_grid",
       .checks = {{"[2,2,0,1]", "[[0,7],[0,0]]"},
                  {"[3,1,2,0]", "[[0],[0],[7]]"},
                  {"[1,3,0,0]", "[[7,0,0]]"},
                  {"[2,3,1,2]", "[[0,0,0],[0,0,7]]"}}},
      {.function = "adds_up",
       .purpose = "tells whether prices in euros add up to the total, to the cent",
       .claim = "the loop skips the first price",
       .code = R"PY(def adds_up(prices, total):
    s = 0.0
    for p in prices:
        s += p
    return s == total
)PY",
       .bug_lines = {5},
       .fixed = R"PY(def adds_up(prices, total):
    return abs(sum(prices) - total) < 0.005
)PY",
       .called = "adds_up",
       .checks = {{"[[0.1,0.2],0.3]", "true"},
                  {"[[0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1],1.0]", "true"},
                  {"[[0.1,0.2],0.31]", "false"},
                  {"[[1.0,2.0],3.0]", "true"},
                  {"[[],0.0]", "true"},
                  {"[[19.99,5.01],25.01]", "false"}}},
      {.function = "spread",
       .purpose = "returns the largest value minus the smallest",
       .claim = "negative values break it",
       .code = R"PY(def spread(values):
    it = iter(values)
    low = min(it)
    high = max(it)
    return high - low
)PY",
       .bug_lines = {2, 3, 4},
       .fixed = R"PY(def spread(values):
    values = list(values)
    return max(values) - min(values)
)PY",
       .called = "spread",
       .checks = {{"[[3,9,5]]", "6"}, {"[[5]]", "0"}, {"[[-4,-9]]", "5"}, {"[[7,7,7,8]]", "1"}}},
      {.function = "multipliers",
       .purpose = "returns one function for each n, which multiplies its argument by that n",
       .claim = "an empty list fails",
       .code = R"PY(def multipliers(ns):
    out = []
    for n in ns:
        out.append(lambda x: x * n)
    return out
)PY",
       .bug_lines = {4},
       .fixed = R"PY(def multipliers(ns):
    out = []
    for n in ns:
        out.append(lambda x, n=n: x * n)
    return out
)PY",
       .called = "multipliers",
       .checks = {{"[[1,2,3]]", "[10,20,30]"},
                  {"[[]]", "[]"},
                  {"[[5]]", "[50]"},
                  {"[[-1,0]]", "[-10,0]"}},
       .each = "[10]"},
      {.function = "average",
       .purpose = "returns the arithmetic mean of integers, 0.0 for none",
       .claim = "an empty list divides by zero",
       .code = R"PY(def average(xs):
    if not xs:
        return 0.0
    total = sum(xs)
    return total // len(xs)
)PY",
       .bug_lines = {5},
       .fixed = R"PY(def average(xs):
    if not xs:
        return 0.0
    total = sum(xs)
    return total / len(xs)
)PY",
       .called = "average",
       .checks = {{"[[1,2]]", "1.5"},
                  {"[[]]", "0.0"},
                  {"[[4]]", "4.0"},
                  {"[[-1,-2]]", "-1.5"},
                  {"[[1,2,3,5]]", "2.75"}}},
  };
}

std::vector<DebugSnippet> correct() {
  return {
      {.function = "smooth",
       .purpose = "returns the means of all windows of k consecutive items",
       .claim = "the last window is dropped",
       .code = R"PY(def smooth(xs, k):
    if k < 1:
        raise ValueError("k")
    out = []
    for i in range(len(xs) - k + 1):
        out.append(sum(xs[i:i+k]) / k)
    return out
)PY"},
      {.function = "rotate",
       .purpose = "moves the first k items of a list to its end",
       .claim = "fails when k is larger than the list",
       .code = R"PY(def rotate(xs, k):
    if not xs:
        return []
    k %= len(xs)
    return xs[k:] + xs[:k]
)PY"},
      {.function = "dedupe",
       .purpose = "drops repeated items and keeps the order of first occurrence",
       .claim = "loses the order",
       .code = R"PY(def dedupe(xs):
    seen = set()
    out = []
    for x in xs:
        if x not in seen:
            seen.add(x)
            out.append(x)
    return out
)PY"},
      {.function = "clamp",
       .purpose = "limits x to the range from lo to hi",
       .claim = "min and max are swapped",
       .code = R"PY(def clamp(x, lo, hi):
    if lo > hi:
        raise ValueError("empty range")
    return max(lo, min(x, hi))
)PY"},
      {.function = "is_leap",
       .purpose = "tells whether a Gregorian year is a leap year",
       .claim = "1900 is taken for a leap year",
       .code = R"PY(def is_leap(year):
    if year % 400 == 0:
        return True
    if year % 100 == 0:
        return False
    return year % 4 == 0
)PY"},
  };
}

const std::vector<DebugSnippet>& pool() {
  static const std::vector<DebugSnippet> kPool = [] {
    std::vector<DebugSnippet> all = buggy();
    std::ranges::move(correct(), std::back_inserter(all));
    return all;
  }();
  return kPool;
}

}  // namespace

std::span<const DebugSnippet> debug_snippets() {
  return pool();
}

const DebugSnippet& debug_snippet(std::string_view function) {
  const auto it = std::ranges::find(pool(), function, &DebugSnippet::function);
  STRIDE_CHECK(it != pool().end());
  return *it;
}

}  // namespace stride::gauntlet
