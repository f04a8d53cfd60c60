// SPDX-License-Identifier: Apache-2.0
// An incident and a shipment.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gauntlet/json_checks.h"
#include "gauntlet/json_task_parts.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace json_task_maker {

using namespace json_check;

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

}  // namespace json_task_maker

JsonTask json_task(size_t index, Random* random) {
  static constexpr std::array kMakers = {json_task_maker::incident, json_task_maker::shipment,
                                         json_task_maker::poll, json_task_maker::calibration,
                                         json_task_maker::release};
  static_assert(kMakers.size() == kJsonTasks);
  return kMakers[index](random);
}

}  // namespace stride::gauntlet
