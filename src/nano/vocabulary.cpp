// SPDX-License-Identifier: Apache-2.0
#include "nano/vocabulary.h"

#include <algorithm>
#include <string>
#include <vector>

#include "chat/render.h"
#include "nano/mixture.h"
#include "nano/render.h"
#include "nano/skills.h"
#include "text/bpe_trainer.h"

namespace stride::nano {
namespace {

using text::SpecialToken;
using text::TokenKind;

// The names and kinds of the Step vocabulary, in the order of its ids.
std::vector<SpecialToken> special_tokens() {
  return {{std::string(chat::token::kBos)},
          {"<\xef\xbd\x9c"
           "end\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>"},
          {"<\xef\xbd\x9c\xe2\x96\x81pad\xe2\x96\x81\xef\xbd\x9c>"},
          {"<im_start>"},
          {"<im_patch>"},
          {"<im_end>"},
          {"<patch_start>"},
          {"<patch_newline>"},
          {"<patch_end>"},
          {"<|im_start|>"},
          {"<|im_end|>"},
          {"<tool_call>", TokenKind::user_defined},
          {"</tool_call>", TokenKind::user_defined},
          {"<tool_response>", TokenKind::user_defined},
          {"</tool_response>", TokenKind::user_defined},
          {"<think>", TokenKind::user_defined},
          {"</think>", TokenKind::user_defined}};
}

// Appends the lines of a text without their ends, so that no merge can hold one.
void add_lines(std::string_view text, std::vector<std::string>& lines) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

Result<text::Vocabulary> train_vocabulary(const VocabularyOptions& options) {
  std::vector<std::string> lines;
  for (uint64_t i = 0; i < options.n_sample; ++i) {
    const Sample sample = choose_sample(options.seed, i, 512);
    const chat::Prompt prompt = STRIDE_TRY(chat::render(conversation_of(sample, LastTurn::keep)));
    for (const chat::Segment& segment : prompt.segments)
      if (!segment.control) add_lines(segment.text, lines);
  }
  const std::vector<std::string_view> texts(lines.begin(), lines.end());
  text::Vocabulary vocabulary = STRIDE_TRY(text::train_bpe(
      texts,
      {.n_merges = options.n_token, .n_tokens = options.n_token, .specials = special_tokens()}));
  if (vocabulary.tokens.size() < options.n_token)
    return fail(Errc::exhausted, "{} samples give only {} tokens, {} are wanted", options.n_sample,
                vocabulary.tokens.size(), options.n_token);
  return vocabulary;
}

}  // namespace stride::nano
