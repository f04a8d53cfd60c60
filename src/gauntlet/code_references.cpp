// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/code_references.h"

#include <algorithm>
#include <map>

#include "base/random.h"

namespace stride::gauntlet {
namespace {

uint64_t multiply(uint64_t a, uint64_t b, uint64_t m) {
  return static_cast<uint64_t>(static_cast<Wide>(a) * b % m);
}

uint64_t reduce(int64_t value, uint64_t m) {
  const auto modulus = static_cast<int64_t>(m);
  return static_cast<uint64_t>((value % modulus + modulus) % modulus);
}

using Polynomial = std::vector<uint64_t>;

// a * b modulo x^k = sum of c[i] x^(k - 1 - i), and modulo m.
Polynomial multiply(const Polynomial& a, const Polynomial& b, const Polynomial& c, uint64_t m) {
  const size_t k = c.size();
  Polynomial product(2 * k - 1, 0);
  for (size_t i = 0; i < k; ++i) {
    for (size_t j = 0; j < k; ++j) {
      product[i + j] = (product[i + j] + multiply(a[i], b[j], m)) % m;
    }
  }
  for (size_t top = 2 * k - 2; top >= k; --top) {
    for (size_t i = 0; i < k; ++i) {
      uint64_t& into = product[top - 1 - i];
      into = (into + multiply(product[top], c[i], m)) % m;
    }
  }
  product.resize(k);
  return product;
}

}  // namespace

uint64_t recurrence(const std::vector<int64_t>& coefficients, const std::vector<int64_t>& initial,
                    uint64_t n, uint64_t m) {
  const size_t k = coefficients.size();
  if (n < k) return reduce(initial[n], m);
  Polynomial c;
  for (const int64_t value : coefficients) c.push_back(reduce(value, m));
  if (k == 1) {
    uint64_t value = reduce(initial[0], m);
    uint64_t power = c[0];
    for (uint64_t left = n; left > 0; left >>= 1) {
      if ((left & 1) != 0) value = multiply(value, power, m);
      power = multiply(power, power, m);
    }
    return value;
  }
  Polynomial result(k, 0);
  Polynomial power(k, 0);
  result[0] = 1 % m;
  power[1] = 1 % m;
  for (uint64_t left = n; left > 0; left >>= 1) {
    if ((left & 1) != 0) result = multiply(result, power, c, m);
    power = multiply(power, power, c, m);
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < k; ++i) sum = (sum + multiply(result[i], reduce(initial[i], m), m)) % m;
  return sum;
}

uint64_t lucas_mod(uint64_t n, uint64_t m) {
  return recurrence({1, 1}, {2, 1}, n, m);
}

std::vector<Weighted> weight_profile(const std::vector<Weighted>& intervals) {
  std::map<int64_t, int64_t> change;
  for (const auto& [start, end, weight] : intervals) {
    change[start] += weight;
    change[end] -= weight;
  }
  std::vector<Weighted> out;
  int64_t sum = 0;
  int64_t from = 0;
  for (const auto& [at, delta] : change) {
    if (sum != 0) {
      if (!out.empty() && out.back()[1] == from && out.back()[2] == sum) {
        out.back()[1] = at;
      } else {
        out.push_back({from, at, sum});
      }
    }
    sum += delta;
    from = at;
  }
  return out;
}

std::optional<std::vector<std::string>> csv_split(std::string_view line) {
  std::vector<std::string> out(1);
  size_t at = 0;
  while (true) {
    std::string& field = out.back();
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size()) return std::nullopt;
        if (line[at] == '"') {
          if (at + 1 >= line.size() || line[at + 1] != '"') break;
          ++at;
        }
        field += line[at];
      }
      ++at;
      if (at < line.size() && line[at] != ',') return std::nullopt;
    } else {
      while (at < line.size() && line[at] != ',') {
        if (line[at] == '"') return std::nullopt;
        field += line[at++];
      }
    }
    if (at >= line.size()) return out;
    ++at;
    out.emplace_back();
  }
}

void ExpiringCache::drop_expired(int64_t now) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.expires <= now; });
}

std::optional<int64_t> ExpiringCache::get(const std::string& key, int64_t now) {
  const auto it = std::ranges::find(entries_, key, &Entry::key);
  if (it == entries_.end() || it->expires <= now) return std::nullopt;
  std::rotate(it, it + 1, entries_.end());
  return entries_.back().value;
}

void ExpiringCache::put(const std::string& key, int64_t value, int64_t now) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
  if (entries_.size() >= capacity_) drop_expired(now);
  if (entries_.size() >= capacity_) entries_.erase(entries_.begin());
  entries_.push_back({key, value, now + ttl_});
}

size_t ExpiringCache::size(int64_t now) const {
  return static_cast<size_t>(
      std::ranges::count_if(entries_, [&](const Entry& entry) { return entry.expires > now; }));
}

std::string to_roman(int n) {
  static constexpr std::array<std::pair<int, std::string_view>, 13> kSigns = {{{1000, "M"},
                                                                               {900, "CM"},
                                                                               {500, "D"},
                                                                               {400, "CD"},
                                                                               {100, "C"},
                                                                               {90, "XC"},
                                                                               {50, "L"},
                                                                               {40, "XL"},
                                                                               {10, "X"},
                                                                               {9, "IX"},
                                                                               {5, "V"},
                                                                               {4, "IV"},
                                                                               {1, "I"}}};
  std::string out;
  for (const auto& [value, sign] : kSigns) {
    for (; n >= value; n -= value) out += sign;
  }
  return out;
}

}  // namespace stride::gauntlet
