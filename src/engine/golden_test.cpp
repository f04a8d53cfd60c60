// SPDX-License-Identifier: Apache-2.0
// The engine on real (tiny, random) models: their golden continuations, and results that depend on
// neither threads nor the state of the cache.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "engine/generate.h"
#include "json/json.h"

namespace stride::engine {
namespace {

std::unique_ptr<Engine> load(const std::string& name, model::Path path, uint32_t n_threads) {
  std::vector<std::string> warnings;
  auto engine = Engine::load({.model = std::string(STRIDE_GOLDEN "/tiny/") + name + ".gguf",
                              .options = {.path = path, .n_threads = n_threads}},
                             warnings);
  EXPECT_TRUE(engine) << engine.error().message;
  return *std::move(engine);
}

Json golden(const std::string& name) {
  std::ifstream in(STRIDE_GOLDEN "/tiny/" + name + ".json");
  const auto json = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
  EXPECT_TRUE(json);
  return *json;
}

// The most probable token after each position of the golden text.
std::vector<Token> greedy(Engine& engine, const std::vector<Token>& ids) {
  Session session = *Session::make(engine.model(), 64);
  model::Output out;
  EXPECT_TRUE(session.append(ids, model::Logits::all, out));
  const size_t n_vocab = engine.model().config().n_vocab;
  std::vector<Token> tokens;
  for (size_t i = 0; i < ids.size(); ++i)
    tokens.push_back(
        *decode::argmax(std::span<const float>(out.logits).subspan(i * n_vocab, n_vocab)));
  return tokens;
}

class GoldenGreedy : public ::testing::TestWithParam<std::pair<const char*, model::Path>> {};

TEST_P(GoldenGreedy, TokensAreThoseOfTheOracle) {
  const auto& [name, path] = GetParam();
  const auto engine = load(name, path, 2);
  const Json expected = golden(name);
  EXPECT_EQ(greedy(*engine, expected["ids"].get<std::vector<Token>>()),
            expected["greedy"].get<std::vector<Token>>());
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenGreedy,
                         ::testing::Values(std::pair("tiny-f32", model::Path::reference),
                                           std::pair("tiny-q8_0", model::Path::reference),
                                           std::pair("tiny-q4_k_s", model::Path::reference),
                                           std::pair("tiny-f32", model::Path::fast)));

std::vector<Token> generated(const Engine& engine, Session& session, const std::string& question,
                             double temperature, uint32_t chunk = 512) {
  chat::Conversation c;
  c.messages = {chat::text_message(chat::Role::user, question)};
  const auto input = engine.encode(*chat::render(c));
  EXPECT_TRUE(input) << input.error().message;
  GenerationOptions options;
  options.sampling.temperature = temperature;
  options.sampling.seed = 7;
  options.max_tokens = 16;
  options.ignore_end = true;
  options.chunk = chunk;
  const auto result = generate(engine, session, *input, options, {}, {});
  EXPECT_TRUE(result) << result.error().message;
  std::vector<Token> out;
  for (const GeneratedToken& t : result->tokens) out.push_back(t.id);
  EXPECT_EQ(out.size(), 16U);
  return out;
}

TEST(Generation, DoesNotDependOnThreadsOrChunks) {
  for (const char* name : {"tiny-f32", "tiny-q4_k_s"}) {
    const auto one = load(name, model::Path::fast, 1);
    const auto two = load(name, model::Path::fast, 2);
    Session a = *Session::make(one->model(), 512), b = *Session::make(two->model(), 512);
    EXPECT_EQ(generated(*one, a, "What is two and two?", 1),
              generated(*two, b, "What is two and two?", 1, 5));
  }
}

TEST(Generation, IsTheSameFromACacheThatWasUsedBefore) {
  const auto engine = load("tiny-q8_0", model::Path::fast, 2);
  Session fresh = *Session::make(engine->model(), 512), used = *Session::make(engine->model(), 512);
  const auto expected = generated(*engine, fresh, "And a second question?", 1);
  generated(*engine, used, "A first question?", 1);
  generated(*engine, used, "And another", 1);
  EXPECT_EQ(generated(*engine, used, "And a second question?", 1), expected);
  EXPECT_EQ(generated(*engine, used, "And a second question?", 1), expected);
}

}  // namespace
}  // namespace stride::engine
