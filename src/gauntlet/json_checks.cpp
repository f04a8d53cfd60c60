// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/json_checks.h"

#include <algorithm>
#include <chrono>

#include "json/json.h"

namespace stride::gauntlet::json_check {

JsonAssertion at(std::string pointer, std::string_view what, Check check) {
  std::string name = (pointer.empty() ? "/" : pointer) + ": " + std::string(what);
  return {std::move(name),
          [pointer = std::move(pointer), check = std::move(check)](const Json& root) {
            const Json* value = json::find(root, pointer);
            return value != nullptr && check(*value);
          }};
}

JsonAssertion each(std::string pointer, std::string key, std::string_view what, Check check) {
  std::string name = pointer + "/*/" + key + ": " + std::string(what);
  return {std::move(name), [=](const Json& root) {
            const Json* list = json::find(root, pointer);
            if (list == nullptr || !list->is_array() || list->empty()) return false;
            return std::ranges::all_of(*list, [&](const Json& item) {
              const Json* value = key.empty() ? &item : json::member(item, key);
              return value != nullptr && check(*value);
            });
          }};
}

Check is_object() {
  return [](const Json& v) { return v.is_object(); };
}
Check equals(std::string text) {
  return [text = std::move(text)](const Json& v) {
    return v.is_string() && v.get<std::string>() == text;
  };
}
Check is_null() {
  return [](const Json& v) { return v.is_null(); };
}
Check is_bool() {
  return [](const Json& v) { return v.is_boolean(); };
}
Check integer(int64_t low, int64_t high) {
  return [=](const Json& v) {
    const auto n = json::as_int64(v);
    return json::is_integer_text(json::dump(v)) && n && *n >= low && *n <= high;
  };
}
Check number(double low, double high) {
  return [=](const Json& v) {
    const auto n = json::as_double(v);
    return n && *n >= low && *n <= high;
  };
}
Check length(size_t low, size_t high) {
  return [=](const Json& v) { return v.is_array() && v.size() >= low && v.size() <= high; };
}
Check one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const Json& v) {
    return v.is_string() && std::ranges::find(words, v.get<std::string>()) != words.end();
  };
}
Check keys(std::set<std::string> wanted) {
  return [wanted = std::move(wanted)](const Json& v) {
    if (!v.is_object() || v.size() != wanted.size()) return false;
    return std::ranges::all_of(wanted, [&](const std::string& key) { return v.contains(key); });
  };
}
Check only_keys(std::set<std::string> allowed) {
  return [allowed = std::move(allowed)](const Json& v) {
    if (!v.is_object()) return false;
    for (const auto& [key, value] : v.items()) {
      if (!allowed.contains(key)) return false;
    }
    return true;
  };
}
Check text(size_t low, size_t high) {
  return [=](const Json& v) {
    if (!v.is_string()) return false;
    // Characters, not bytes.
    const auto& s = v.get_ref<const std::string&>();
    const auto n = static_cast<size_t>(
        std::ranges::count_if(s, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
    return n >= low && n <= high;
  };
}
Check pattern(std::string shape) {
  return [shape = std::move(shape)](const Json& v) {
    if (!v.is_string()) return false;
    const auto& s = v.get_ref<const std::string&>();
    return std::ranges::equal(s, shape, [](char c, char p) {
      if (p == 'A') return c >= 'A' && c <= 'Z';
      if (p == 'a') return c >= 'a' && c <= 'z';
      if (p == '9') return c >= '0' && c <= '9';
      return c == p;
    });
  };
}
Check unique() {
  return [](const Json& v) {
    if (!v.is_array() || v.empty()) return false;
    std::set<std::string> seen;
    return std::ranges::all_of(
        v, [&](const Json& item) { return seen.insert(json::dump(item)).second; });
  };
}
Check contains(std::string word) {
  return [word = std::move(word)](const Json& v) {
    return v.is_array() && std::ranges::any_of(v, [&](const Json& item) {
             return item.is_string() && item.get<std::string>() == word;
           });
  };
}
Check lower_case_items() {
  return [](const Json& v) {
    return v.is_array() && !v.empty() && std::ranges::all_of(v, [](const Json& item) {
             if (!item.is_string() || item.get_ref<const std::string&>().empty()) return false;
             return std::ranges::none_of(item.get_ref<const std::string&>(),
                                         [](char c) { return c >= 'A' && c <= 'Z'; });
           });
  };
}

namespace {

int digits(std::string_view s, size_t at, size_t n) {
  int value = 0;
  for (size_t i = at; i < at + n; ++i) {
    if (i >= s.size() || s[i] < '0' || s[i] > '9') return -1;
    value = 10 * value + (s[i] - '0');
  }
  return value;
}
}  // namespace

bool is_date(std::string_view s) {
  if (s.size() != 10 || s[4] != '-' || s[7] != '-') return false;
  const int y = digits(s, 0, 4), m = digits(s, 5, 2), d = digits(s, 8, 2);
  return y >= 0 && m >= 0 && d >= 0 &&
         std::chrono::year_month_day(std::chrono::year(y),
                                     std::chrono::month(static_cast<unsigned>(m)),
                                     std::chrono::day(static_cast<unsigned>(d)))
             .ok();
}
Check date() {
  return [](const Json& v) { return v.is_string() && is_date(v.get<std::string>()); };
}
Check utc_time() {
  return [](const Json& v) {
    if (!v.is_string()) return false;
    const std::string s = v.get<std::string>();
    if (s.size() < 20 || s.back() != 'Z' || s[10] != 'T' || s[13] != ':' || s[16] != ':')
      return false;
    const int h = digits(s, 11, 2), m = digits(s, 14, 2), sec = digits(s, 17, 2);
    if (!is_date(s.substr(0, 10)) || h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60)
      return false;
    if (s.size() == 20) return true;
    const std::string fraction = s.substr(19, s.size() - 20);
    return fraction.size() > 1 && fraction[0] == '.' &&
           fraction.find_first_not_of("0123456789", 1) == std::string::npos;
  };
}

std::pair<std::string, std::string> broken(std::string name, const JsonTask& task,
                                           std::string_view from, std::string_view to) {
  std::string changed = task.reference;
  const size_t place = changed.find(from);
  if (place != std::string::npos) changed.replace(place, from.size(), to);
  return {std::move(name), std::move(changed)};
}

}  // namespace stride::gauntlet::json_check
