// SPDX-License-Identifier: Apache-2.0
// What the functions of the code generation test have to return: our own implementations, which
// give the expected values. They stay on this side of the sandbox.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stride::gauntlet {

// The n-th Lucas number (2, 1, 3, 4, ...) modulo m > 0.
uint64_t lucas_mod(uint64_t n, uint64_t m);

using Weighted = std::array<int64_t, 3>;  // start, end, weight; half open
std::vector<Weighted> weight_profile(const std::vector<Weighted>& intervals);

// One line of comma-separated values; nothing where its quotes are wrong.
std::optional<std::vector<std::string>> csv_split(std::string_view line);

// A least-recently-used cache whose entries expire, with the clock given by the caller.
class ExpiringCache {
 public:
  ExpiringCache(size_t capacity, int64_t ttl) : capacity_(capacity), ttl_(ttl) {}

  std::optional<int64_t> get(const std::string& key, int64_t now);
  void put(const std::string& key, int64_t value, int64_t now);
  size_t size(int64_t now) const;

 private:
  struct Entry {
    std::string key;
    int64_t value = 0, expires = 0;
  };
  void drop_expired(int64_t now);

  size_t capacity_;
  int64_t ttl_;
  std::vector<Entry> entries_{};  // least recently used first
};

// a(n) = sum of coefficients[i] * a(n - 1 - i) modulo m, from the initial values.
uint64_t recurrence(const std::vector<int64_t>& coefficients, const std::vector<int64_t>& initial,
                    uint64_t n, uint64_t m);

std::string to_roman(int n);  // 1 to 3999

}  // namespace stride::gauntlet
