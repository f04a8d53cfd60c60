// SPDX-License-Identifier: Apache-2.0
// The official JSON-Schema-Test-Suite, draft 2020-12: of every schema that compiles, the text of
// every valid instance must be one of the grammar and that of every invalid one must not. Texts are
// in the canonical spelling of docs/structured-output.md. Prints the table of that page.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "grammar/formats.h"
#include "grammar/grammar.h"
#include "grammar/json_text.h"
#include "grammar/machine.h"
#include "grammar/number.h"
#include "json/json.h"

namespace stride::grammar {
namespace {

namespace fs = std::filesystem;

const fs::path kSuite = fs::path(STRIDE_SCHEMA_SUITE) / "draft2020-12";

// "format" asserts nothing unless asked to, says the suite; we do assert those that we know.
// Meta-schemas that turn keywords off are not read.
const std::vector<std::string> kOtherMeaning = {"format", "vocabulary"};

// Valid instances that no text reaches, each with its reason.
const std::vector<std::pair<std::string, std::string>> kUnreachable = {
    {"optional/format/time", "leap second"},       // only written as 23:59:60 in UTC
    {"optional/format/date-time", "leap second"},  // likewise
};

std::string canonical(const Json& value) {
  if (json::is_number(value)) return to_text(*parse_decimal(json::dump(value)));
  if (value.is_string()) return quote_canonically(value.get<std::string>());
  if (!value.is_array() && !value.is_object()) return json::dump(value);
  std::string out;
  for (const auto& item : value.items()) {
    if (!out.empty()) out += ", ";
    if (value.is_object()) out += quote_canonically(item.key()) + ": ";
    out += canonical(item.value());
  }
  return value.is_object() ? "{" + out + "}" : "[" + out + "]";
}

bool accepts(Machine& machine, std::string_view text) {
  ConfigId at = machine.start();
  size_t key_begin = 0;
  for (size_t i = 0; i < text.size() && at != Machine::kDead; ++i) {
    const auto key = text.substr(key_begin, i - key_begin);
    at = machine.move(at, static_cast<uint8_t>(text[i]), key).to;
    if (machine.at_key_start(at)) key_begin = i + 1;
  }
  return at != Machine::kDead && machine.accepts(at);
}

struct Count {
  size_t n_group = 0, n_refused = 0, n_instance = 0, n_wrong = 0;
};

class Suite {
 public:
  void run(const fs::path& file) {
    const std::string name = fs::relative(file, kSuite).replace_extension().string();
    if (std::ranges::find(kOtherMeaning, name) != kOtherMeaning.end()) return;
    constexpr std::string_view kFormats = "optional/format/";
    if (name.starts_with(kFormats) && !is_enforced_format(name.substr(kFormats.size()))) return;
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    const auto groups = json::parse(text.str(), {.numbers = json::Numbers::exact});
    ASSERT_TRUE(groups.has_value()) << file;
    for (const Json& group : *groups) run_group(name, group);
  }

  std::map<std::string, Count> counts;

 private:
  void run_group(const std::string& name, const Json& group) {
    Count& count = counts[name];
    ++count.n_group;
    const std::string schema = json::dump(group["schema"]);
    const auto grammar = compile_json_schema(schema);
    if (!grammar && grammar.error().message.find("no value") != std::string::npos) {
      // A schema that nothing fits is refused as a mistake; the suite must agree.
      for (const Json& test : group["tests"]) EXPECT_FALSE(test["valid"].get<bool>()) << schema;
      return;
    }
    if (!grammar) {
      EXPECT_TRUE(grammar.error().code == Errc::unsupported ||
                  grammar.error().code == Errc::exhausted)
          << name << ": " << schema << ": " << grammar.error().message;
      ++count.n_refused;
      return;
    }
    Machine machine(*grammar, {});
    for (const Json& test : group["tests"]) {
      const std::string what = test["description"].get<std::string>();
      const bool valid = test["valid"].get<bool>();
      const bool unreachable = std::ranges::any_of(kUnreachable, [&](const auto& known) {
        return valid && known.first == name && what.find(known.second) != std::string::npos;
      });
      if (unreachable) continue;
      ++count.n_instance;
      const std::string text = canonical(test["data"]);
      if (accepts(machine, text) == valid) continue;
      ++count.n_wrong;
      ADD_FAILURE() << name << ": " << schema << "\n  " << text << "\n  " << what
                    << (valid ? ": is valid" : ": is not valid");
    }
  }
};

TEST(SchemaSuite, EverySchemaThatCompilesIsRightBothWays) {
  if (!fs::exists(kSuite)) GTEST_SKIP() << "the test suite is not installed, see apt.txt";
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(kSuite)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  Suite suite;
  for (const fs::path& file : files) suite.run(file);
  size_t n_group = 0, n_refused = 0, n_instance = 0;
  std::cout
      << "| file | schemas enforced | refused | instances right |\n| --- | --- | --- | --- |\n";
  for (const auto& [name, count] : suite.counts) {
    std::cout << "| " << name << " | " << count.n_group - count.n_refused << " | "
              << count.n_refused << " | " << count.n_instance - count.n_wrong << " of "
              << count.n_instance << " |\n";
    n_group += count.n_group;
    n_refused += count.n_refused;
    n_instance += count.n_instance;
  }
  std::cout << "together: " << n_group - n_refused << " of " << n_group << " schemas, "
            << n_instance << " instances\n";
  // What was enforced once stays enforced.
  EXPECT_GE(n_group - n_refused, size_t{STRIDE_SCHEMA_SUITE_ENFORCED});
}

}  // namespace
}  // namespace stride::grammar
