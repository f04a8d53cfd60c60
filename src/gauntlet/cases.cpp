// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/cases.h"

#include "base/utf8.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kFiller =
    "The quiet garden behind the old library keeps its own calendar and never asks anyone for the "
    "hour. Visitors walk past the low wall, notice the smell of wet leaves and carry on toward the "
    "market. ";

std::string filler() {
  std::string text;
  for (int i = 0; i < 6; ++i) text += kFiller;  // a little over 200 words
  return text;
}

std::string text_of(const Question& question) {
  std::string all;
  for (const ChatTurn& turn : question.turns) all += turn.text + '\n';
  return all;
}

}  // namespace

uint64_t variant_seed(std::string_view test, const Variant& variant) {
  // FNV-1a of the name keeps the tests' draws apart.
  uint64_t seed = 0xcbf29ce484222325;
  for (const char c : test) seed = (seed ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return variant.seed ? seed ^ (*variant.seed * 0x9e3779b97f4a7c15 + 0x5851f42d4c957f2d)
                      : seed + variant.index;
}

Question ask(std::string prompt) {
  return {.turns = {{.text = std::move(prompt)}}};
}

Attempt answered(std::string text) {
  Attempt attempt;
  attempt.http_status = 200;
  attempt.finish_reason = "stop";
  attempt.answer = std::move(text);
  return attempt;
}

PseudoAnswer pseudo(std::string name, std::string text, PseudoAnswer::Must must) {
  return {.name = std::move(name), .attempts = {answered(std::move(text))}, .must = must};
}

std::vector<PseudoAnswer> usual_suspects(const Question& question, std::string_view reference,
                                         PseudoAnswer::Must cut_must,
                                         PseudoAnswer::Must echo_must) {
  using Must = PseudoAnswer::Must;
  std::vector<PseudoAnswer> out = {
      pseudo("empty", "", Must::be_zero),
      pseudo("whitespace", " \n\t \r\n", Must::be_zero),
      pseudo("echo", text_of(question), echo_must),
      pseudo("not knowing", "I don't know.", Must::be_zero),
      pseudo("refusal", "I'm sorry, but I can't help with that request.", Must::be_zero),
      pseudo("filler", filler(), Must::fail),
      pseudo("{}", "{}", Must::fail),
      pseudo("reference", std::string(reference), Must::be_perfect),
  };
  PseudoAnswer reasoning = pseudo("reference in the reasoning only", "", Must::be_zero);
  reasoning.attempts[0].reasoning = reference;
  out.push_back(std::move(reasoning));
  std::string half(reference.substr(0, reference.size() / 2));
  half.resize(half.size() - incomplete_utf8_tail(half));
  PseudoAnswer cut = pseudo("reference cut at half", std::move(half), cut_must);
  cut.attempts[0].finish_reason = "length";
  cut.attempts[0].failure = FailureClass::truncated_in_answer;
  out.push_back(std::move(cut));
  return out;
}

std::string filled(std::string_view text,
                   const std::vector<std::pair<std::string, std::string>>& slots) {
  std::string out(text);
  for (const auto& [name, value] : slots) {
    const std::string key = '{' + name + '}';
    for (size_t at = 0; (at = out.find(key, at)) != std::string::npos; at += value.size()) {
      out.replace(at, key.size(), value);
    }
  }
  return out;
}

}  // namespace stride::gauntlet
