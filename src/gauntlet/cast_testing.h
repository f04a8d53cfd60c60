// SPDX-License-Identifier: Apache-2.0
// For tests: the casts of tests/data/casts, each with what its header says a capture must find.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gauntlet/cast.h"
#include "json/json.h"

namespace stride::gauntlet {

struct KnownCast {
  std::string name{};
  Cast cast{};
  Json expect{};
};

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline KnownCast known_cast(const std::string& name) {
  const std::string text =
      file_text(std::filesystem::path(STRIDE_TEST_DATA) / "casts" / (name + ".sgcast"));
  auto cast = read_cast(text);
  if (!cast) ADD_FAILURE() << name << ": " << cast.error().message;
  const Json header = json::parse(text.substr(0, text.find('\n'))).value();
  return {name, cast.value(), header.at("expect")};
}

inline std::vector<KnownCast> known_casts() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(STRIDE_TEST_DATA) / "casts"))
    if (entry.path().extension() == ".sgcast") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  std::vector<KnownCast> casts;
  for (const std::string& name : names) casts.push_back(known_cast(name));
  return casts;
}

// Everything but the times of the header's "expect".
inline void expect_content(const KnownCast& known, const Attempt& attempt) {
  const Json& expect = known.expect;
  const auto text = [&](const char* key, const std::string& actual) {
    if (const std::string* wanted = json::string_member(expect, key)) {
      EXPECT_EQ(actual, *wanted);
    }
  };
  const auto flag = [&](const char* key, bool actual) {
    if (expect.contains(key)) {
      EXPECT_EQ(actual, expect[key].get<bool>()) << key;
    }
  };
  const auto count = [&](const char* key, std::optional<uint64_t> actual) {
    if (expect.contains(key)) {
      EXPECT_EQ(actual, expect[key].get<uint64_t>()) << key;
    }
  };
  const auto notes = testing::PrintToString(attempt.notes);
  EXPECT_EQ(name(attempt.failure), expect.at("failure").get<std::string>()) << attempt.message;
  EXPECT_EQ(attempt.message.empty(), attempt.failure == FailureClass::ok) << attempt.message;
  EXPECT_EQ(attempt.message.find('\n'), std::string::npos);
  text("answer", attempt.answer);
  text("reasoning", attempt.reasoning);
  text("finish", attempt.finish_reason);
  text("signature", attempt.signature);
  text("source", std::string(name(attempt.usage.source)));
  if (const std::string* end = json::string_member(expect, "reasoning_ends")) {
    EXPECT_TRUE(attempt.reasoning.ends_with(*end));
  }
  if (const std::string* part = json::string_member(expect, "message_has")) {
    EXPECT_NE(attempt.message.find(*part), std::string::npos) << attempt.message;
  }
  if (const std::string* part = json::string_member(expect, "note_has")) {
    EXPECT_NE(notes.find(*part), std::string::npos) << notes;
  }
  if (expect.contains("notes")) {
    EXPECT_EQ(attempt.notes.size(), expect["notes"].get<size_t>()) << notes;
  }
  flag("hidden", attempt.hidden);
  flag("late_open", attempt.late_open);
  flag("tag_leak", attempt.tag_leak);
  flag("streamed", attempt.streamed);
  count("input", attempt.usage.input);
  count("cached", attempt.usage.cached);
  count("output", attempt.usage.output);
  count("reasoning_tokens", attempt.usage.reasoning);
  if (expect.contains("cost")) {
    EXPECT_EQ(attempt.usage.cost_usd, expect["cost"].get<double>());
  }
  if (expect.contains("retry_after")) {
    EXPECT_EQ(attempt.retry_after_s, expect["retry_after"].get<double>());
  }
  if (expect.contains("calls")) {
    Json calls = Json::array();
    for (const CapturedCall& call : attempt.calls)
      calls.push_back({call.id, call.name, call.arguments});
    EXPECT_EQ(calls, expect["calls"]);
  }
}

}  // namespace stride::gauntlet
