// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/published_pack.h"

#include <algorithm>
#include <cmath>

#include "gauntlet/prose.h"
#include "gauntlet/python_runner.h"
#include "gauntlet/sandbox.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

double has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos ? 1 : 0;
}

// Pieces between full stops, as the evaluator counts sentences.
size_t n_piece(std::string_view text) {
  size_t n = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('.'), text.size());
    n += trim(text.substr(0, end)).empty() ? 0 : 1;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return n;
}

double sentence_value(std::string_view text, size_t wanted) {
  const size_t n = n_piece(text);
  if (n == wanted) return 1;
  return n + 1 == wanted || n == wanted + 1 ? 0.5 : 0;
}

bool is_upper_case(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

Result<double> code_score(std::string_view answer, Sandbox& sandbox) {
  const std::vector<FencedBlock> blocks = fenced_blocks(answer);
  if (blocks.empty()) return 0;
  if (!sandbox.available())
    return fail(Errc::unsupported, "whether the code compiles cannot be told: {}",
                sandbox.unavailable_reason());
  const PythonRun run = STRIDE_TRY(run_python(sandbox, blocks[0].body, {}, 5));
  double score = run.source.parses ? 0.5 : 0;
  for (const std::string_view part :
       {"def calculate_fibonacci", "Type hints", "docstring", "n <= 0", "O(n)"})
    score += 0.1 * has(answer, part);
  return score;
}

double json_score(std::string_view answer) {
  std::string text(answer);
  if (const auto blocks = fenced_blocks(answer); !blocks.empty()) text = blocks[0].body;
  const size_t begin = text.find('{');
  const size_t end = text.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return 0;
  text = text.substr(begin, end - begin + 1);
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return 0;
  double score = 0;
  for (const char* key : {"analysis", "recommendations"})
    score += json::member(*value, key) != nullptr ? 0.25 : 0;
  for (const std::string_view part : {"\"analysis\"", "\"topic\": \"API Design\"", "\"confidence\"",
                                      "\"tags\"", "\"recommendations\""})
    score += 0.1 * has(text, part);
  return score;
}

Result<PublishedPrompt> read_prompt(const Json& value, std::string_view id) {
  PublishedPrompt out;
  if (value.is_string()) {
    out.text = value.get<std::string>();
  } else {
    const std::string* prompt = json::string_member(value, "prompt");
    const std::string* context = json::string_member(value, "context");
    if (prompt != nullptr)
      out.text = context == nullptr ? *prompt : "Context:\n" + *context + "\n\n" + *prompt;
    if (const Json* expected = json::member(value, "expected"); expected && expected->is_array())
      for (const Json& item : *expected)
        if (item.is_string()) out.expected.push_back(item.get<std::string>());
  }
  if (trim(out.text).empty())
    return fail(Errc::invalid_argument, "{} has no prompt: a text, or an object with \"prompt\"",
                id);
  if (id == "code_execution_reasoning" && out.expected.size() != 3)
    return fail(Errc::invalid_argument,
                "{} needs \"expected\", the three lists that its program prints", id);
  return out;
}

}  // namespace

Result<PublishedPrompts> read_published_prompts(std::string_view text) {
  const auto root = json::parse(text, {.max_bytes = size_t{8} << 20});
  if (!root || !root->is_object())
    return fail(Errc::invalid_argument,
                "the prompts must be a JSON object with a member for each of the fifteen tests");
  PublishedPrompts out;
  for (size_t i = 0; i < kPublishedTests; ++i) {
    const std::string_view id = published_tests()[i].id;
    const Json* value = json::member(*root, id);
    if (value == nullptr)
      return fail(Errc::invalid_argument, "the prompts lack {}; the scale needs all fifteen", id);
    out[i] = STRIDE_TRY(read_prompt(*value, id));
  }
  return out;
}

Result<double> published_score(size_t index, const PublishedPrompt& prompt, std::string_view answer,
                               Sandbox& sandbox) {
  const std::string_view id = published_tests()[index].id;
  if (id == "basic_reasoning") return 0.4 * has(answer, "36") + 0.3;
  if (id == "code_generation") return code_score(answer, sandbox);
  if (id == "algorithm_explanation") return 0.35 + 0.3 * sentence_value(answer, 3);
  if (id == "complex_reasoning") return 0.5 * has(answer, "Dave") + 0.25;
  if (id == "long_context_rag")
    return 0.33 * has(answer, "72%") + 0.33 * has(answer, "Sarah Chen, MIT CSAIL") + 0.17;
  if (id == "structured_output") return json_score(answer);
  if (id == "instruction_following")
    return 0.2 * sentence_value(answer, 5) + (is_upper_case(answer) ? 0.2 : 0) + 0.3;
  if (id == "adversarial") return 0.5 * has(answer, "5 minutes") + 0.25;
  if (id == "code_execution_reasoning") {
    double score = 0.125;
    for (const std::string& list : prompt.expected) score += 0.25 * has(answer, list);
    return score;
  }
  return 0.5;  // the six constants
}

PublishedResult published_result(const std::array<PublishedCell, kPublishedTests>& cells) {
  PublishedResult out;
  double sum = 0;
  double time = 0;
  for (size_t i = 0; i < kPublishedTests; ++i) {
    if (cells[i].failed) {
      ++out.n_failed;
      continue;
    }
    sum += cells[i].score;
    time += cells[i].total_s;
    // Tenths are added up there too; a sum that rounding left a hair below passes.
    out.n_passed += cells[i].score >= published_tests()[i].pass - 1e-9 ? 1 : 0;
  }
  constexpr auto kAll = static_cast<double>(kPublishedTests);
  const double n_worked = kAll - static_cast<double>(out.n_failed);
  out.average = n_worked > 0 ? sum / n_worked : 0;
  const double mean_s = time / kAll;  // a request that failed counts as no time
  const double speed = mean_s < 30 ? 1.0 : mean_s < 60 ? 0.7 : 0.4;
  out.overall = 0.50 * out.average + 0.25 * speed + 0.25 * n_worked / kAll;
  return out;
}

std::string published_gauge(double average, size_t width) {
  const auto column = [&](double value) {
    return static_cast<size_t>(
        std::lround(std::clamp(value, 0.0, 1.0) * static_cast<double>(width - 1)));
  };
  std::string line(width, '-');
  line.front() = line.back() = '|';
  line[column(kPublishedFloor)] = 'F';
  line[column(kPublishedCeiling)] = 'C';
  line[column(average)] = '#';
  return line;
}

}  // namespace stride::gauntlet
