// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/json_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "gauntlet/cases.h"
#include "gauntlet/prose.h"
#include "json/json.h"
#include "schema/schema.h"

namespace stride::gauntlet {
namespace {

using Check = std::function<bool(const Json&)>;

constexpr std::string_view kEnd = " Output only the JSON: no fences, no comments.";

// A check of the value a pointer leads to; false where it leads nowhere.
JsonAssertion at(std::string pointer, std::string_view what, Check check) {
  std::string name = (pointer.empty() ? "/" : pointer) + ": " + std::string(what);
  return {std::move(name),
          [pointer = std::move(pointer), check = std::move(check)](const Json& root) {
            const Json* value = json::find(root, pointer);
            return value != nullptr && check(*value);
          }};
}

// The same of every item's member in an array that is not empty.
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
// The members are exactly these.
Check keys(std::set<std::string> wanted) {
  return [wanted = std::move(wanted)](const Json& v) {
    if (!v.is_object() || v.size() != wanted.size()) return false;
    return std::ranges::all_of(wanted, [&](const std::string& key) { return v.contains(key); });
  };
}
// No member besides these; some may be missing.
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
// "A" a capital, "a" a lower-case letter, "9" a digit, anything else itself.
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

int digits(std::string_view s, size_t at, size_t n) {
  int value = 0;
  for (size_t i = at; i < at + n; ++i) {
    if (i >= s.size() || s[i] < '0' || s[i] > '9') return -1;
    value = 10 * value + (s[i] - '0');
  }
  return value;
}
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
// RFC 3339 in UTC, with or without fractions of a second.
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

// A wrong answer: the reference with one place changed.
std::pair<std::string, std::string> broken(std::string name, const JsonTask& task,
                                           std::string_view from, std::string_view to) {
  std::string changed = task.reference;
  const size_t place = changed.find(from);
  if (place != std::string::npos) changed.replace(place, from.size(), to);
  return {std::move(name), std::move(changed)};
}

template <class T>
T choose(Random* random, std::vector<T> from) {
  return random == nullptr ? from[0] : pick(*random, from);
}

JsonTask incident(Random* random) {
  const auto service =
      choose<std::string>(random, {"checkout", "search", "billing", "login", "upload"});
  const auto tag_a = choose<std::string>(random, {"latency", "timeout", "memory"});
  const auto tag_b = choose<std::string>(random, {"db", "cache", "queue"});
  const int most = choose<int>(random, {30, 20, 40});
  JsonTask task;
  task.prompt =
      fmt::format(
          "Write one incident record as a JSON object with exactly these members: service (the "
          "string "
          "\"{}\"), severity (integer 1 to 4), started_at (a UTC time in RFC 3339 ending in Z), "
          "confidence (number from 0 to 1), tags (exactly 3 different lower-case strings, among "
          "them "
          "\"{}\" and \"{}\"), actions (exactly 2 objects, each with exactly owner, one of "
          "\"sre\", "
          "\"payments\", \"data\"; step, a string of 1 to 50 characters; eta_minutes, a positive "
          "integer "
          "that is a multiple of 5), duplicate_of (null). If severity is 1, no eta_minutes may "
          "exceed "
          "{}.",
          service, tag_a, tag_b, most) +
      std::string(kEnd);
  task.schema = fmt::format(
      R"({{"type":"object","additionalProperties":false,"required":["service","severity","started_at","confidence","tags","actions","duplicate_of"],"properties":{{"service":{{"const":"{}"}},"severity":{{"type":"integer","minimum":1,"maximum":4}},"started_at":{{"type":"string"}},"confidence":{{"type":"number","minimum":0,"maximum":1}},"tags":{{"type":"array","minItems":3,"maxItems":3,"items":{{"type":"string"}}}},"actions":{{"type":"array","minItems":2,"maxItems":2,"items":{{"type":"object","additionalProperties":false,"required":["owner","step","eta_minutes"],"properties":{{"owner":{{"enum":["sre","payments","data"]}},"step":{{"type":"string","minLength":1,"maxLength":50}},"eta_minutes":{{"type":"integer","minimum":5}}}}}}}},"duplicate_of":{{"type":"null"}}}}}})",
      service);
  const std::set<std::string> top = {"service", "severity", "started_at",  "confidence",
                                     "tags",    "actions",  "duplicate_of"};
  task.assertions = {
      at("", "an object", is_object()),
      at("", "all members", keys(top)),
      at("", "no other member", only_keys(top)),
      at("/service", service, equals(service)),
      at("/severity", "integer 1 to 4", integer(1, 4)),
      at("/started_at", "UTC time", utc_time()),
      at("/confidence", "0 to 1", number(0, 1)),
      at("/tags", "3 items", length(3, 3)),
      at("/tags", "different", unique()),
      at("/tags", "lower case", lower_case_items()),
      at("/tags", "has " + tag_a, contains(tag_a)),
      at("/tags", "has " + tag_b, contains(tag_b)),
      at("/actions", "2 items", length(2, 2)),
      each("/actions", "", "exactly its members", keys({"owner", "step", "eta_minutes"})),
      each("/actions", "owner", "one of three", one_of({"sre", "payments", "data"})),
      each("/actions", "step", "1 to 50 characters", text(1, 50)),
      each("/actions", "eta_minutes", "multiple of 5",
           [](const Json& v) { return integer(5, 1'000'000)(v) && *json::as_int64(v) % 5 == 0; }),
      at("/duplicate_of", "null", is_null())};
  task.cross = {
      "severity 1 needs short etas", [most](const Json& root) {
        const Json* severity = json::find(root, "/severity");
        const Json* actions = json::find(root, "/actions");
        if (severity == nullptr || actions == nullptr || !actions->is_array() || actions->empty()) {
          return false;
        }
        if (json::as_int64(*severity) != 1) return json::as_int64(*severity).has_value();
        return std::ranges::all_of(*actions, [&](const Json& a) {
          const Json* eta = json::member(a, "eta_minutes");
          return eta != nullptr && json::as_int64(*eta).value_or(1'000'000) <= most;
        });
      }};
  task.reference = fmt::format(
      R"({{"service":"{}","severity":2,"started_at":"2026-03-14T09:26:00Z","confidence":0.82,"tags":["{}","{}","retry-storm"],"actions":[{{"owner":"sre","step":"Cap the connection pool at 80","eta_minutes":15}},{{"owner":"payments","step":"Disable the nightly re-sync job","eta_minutes":45}}],"duplicate_of":null}})",
      service, tag_a, tag_b);
  task.wrong = {broken("a trailing comma", task, "null}", "null,}"),
                broken("single quotes", task, "\"severity\"", "'severity'"),
                broken("a comment", task, "{\"service\"", "{/* record */\"service\""),
                broken("a duplicate key", task, "\"severity\":2", "\"severity\":2,\"severity\":3")};
  return task;
}

JsonTask shipment(Random* random) {
  const auto prefix = choose<std::string>(random, {"SHP", "PKG", "ORD", "BOX"});
  const auto city = choose<std::string>(random, {"Z\xc3\xbcrich", "M\xc3\xbcnchen", "Malm\xc3\xb6",
                                                 "K\xc3\xb8"
                                                 "benhavn"});
  const auto serial =
      choose<int64_t>(random, {9007199254740993, 9007199254740995, 9007199254741001});
  const std::string note = "Handle \"with care\" \\ " + city;
  JsonTask task;
  task.prompt = fmt::format(
                    "Write one shipment as a JSON object with exactly these members: id (\"{}-\" "
                    "and six digits), "
                    "serial (the integer {}), weight_grams (integer 1 to 30000), carrier (\"dhl\", "
                    "\"ups\" or "
                    "\"post\"), fragile (boolean), note (the exact text {} with its quotation "
                    "marks and its one "
                    "backslash), route (2 to 4 objects, each with exactly hub, three capital "
                    "letters, and arrives, "
                    "a date YYYY-MM-DD), contact (an object with exactly name, 1 to 40 characters, "
                    "and phone, "
                    "null). The dates of the route ascend strictly.",
                    prefix, serial, note) +
                std::string(kEnd);
  task.schema = fmt::format(
      R"({{"type":"object","additionalProperties":false,"required":["id","serial","weight_grams","carrier","fragile","note","route","contact"],"properties":{{"id":{{"type":"string"}},"serial":{{"type":"integer"}},"weight_grams":{{"type":"integer","minimum":1,"maximum":30000}},"carrier":{{"enum":["dhl","ups","post"]}},"fragile":{{"type":"boolean"}},"note":{{"type":"string"}},"route":{{"type":"array","minItems":2,"maxItems":4,"items":{{"type":"object","additionalProperties":false,"required":["hub","arrives"],"properties":{{"hub":{{"type":"string"}},"arrives":{{"type":"string"}}}}}}}},"contact":{{"type":"object","additionalProperties":false,"required":["name","phone"],"properties":{{"name":{{"type":"string","minLength":1,"maxLength":40}},"phone":{{"type":"null"}}}}}}}}}})");
  const std::set<std::string> top = {"id",      "serial", "weight_grams", "carrier",
                                     "fragile", "note",   "route",        "contact"};
  task.assertions = {at("", "an object", is_object()),
                     at("", "all members", keys(top)),
                     at("", "no other member", only_keys(top)),
                     at("/id", "prefix and six digits",
                        [prefix](const Json& v) {
                          return v.is_string() && v.get<std::string>().starts_with(prefix + '-') &&
                                 pattern("AAA-999999")(v);
                        }),
                     at("/serial", "the large integer",
                        [serial](const Json& v) {
                          return json::is_number(v) && json::dump(v) == std::to_string(serial);
                        }),
                     at("/weight_grams", "1 to 30000", integer(1, 30000)),
                     at("/carrier", "one of three", one_of({"dhl", "ups", "post"})),
                     at("/fragile", "boolean", is_bool()),
                     at("/note", "a string", text(1, 200)),
                     at("/note", "the exact text", equals(note)),
                     at("/route", "2 to 4 items", length(2, 4)),
                     each("/route", "", "exactly its members", keys({"hub", "arrives"})),
                     each("/route", "hub", "three capitals", pattern("AAA")),
                     each("/route", "arrives", "a date", date()),
                     at("/contact", "an object", is_object()),
                     at("/contact", "exactly its members", keys({"name", "phone"})),
                     at("/contact/name", "1 to 40 characters", text(1, 40)),
                     at("/contact/phone", "null", is_null())};
  task.cross = {"dates ascend", [](const Json& root) {
                  const Json* route = json::find(root, "/route");
                  if (route == nullptr || !route->is_array() || route->size() < 2) return false;
                  std::string last;
                  return std::ranges::all_of(*route, [&](const Json& stop) {
                    const std::string* day = json::string_member(stop, "arrives");
                    const bool later = day != nullptr && is_date(*day) && *day > last;
                    if (later) last = *day;
                    return later;
                  });
                }};
  task.reference = fmt::format(
      R"({{"id":"{}-004217","serial":{},"weight_grams":1250,"carrier":"post","fragile":true,"note":"Handle \"with care\" \\ {}","route":[{{"hub":"ZRH","arrives":"2026-05-04"}},{{"hub":"BSL","arrives":"2026-05-06"}}],"contact":{{"name":"Nora Feld","phone":null}}}})",
      prefix, serial, city);
  task.wrong = {broken("an unescaped quotation mark", task, "\\\"with", "\"with"),
                broken("True", task, "true", "True"),
                broken("a bare backslash", task, "\\\\ ", "\\ "),
                broken("cut off", task, ",\"phone\":null}}", "")};
  return task;
}

JsonTask poll(Random* random) {
  const auto topic = choose<std::string>(random, {"lunch", "offsite", "logo", "database"});
  const int n = choose<int>(random, {12, 18, 25});
  JsonTask task;
  task.prompt = fmt::format(
                    "Write the result of a poll as a JSON object with exactly these members: topic "
                    "(the string "
                    "\"{}\"), closed (true), total (the integer {}), options (exactly 3 objects, "
                    "each with exactly "
                    "label, a string of 1 to 20 characters, all different; votes, an integer of 0 "
                    "or more; voters, "
                    "an array of exactly 2 different lower-case strings), winner (the label with "
                    "the most votes, "
                    "alone in front), closed_on (a date YYYY-MM-DD), remark (null). The votes add "
                    "up to total.",
                    topic, n) +
                std::string(kEnd);
  task.schema = fmt::format(
      R"({{"type":"object","additionalProperties":false,"required":["topic","closed","total","options","winner","closed_on","remark"],"properties":{{"topic":{{"const":"{}"}},"closed":{{"const":true}},"total":{{"const":{}}},"options":{{"type":"array","minItems":3,"maxItems":3,"items":{{"type":"object","additionalProperties":false,"required":["label","votes","voters"],"properties":{{"label":{{"type":"string","minLength":1,"maxLength":20}},"votes":{{"type":"integer","minimum":0}},"voters":{{"type":"array","minItems":2,"maxItems":2,"items":{{"type":"string"}}}}}}}}}},"winner":{{"type":"string"}},"closed_on":{{"type":"string"}},"remark":{{"type":"null"}}}}}})",
      topic, n);
  const std::set<std::string> top = {"topic",  "closed",    "total", "options",
                                     "winner", "closed_on", "remark"};
  const auto votes = [](const Json& root) {
    std::vector<std::pair<int64_t, std::string>> out;
    const Json* options = json::find(root, "/options");
    if (options == nullptr || !options->is_array()) return out;
    for (const Json& option : *options) {
      const Json* count = json::member(option, "votes");
      const std::string* label = json::string_member(option, "label");
      if (count == nullptr || label == nullptr || !json::as_int64(*count)) return decltype(out)();
      out.emplace_back(*json::as_int64(*count), *label);
    }
    return out;
  };
  task.assertions = {
      at("", "an object", is_object()),
      at("", "all members", keys(top)),
      at("", "no other member", only_keys(top)),
      at("/topic", topic, equals(topic)),
      at("/closed", "true", [](const Json& v) { return v.is_boolean() && v.get<bool>(); }),
      at("/total", std::to_string(n), integer(n, n)),
      at("/options", "3 items", length(3, 3)),
      each("/options", "", "exactly its members", keys({"label", "votes", "voters"})),
      each("/options", "label", "1 to 20 characters", text(1, 20)),
      at("/options", "different labels",
         [votes](const Json& v) {
           Json root = Json::object();
           root["options"] = v;
           std::set<std::string> labels;
           const auto all = votes(root);
           for (const auto& [count, label] : all) labels.insert(label);
           return all.size() >= 2 && labels.size() == all.size();
         }),
      each("/options", "votes", "integer", integer(0, 1'000'000)),
      each("/options", "voters", "2 items", length(2, 2)),
      each("/options", "voters", "different", unique()),
      each("/options", "voters", "lower case", lower_case_items()),
      at("/winner", "a string", text(1, 20)),
      {"/winner: has the most votes",
       [votes](const Json& root) {
         auto all = votes(root);
         const Json* winner = json::find(root, "/winner");
         if (all.size() < 2 || winner == nullptr || !winner->is_string()) return false;
         std::ranges::sort(all, std::greater());
         return all[0].second == winner->get<std::string>() && all[0].first > all[1].first;
       }},
      at("/closed_on", "a date", date()),
      at("/remark", "null", is_null())};
  task.cross = {"votes add up", [votes, n](const Json& root) {
                  int64_t sum = 0;
                  const auto all = votes(root);
                  for (const auto& [count, label] : all) {
                    if (count < 0 || count > 1'000'000) return false;
                    sum += count;
                  }
                  return !all.empty() && sum == n;
                }};
  task.reference = fmt::format(
      R"({{"topic":"{}","closed":true,"total":{},"options":[{{"label":"green","votes":{},"voters":["ada","bo"]}},{{"label":"blue","votes":4,"voters":["cleo","dirk"]}},{{"label":"red","votes":1,"voters":["eve","finn"]}}],"winner":"green","closed_on":"2026-02-27","remark":null}})",
      topic, n, n - 5);
  task.wrong = {broken("a comma missing", task, ",\"winner\"", "\"winner\""),
                broken("None", task, "null", "None"),
                broken("keys without quotes", task, "\"topic\"", "topic"),
                broken("two values", task, "null}", "null} {}")};
  return task;
}

JsonTask calibration(Random* random) {
  const auto device = choose<std::string>(random, {"th-17", "px-04", "qr-92"});
  const int most = choose<int>(random, {50, 80, 100});
  JsonTask task;
  task.prompt =
      fmt::format(
          "Write a calibration record as a JSON object with exactly these members: device (the "
          "string "
          "\"{}\"), mode (\"auto\" or \"manual\"), offset (null if mode is \"auto\", a number from "
          "-5 to "
          "5 if it is \"manual\"), matrix (exactly 2 rows of exactly 3 integers from 0 to {} "
          "each), units "
          "(an object with exactly temperature, \"C\" or \"K\", and pressure, \"hPa\" or \"bar\"), "
          "checked_at (a UTC time in RFC 3339 ending in Z), operators (1 to 3 different strings, "
          "each "
          "two capital letters and two digits), passed (boolean), scale (the number 1.5).",
          device, most) +
      std::string(kEnd);
  task.schema = fmt::format(
      R"({{"type":"object","additionalProperties":false,"required":["device","mode","offset","matrix","units","checked_at","operators","passed","scale"],"properties":{{"device":{{"const":"{}"}},"mode":{{"enum":["auto","manual"]}},"offset":{{"type":["number","null"]}},"matrix":{{"type":"array","minItems":2,"maxItems":2,"items":{{"type":"array","minItems":3,"maxItems":3,"items":{{"type":"integer","minimum":0,"maximum":{}}}}}}},"units":{{"type":"object","additionalProperties":false,"required":["temperature","pressure"],"properties":{{"temperature":{{"enum":["C","K"]}},"pressure":{{"enum":["hPa","bar"]}}}}}},"checked_at":{{"type":"string"}},"operators":{{"type":"array","minItems":1,"maxItems":3,"items":{{"type":"string"}}}},"passed":{{"type":"boolean"}},"scale":{{"const":1.5}}}}}})",
      device, most);
  const std::set<std::string> top = {"device",     "mode",      "offset", "matrix", "units",
                                     "checked_at", "operators", "passed", "scale"};
  task.assertions = {at("", "an object", is_object()),
                     at("", "all members", keys(top)),
                     at("", "no other member", only_keys(top)),
                     at("/device", device, equals(device)),
                     at("/mode", "one of two", one_of({"auto", "manual"})),
                     at("/offset", "null or -5 to 5",
                        [](const Json& v) { return v.is_null() || number(-5, 5)(v); }),
                     at("/matrix", "2 rows", length(2, 2)),
                     each("/matrix", "", "3 columns", length(3, 3)),
                     each("/matrix", "", "integers in range",
                          [most](const Json& row) {
                            return row.is_array() && !row.empty() &&
                                   std::ranges::all_of(
                                       row, [&](const Json& v) { return integer(0, most)(v); });
                          }),
                     at("/units", "an object", is_object()),
                     at("/units", "exactly its members", keys({"temperature", "pressure"})),
                     at("/units/temperature", "C or K", one_of({"C", "K"})),
                     at("/units/pressure", "hPa or bar", one_of({"hPa", "bar"})),
                     at("/checked_at", "UTC time", utc_time()),
                     at("/operators", "1 to 3 different",
                        [](const Json& v) { return length(1, 3)(v) && unique()(v); }),
                     each("/operators", "", "two capitals, two digits", pattern("AA99")),
                     at("/passed", "boolean", is_bool()),
                     at("/scale", "1.5", number(1.5, 1.5))};
  task.cross = {"offset only in manual mode", [](const Json& root) {
                  const Json* mode = json::find(root, "/mode");
                  const Json* offset = json::find(root, "/offset");
                  if (mode == nullptr || offset == nullptr || !mode->is_string()) return false;
                  if (mode->get<std::string>() == "auto") return offset->is_null();
                  return mode->get<std::string>() == "manual" && json::is_number(*offset);
                }};
  task.reference = fmt::format(
      R"({{"device":"{}","mode":"manual","offset":-0.25,"matrix":[[1,20,3],[0,45,7]],"units":{{"temperature":"K","pressure":"hPa"}},"checked_at":"2026-08-01T06:30:00Z","operators":["LM07","TR22"],"passed":false,"scale":1.5}})",
      device);
  task.wrong = {
      broken("NaN", task, "-0.25", "NaN"), broken("a leading plus", task, "-0.25", "+0.25"),
      broken("a bracket missing", task, "7]]", "7]"), broken("False", task, "false", "False")};
  return task;
}

JsonTask release(Random* random) {
  const auto product = choose<std::string>(random, {"lantern", "harbor", "meadow"});
  const auto version = choose<std::string>(random, {"4.2.0", "7.0.3", "2.11.5"});
  JsonTask task;
  task.prompt =
      fmt::format(
          "Write release notes as a JSON object with exactly these members: product (the string "
          "\"{}\"), version (the string \"{}\"), released (a date YYYY-MM-DD), breaking (boolean), "
          "headline (a string of 10 to 80 characters that ends with the rocket emoji "
          "\xf0\x9f\x9a\x80), "
          "changes (exactly 3 objects, each with exactly kind, one of \"feature\", \"fix\", "
          "\"removal\"; "
          "summary, 1 to 60 characters; issue, a positive integer, all different), links (an "
          "object with "
          "exactly docs and source, both strings beginning with https://), previous (null). If any "
          "change is a \"removal\", breaking is true; otherwise it is false.",
          product, version) +
      std::string(kEnd);
  task.schema = fmt::format(
      R"({{"type":"object","additionalProperties":false,"required":["product","version","released","breaking","headline","changes","links","previous"],"properties":{{"product":{{"const":"{}"}},"version":{{"const":"{}"}},"released":{{"type":"string"}},"breaking":{{"type":"boolean"}},"headline":{{"type":"string","minLength":10,"maxLength":80}},"changes":{{"type":"array","minItems":3,"maxItems":3,"items":{{"type":"object","additionalProperties":false,"required":["kind","summary","issue"],"properties":{{"kind":{{"enum":["feature","fix","removal"]}},"summary":{{"type":"string","minLength":1,"maxLength":60}},"issue":{{"type":"integer","minimum":1}}}}}}}},"links":{{"type":"object","additionalProperties":false,"required":["docs","source"],"properties":{{"docs":{{"type":"string"}},"source":{{"type":"string"}}}}}},"previous":{{"type":"null"}}}}}})",
      product, version);
  const std::set<std::string> top = {"product",  "version", "released", "breaking",
                                     "headline", "changes", "links",    "previous"};
  const Check https = [](const Json& v) {
    return v.is_string() && v.get_ref<const std::string&>().starts_with("https://") &&
           v.get_ref<const std::string&>().size() > 10;
  };
  task.assertions = {
      at("", "an object", is_object()),
      at("", "all members", keys(top)),
      at("", "no other member", only_keys(top)),
      at("/product", product, equals(product)),
      at("/version", version, equals(version)),
      at("/released", "a date", date()),
      at("/breaking", "boolean", is_bool()),
      at("/headline", "10 to 80 characters", text(10, 80)),
      at("/headline", "ends with a rocket",
         [](const Json& v) {
           return v.is_string() && v.get_ref<const std::string&>().ends_with("\xf0\x9f\x9a\x80");
         }),
      at("/changes", "3 items", length(3, 3)),
      each("/changes", "", "exactly its members", keys({"kind", "summary", "issue"})),
      each("/changes", "kind", "one of three", one_of({"feature", "fix", "removal"})),
      each("/changes", "summary", "1 to 60 characters", text(1, 60)),
      at("/changes", "different positive issues",
         [](const Json& v) {
           std::set<int64_t> seen;
           return v.is_array() && !v.empty() && std::ranges::all_of(v, [&](const Json& change) {
                    const Json* issue = json::member(change, "issue");
                    return issue != nullptr && integer(1, 1'000'000'000)(*issue) &&
                           seen.insert(*json::as_int64(*issue)).second;
                  });
         }),
      at("/links", "exactly its members", keys({"docs", "source"})),
      at("/links/docs", "https", https),
      at("/links/source", "https", https),
      at("/previous", "null", is_null())};
  task.cross = {"breaking says whether something was removed", [](const Json& root) {
                  const Json* breaking = json::find(root, "/breaking");
                  const Json* changes = json::find(root, "/changes");
                  if (breaking == nullptr || !breaking->is_boolean() || changes == nullptr ||
                      !changes->is_array() || changes->empty()) {
                    return false;
                  }
                  const bool removal = std::ranges::any_of(*changes, [](const Json& change) {
                    const std::string* kind = json::string_member(change, "kind");
                    return kind != nullptr && *kind == "removal";
                  });
                  return breaking->get<bool>() == removal;
                }};
  task.reference = fmt::format(
      R"({{"product":"{}","version":"{}","released":"2026-10-12","breaking":true,"headline":"Faster sync and a smaller core {}","changes":[{{"kind":"feature","summary":"Sync in the background","issue":812}},{{"kind":"fix","summary":"Keep the cursor after an undo","issue":799}},{{"kind":"removal","summary":"Drop the old export format","issue":640}}],"links":{{"docs":"https://example.com/docs","source":"https://example.com/source"}},"previous":null}})",
      product, version, "\xf0\x9f\x9a\x80");
  task.wrong = {broken("a comment", task, "\"links\"", "// links\n\"links\""),
                broken("a raw line break in a string", task, "Faster sync", "Faster\nsync"),
                broken("a trailing comma in a list", task, "\"issue\":640}]", "\"issue\":640},]"),
                broken("a semicolon", task, "\"breaking\":true,", "\"breaking\":true;")};
  return task;
}

}  // namespace

JsonTask json_task(size_t index, Random* random) {
  static constexpr std::array kMakers = {incident, shipment, poll, calibration, release};
  static_assert(kMakers.size() == kJsonTasks);
  return kMakers[index](random);
}

}  // namespace stride::gauntlet
