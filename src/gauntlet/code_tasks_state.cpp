// SPDX-License-Identifier: Apache-2.0
// The tasks about ranges and about a cache.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "gauntlet/code_references.h"
#include "gauntlet/code_task_parts.h"

namespace stride::gauntlet::code_task {
namespace {

std::string intervals_text(const std::vector<Weighted>& list) {
  std::string out;
  for (const auto& [a, b, w] : list)
    out += fmt::format("{}[{},{},{}]", out.empty() ? "" : ",", a, b, w);
  return '[' + out + ']';
}

// Operations on the cache: at first the edges that the prompt names, then random ones.
class Script {
 public:
  Script(size_t capacity, int64_t ttl) : model_(capacity, ttl) {
    checks.push_back({{.kind = PythonCall::Kind::construct,
                       .name = "ExpiringCache",
                       .arguments = fmt::format("[{},{}]", capacity, ttl)},
                      ""});
  }
  void put(const std::string& key, int64_t value, int64_t now) {
    model_.put(key, value, now);
    add("put", fmt::format("[{},{},{}]", quoted(key), value, now), "null");
  }
  void get(const std::string& key, int64_t now) {
    const auto value = model_.get(key, now);
    add("get", fmt::format("[{},{}]", quoted(key), now), value ? std::to_string(*value) : "null");
  }
  void size(int64_t now) {
    add("size", fmt::format("[{}]", now), std::to_string(model_.size(now)));
  }

  std::vector<CodeCheck> checks{};

 private:
  void add(std::string name, std::string arguments, std::string expected) {
    checks.push_back({{.kind = PythonCall::Kind::method,
                       .name = std::move(name),
                       .arguments = std::move(arguments)},
                      std::move(expected)});
  }

  ExpiringCache model_;
};

std::vector<CodeCheck> edge_script() {
  Script s(2, 10);
  s.get("a", 0);
  s.put("a", 1, 0);
  s.get("a", 9);
  s.get("a", 10);  // expired at its time plus ttl
  s.size(10);
  s.put("b", 2, 11);
  s.put("c", 3, 12);
  s.get("b", 13);
  s.put("d", 4, 14);  // evicts c, b was used
  s.get("c", 15);
  s.get("b", 15);
  s.put("b", 5, 16);  // renews value, expiry and use
  s.get("b", 25);
  s.put("e", 6, 25);  // d has expired, so b stays
  s.get("b", 25);
  s.get("e", 25);
  s.size(25);
  s.get("b", 26);
  s.put("x", 7, 40);
  s.put("y", 8, 45);
  s.get("x", 49);
  s.put("z", 9, 52);  // x has expired though it was used last, so y stays
  s.get("y", 53);
  s.get("x", 53);
  return std::move(s.checks);
}

std::vector<CodeCheck> random_script(Random& random) {
  Script s(1 + random.below(4), static_cast<int64_t>(3 + random.below(10)));
  int64_t now = 0;
  for (int i = 0; i < 60; ++i) {
    now += static_cast<int64_t>(random.below(3));
    const std::string key(1, static_cast<char>('a' + random.below(6)));
    const uint64_t what = random.below(5);
    if (what < 2) {
      s.put(key, static_cast<int64_t>(random.below(100)), now);
    } else if (what < 4) {
      s.get(key, now);
    } else {
      s.size(now);
    }
  }
  return std::move(s.checks);
}

}  // namespace

CodeTask profile(Random& random) {
  CodeTask task{.id = "weight_profile"};
  task.prompt =
      "Write a Python function `weight_profile(intervals: list[tuple[int, int, int]]) -> "
      "list[tuple[int, int, int]]`. Each item (start, end, weight) covers the half-open range "
      "start "
      "<= x < end with its weight, which may be negative. Merge them: return the ranges on which "
      "the sum of the weights is constant and not zero, as (start, end, sum) in ascending order; "
      "ranges that touch and have the same sum are one range. Raise ValueError if an item has "
      "start "
      ">= end. It must stay fast for 100,000 items." +
      std::string(kRules);
  task.targets = task.annotated = task.documented = {"weight_profile"};
  task.parameters = {"intervals"};
  const auto call = [](const std::vector<Weighted>& list) {
    return check("weight_profile", '[' + intervals_text(list) + ']',
                 intervals_text(weight_profile(list)));
  };
  const std::vector<std::vector<Weighted>> fixed = {
      {},
      {{0, 5, 1}},
      {{0, 5, 1}, {5, 9, 1}},
      {{0, 5, 1}, {5, 9, 2}},
      {{0, 5, 1}, {2, 3, -1}},
      {{0, 5, 2}, {0, 5, -2}},
      {{0, 10, 1}, {3, 6, 4}},
      {{-7, -2, 3}, {-4, 1, 3}},
      {{8, 9, 1}, {1, 2, 1}},
      {{0, 4, 0}, {1, 2, 5}},
      {{0, 2, 1}, {2, 4, 2}, {4, 6, 1}, {2, 4, -1}},
  };
  for (const auto& list : fixed) task.checks.push_back(call(list));
  for (int i = 0; i < 30; ++i) {
    std::vector<Weighted> list(1 + random.below(12));
    for (Weighted& item : list) {
      const auto start = static_cast<int64_t>(random.below(20)) - 8;
      item = {start, start + 1 + static_cast<int64_t>(random.below(9)),
              static_cast<int64_t>(random.below(5)) - 2};
    }
    task.checks.push_back(call(list));
  }
  for (const char* bad : {"[[[3,3,1]]]", "[[[5,2,1]]]", "[[[0,4,1],[9,8,0]]]"}) {
    task.errors.push_back(check("weight_profile", bad, ""));
  }
  // Nested ranges: 50,000 inside each other and as many in a row.
  std::vector<Weighted> many;
  for (int64_t i = 0; i < 50'000; ++i) many.push_back({i, 100'000 - i, 1});
  for (int64_t i = 0; i < 50'000; ++i) many.push_back({200'000 + 2 * i, 200'001 + 2 * i, 7});
  int64_t sum = 0;
  const auto result = weight_profile(many);
  for (const auto& [a, b, w] : result) sum = (sum * 31 + a * 7 + b * 5 + w) % 1'000'003;
  task.speed = {{R"PY(
def drive_profile():
    many = [(i, 100000 - i, 1) for i in range(50000)]
    many += [(200000 + 2 * i, 200001 + 2 * i, 7) for i in range(50000)]
    total = 0
    result = weight_profile(many)
    for a, b, w in result:
        total = (total * 31 + a * 7 + b * 5 + w) % 1000003
    return [len(result), total]
)PY",
                 check("drive_profile", "[]", fmt::format("[{},{}]", result.size(), sum))}};
  task.reference =
      R"PY(def weight_profile(intervals: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Sum weighted half-open ranges.

    Args:
        intervals: items (start, end, weight) with start < end.

    Returns:
        The maximal ranges (start, end, sum) of constant, non-zero sum, ascending.

    Raises:
        ValueError: if an item has start >= end.
    """
    change: dict[int, int] = {}
    for start, end, weight in intervals:
        if start >= end:
            raise ValueError(f"empty range {start}..{end}")
        change[start] = change.get(start, 0) + weight
        change[end] = change.get(end, 0) - weight
    out: list[tuple[int, int, int]] = []
    total, begin = 0, 0
    for at in sorted(change):
        if change[at] == 0:
            continue
        if total != 0:
            out.append((begin, at, total))
        total += change[at]
        begin = at
    return out
)PY";
  const std::string& code = task.reference;
  task.mutants = {
      mutant("keeps cuts without change", code, "if change[at] == 0:", "if False:"),
      mutant("keeps ranges of sum zero", code, "if total != 0:", "if out or total != 0:"),
      mutant("forgets negative sums", code, "if total != 0:", "if total > 0:"),
      mutant("closed ends", code, "change[end] = change.get(end, 0) - weight",
             "change[end + 1] = change.get(end + 1, 0) - weight")};
  return task;
}

CodeTask cache(Random& random) {
  CodeTask task{.id = "expiring_cache"};
  task.prompt =
      "Write a Python class `ExpiringCache` with `__init__(self, capacity: int, ttl: int)`, "
      "`put(self, key: str, value: int, now: int) -> None`, `get(self, key: str, now: int) -> int "
      "| "
      "None` and `size(self, now: int) -> int`. The clock is always given as `now` and never goes "
      "back. An entry expires at its put time plus ttl (at that moment it is gone). get returns "
      "the "
      "value or None and makes the entry the most recently used, but does not prolong it. put "
      "stores or renews value, expiry and use; if the cache is full it first drops expired "
      "entries, then, if still needed, the least recently used one. size counts the entries that "
      "have not expired. Raise ValueError if capacity < 1 or ttl < 1. get and put must stay fast "
      "with 20,000 entries." +
      std::string(kRules);
  task.targets = {"ExpiringCache"};
  task.annotated = {"ExpiringCache.__init__", "ExpiringCache.put", "ExpiringCache.get",
                    "ExpiringCache.size"};
  task.documented = {"ExpiringCache", "ExpiringCache.__init__", "ExpiringCache.put",
                     "ExpiringCache.get", "ExpiringCache.size"};
  task.parameters = {"capacity", "ttl"};
  task.checks = edge_script();
  for (int i = 0; i < 8; ++i)
    std::ranges::move(random_script(random), std::back_inserter(task.checks));
  for (const char* bad : {"[0,5]", "[5,0]", "[-1,5]", "[3,-2]"}) {
    CodeCheck error = check("ExpiringCache", bad, "");
    error.call.kind = PythonCall::Kind::construct;
    task.errors.push_back(std::move(error));
  }
  task.speed = {{R"PY(
def drive_cache():
    cache = ExpiringCache(20000, 1000000)
    for i in range(60000):
        cache.put("k" + str(i), i, i)
        cache.get("k" + str(i // 2 + 15000), i)
    return [cache.get("k59999", 60000), cache.get("k5", 60000), cache.size(60000)]
)PY",
                 check("drive_cache", "[]", "[59999,null,20000]")}};
  task.reference = R"PY(from collections import OrderedDict


class ExpiringCache:
    """A least-recently-used cache whose entries expire.

    Args:
        capacity: how many entries are kept at most.
        ttl: how long an entry lives after its put.

    Raises:
        ValueError: if capacity or ttl is below 1.
    """

    def __init__(self, capacity: int, ttl: int) -> None:
        if capacity < 1 or ttl < 1:
            raise ValueError("capacity and ttl must be at least 1")
        self._capacity = capacity
        self._ttl = ttl
        self._entries: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._by_time: OrderedDict[str, int] = OrderedDict()  # in the order of expiry

    def put(self, key: str, value: int, now: int) -> None:
        """Store or renew the value of key at the time now."""
        self._entries.pop(key, None)
        self._by_time.pop(key, None)
        while len(self._entries) >= self._capacity:
            first = next(iter(self._by_time))
            if self._by_time[first] > now:
                first = next(iter(self._entries))
            del self._entries[first]
            del self._by_time[first]
        self._entries[key] = (value, now + self._ttl)
        self._by_time[key] = now + self._ttl

    def get(self, key: str, now: int) -> int | None:
        """Return the value of key, or None where it is absent or expired at now."""
        entry = self._entries.get(key)
        if entry is None or entry[1] <= now:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def size(self, now: int) -> int:
        """Return how many entries have not expired at now."""
        return sum(1 for _, expiry in self._entries.values() if expiry > now)
)PY";
  const std::string& code = task.reference;
  task.mutants = {
      mutant("first in, first out", code, "        self._entries.move_to_end(key)\n", ""),
      mutant("lives a moment too long", code, "entry[1] <= now", "entry[1] < now"),
      mutant("size counts the expired", code, " if expiry > now)", ")"),
      mutant("never evicts expired ones first", code,
             "if self._by_time[first] > now:", "if True:")};
  return task;
}

}  // namespace stride::gauntlet::code_task
