// SPDX-License-Identifier: Apache-2.0
// Random schemas against the validator of src/schema, both ways: a random value is valid exactly if
// its text is one of the grammar, and what a random walk through the grammar writes is valid.
#include <gtest/gtest.h>

#include "base/random.h"
#include "grammar/grammar.h"
#include "grammar/json_text.h"
#include "grammar/machine.h"
#include "json/json.h"
#include "schema/schema.h"

namespace stride::grammar {
namespace {

const std::vector<std::string> kKeys = {"a", "b", "ab"};
const std::vector<std::string> kTypes = {"null",   "boolean", "integer", "number",
                                         "string", "array",   "object"};

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Json value(size_t depth) {
    switch (random_.below(depth == 0 ? 6 : 8)) {
      case 0:
        return nullptr;
      case 1:
        return random_.below(2) == 0;
      case 2:
      case 3:
        return static_cast<int>(random_.below(12)) - 3;
      case 4:
        return static_cast<double>(random_.below(20)) / 2 - 2.25;
      case 5:
        return std::string(random_.below(4), random_.below(2) == 0 ? 'x' : '"');
      case 6: {
        Json out = Json::array();
        for (size_t n = random_.below(4); n > 0; --n) out.push_back(value(depth - 1));
        return out;
      }
      default: {
        Json out = Json::object();
        for (const std::string& key : kKeys) {
          if (random_.below(2) == 0) out[key] = value(depth - 1);
        }
        return out;
      }
    }
  }

  Json schema(size_t depth) {
    if (depth == 0 || random_.below(12) == 0) return random_.below(8) == 0 ? Json(false) : leaf();
    switch (random_.below(6)) {
      case 0:
        return object(depth);
      case 1:
        return array(depth);
      case 2: {
        Json out = leaf();
        out["anyOf"] = Json::array({schema(depth - 1), schema(depth - 1)});
        return out;
      }
      case 3: {
        Json out = Json::object();
        out["allOf"] = Json::array({schema(depth - 1), schema(depth - 1)});
        return out;
      }
      case 4: {
        Json out = Json::object();
        out["enum"] = Json::array({value(1), value(1), value(2)});
        return out;
      }
      default:
        return leaf();
    }
  }

  bool once_in(size_t n) { return random_.below(n) == 0; }
  size_t below(size_t n) { return random_.below(n); }

 private:
  Json leaf() {
    Json out = Json::object();
    if (random_.below(3) > 0) out["type"] = kTypes[random_.below(kTypes.size())];
    if (once_in(3)) out["minimum"] = static_cast<int>(random_.below(6)) - 2;
    if (once_in(3)) out["exclusiveMaximum"] = static_cast<double>(random_.below(12)) / 2;
    if (once_in(4)) out["maxLength"] = random_.below(3);
    if (once_in(6)) out["minLength"] = random_.below(3);
    return out;
  }

  Json object(size_t depth) {
    Json out = Json::object();
    if (random_.below(3) > 0) out["type"] = "object";
    for (const std::string& key : kKeys) {
      if (once_in(2)) out["properties"][key] = schema(depth - 1);
      if (once_in(4)) out["required"].push_back(key);
    }
    if (once_in(2)) out["additionalProperties"] = once_in(2) ? Json(false) : schema(depth - 1);
    return out;
  }

  Json array(size_t depth) {
    Json out = Json::object();
    if (random_.below(3) > 0) out["type"] = "array";
    if (once_in(2)) out["items"] = schema(depth - 1);
    if (once_in(3)) out["prefixItems"] = Json::array({schema(depth - 1), schema(depth - 1)});
    if (once_in(3)) out["minItems"] = random_.below(3);
    if (once_in(3)) out["maxItems"] = 1 + random_.below(3);
    return out;
  }

  Random random_;
};

ConfigId follow(Machine& machine, std::string_view text) {
  ConfigId at = machine.start();
  size_t key_begin = 0;
  for (size_t i = 0; i < text.size() && at != Machine::kDead; ++i) {
    at = machine.move(at, static_cast<uint8_t>(text[i]), text.substr(key_begin, i - key_begin)).to;
    if (machine.at_key_start(at)) key_begin = i + 1;
  }
  return at;
}

// Writes bytes that are allowed until the text may end; empty where it grows too long.
std::string random_text(Machine& machine, Maker& maker) {
  std::string text;
  ConfigId at = machine.start();
  size_t key_begin = 0;
  constexpr std::string_view kLikely = "\"}],:x0125abtruefalsn{[.-";
  while (text.size() < 300) {
    if (machine.accepts(at) && (maker.once_in(2) || !machine.can_move(at))) return text;
    std::string allowed;
    for (const char c : kLikely) {
      if (machine.move(at, static_cast<uint8_t>(c)).to != Machine::kDead) allowed += c;
    }
    for (int byte = 0; byte < 256 && allowed.empty(); ++byte) {
      if (machine.move(at, static_cast<Symbol>(byte)).to != Machine::kDead) {
        allowed += static_cast<char>(byte);
      }
    }
    if (allowed.empty()) return "a dead end behind " + text;
    const char c = text.size() > 150 ? allowed[0] : allowed[maker.below(allowed.size())];
    const ConfigId next =
        machine.move(at, static_cast<uint8_t>(c), std::string_view(text).substr(key_begin)).to;
    if (next == Machine::kDead) continue;  // a key that was there already
    at = next;
    text += c;
    if (machine.at_key_start(at)) key_begin = text.size();
  }
  return {};
}

TEST(SchemaProperty, RandomSchemasBothWays) {
  size_t n_compiled = 0, n_valid = 0, n_written = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Maker maker(seed);
    const Json source = maker.schema(3);
    const auto schema = schema::Schema::compile(source);
    ASSERT_TRUE(schema.has_value());
    const auto grammar = compile_json_schema(json::dump(source));
    if (!grammar) {
      // Only a schema that nothing fits is refused.
      ASSERT_NE(grammar.error().message.find("no value"), std::string::npos)
          << grammar.error().message << json::dump(source);
      for (int i = 0; i < 50; ++i) EXPECT_FALSE(schema::is_valid(*schema, maker.value(2)));
      continue;
    }
    ++n_compiled;
    Machine machine(*grammar, {});
    for (int i = 0; i < 60; ++i) {
      const Json value = maker.value(2);
      const std::string text = json::dump(value);
      const bool valid = schema::is_valid(*schema, value);
      n_valid += valid ? 1 : 0;
      const ConfigId end = follow(machine, text);
      EXPECT_EQ(end != Machine::kDead && machine.accepts(end), valid) << json::dump(source) << '\n'
                                                                      << text;
    }
    for (int i = 0; i < 8; ++i) {
      const std::string text = random_text(machine, maker);
      if (text.empty()) continue;
      const auto value = json::parse(text, {.duplicates = json::Duplicates::refuse});
      ASSERT_TRUE(value.has_value()) << json::dump(source) << '\n' << text;
      EXPECT_TRUE(schema::is_valid(*schema, *value)) << json::dump(source) << '\n' << text;
      ++n_written;
    }
  }
  EXPECT_GT(n_compiled, 300U);
  EXPECT_GT(n_valid, 1000U);
  EXPECT_GT(n_written, 500U);
}

}  // namespace
}  // namespace stride::grammar
