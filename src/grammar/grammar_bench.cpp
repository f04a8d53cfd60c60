// SPDX-License-Identifier: Apache-2.0
// The price of grammars: microseconds for the mask of a token along recorded kinds of answers over
// the real vocabulary, warm and cold, and milliseconds to compile. The vocabulary is the one the
// tests fetch (build/test-deps/text/step/tokenizer.json).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "grammar/matcher.h"
#include "json/json.h"
#include "text/tokenizer_json.h"

namespace stride::grammar {
namespace {

using Clock = std::chrono::steady_clock;

std::string read_file(const char* path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> client_tools(const std::string& client) {
  std::vector<std::string> out;
  const auto clients = json::parse(read_file(STRIDE_TEST_DATA "/grammar/tools.json"));
  if (!clients) return out;
  for (const Json& tool : (*clients)[client]) out.push_back(json::dump(tool));
  return out;
}

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"title":{"type":"string","maxLength":80},"tags":{"type":"array",)"
    R"("items":{"type":"string"}},"score":{"type":"integer","minimum":0,"maximum":100},"who":{"type":"object",)"
    R"("properties":{"name":{"type":"string"},"mail":{"type":"string"}},"required":["name"],)"
    R"("additionalProperties":false}},"required":["title","score"],"additionalProperties":false})";

constexpr std::string_view kAnswer =
    R"({"title": "A report about the weather of the last week in Oslo", "tags": ["weather", "oslo", )"
    R"("report \"week\""], "score": 87, "who": {"name": "Zoe Example", "mail": "zoe@example.org"}})";

constexpr std::string_view kCall =
    "I will look at the tests first.\n\n<tool_call>\n<function=Bash>\n<parameter=command>\n"
    "cd src && grep -rn \"TODO\" --include='*.cpp' . | head "
    "-20\n</parameter>\n<parameter=timeout>\n"
    "5000\n</parameter>\n</function>\n</tool_call>";

// Percentiles of the time for mask and acceptance of each token of the answer.
void masks(benchmark::State& state, const std::shared_ptr<const TokenTrie>& trie,
           const GrammarPtr& grammar, std::string_view answer, bool warm) {
  const std::vector<Token> tokens = trie->tokenizer().encode(answer, text::Special::allow);
  auto cache = std::make_shared<MaskCache>(trie);
  std::vector<double> times;
  std::vector<uint32_t> bits(trie->n_word());
  const auto run = [&] {
    Matcher matcher(grammar, cache);
    for (const Token token : tokens) {
      const auto begin = Clock::now();
      matcher.fill_mask(bits);
      const bool accepted = matcher.accept(token);
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
      if (!accepted) return state.SkipWithError("the answer does not fit the grammar");
    }
  };
  if (warm) run();
  times.clear();
  for (auto step : state) {
    if (!warm) cache = std::make_shared<MaskCache>(trie);
    run();
  }
  std::ranges::sort(times);
  const auto at = [&](double q) {
    return times[static_cast<size_t>(q * static_cast<double>(times.size() - 1))];
  };
  state.counters["p50_us"] = at(0.5);
  state.counters["p90_us"] = at(0.9);
  state.counters["p99_us"] = at(0.99);
  state.counters["max_us"] = at(1);
}

void compile(benchmark::State& state, const auto& make) {
  for (auto step : state) {
    auto grammar = make();
    if (!grammar) return state.SkipWithError(grammar.error().message.c_str());
    benchmark::DoNotOptimize(grammar);
  }
}

int run(int argc, char** argv) {
  auto vocabulary = text::read_tokenizer_json(read_file(STRIDE_STEP_VOCABULARY));
  if (!vocabulary) {
    std::fprintf(stderr, "%s: %s\n", STRIDE_STEP_VOCABULARY, vocabulary.error().message.c_str());
    return 1;
  }
  auto tokenizer =
      std::make_shared<const text::Tokenizer>(*text::Tokenizer::create(*std::move(vocabulary)));
  const auto trie = std::make_shared<const TokenTrie>(tokenizer);
  const auto tools = client_tools("claude-code");
  const auto add = [](const std::string& name, auto body) {
    benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMillisecond);
  };
  const GrammarPtr object = *compile_json_object(), schema = *compile_json_schema(kSchema),
                   calls = *compile_calls(tools, {});
  for (const bool warm : {true, false}) {
    const std::string how = warm ? "/warm" : "/cold";
    add("mask/object" + how, [=](auto& s) { masks(s, trie, object, kAnswer, warm); });
    add("mask/schema" + how, [=](auto& s) { masks(s, trie, schema, kAnswer, warm); });
    add("mask/calls" + how, [=](auto& s) { masks(s, trie, calls, kCall, warm); });
  }
  add("compile/object", [](auto& s) { compile(s, [] { return compile_json_object(); }); });
  add("compile/schema", [](auto& s) { compile(s, [] { return compile_json_schema(kSchema); }); });
  for (const char* client : {"claude-code", "claude-code-mcp", "codex", "opencode", "step-cli"}) {
    add(std::string("compile/calls/") + client, [client](auto& s) {
      const auto declared = client_tools(client);
      compile(s, [&] { return compile_calls(declared, {}); });
    });
  }
  add("trie", [=](auto& s) {
    for (auto step : s) benchmark::DoNotOptimize(TokenTrie(tokenizer).n_word());
  });
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace stride::grammar

int main(int argc, char** argv) {
  return stride::grammar::run(argc, argv);
}
