// SPDX-License-Identifier: Apache-2.0
// A poll, a calibration and release notes.
#include <fmt/format.h>

#include <algorithm>

#include "gauntlet/json_checks.h"
#include "gauntlet/json_task_parts.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace json_task_maker {

using namespace json_check;

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

}  // namespace json_task_maker

}  // namespace stride::gauntlet
