// SPDX-License-Identifier: Apache-2.0
// The prompt of a conversation, byte for byte what the chat template of Step-3.5-Flash and
// Step-3.7-Flash gives, written natively: there is no template interpreter.
//
//   const Prompt prompt = STRIDE_TRY(chat::render(conversation));
//   for (const Segment& s : prompt.segments) tokenize(s.text, s.control ? special : plain);
//
// A control segment is exactly one special token and was written by the renderer itself. Everything
// that came from a caller is in plain segments, so no text of a user, tool or model can become a
// control token. Neighbouring plain text is one segment: BPE merges run across it. A segment that
// has tokens is a turn that was sampled here and becomes exactly these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "chat/message.h"

namespace stride::chat {

// The spelling of the control tokens; their ids are the tokenizer's business.
namespace token {
inline constexpr std::string_view kTurnBegin = "<|im_start|>";
inline constexpr std::string_view kTurnEnd = "<|im_end|>";
inline constexpr std::string_view kThinkBegin = "<think>";
inline constexpr std::string_view kThinkEnd = "</think>";
inline constexpr std::string_view kCallBegin = "<tool_call>";
inline constexpr std::string_view kCallEnd = "</tool_call>";
inline constexpr std::string_view kResultBegin = "<tool_response>";
inline constexpr std::string_view kResultEnd = "</tool_response>";
inline constexpr std::string_view kImage = "<im_patch>";
// "<|begin_of_sentence|>" with the full-width bars and low lines of the vocabulary.
inline constexpr std::string_view kBos =
    "<\xef\xbd\x9c"
    "begin\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>";
}  // namespace token

struct Segment {
  std::string text;
  bool control = false;
  std::vector<int32_t> tokens{};

  bool operator==(const Segment&) const = default;
};

struct Prompt {
  std::vector<Segment> segments;

  // The prompt as one string, for people and goldens. Do not tokenize this: it no longer knows
  // which parts were control tokens.
  std::string text() const;
};

enum class Trim {
  none,     // the template's own behaviour
  foreign,  // cut white space around contents, reasoning and text parts: left over newlines in a
            // history that was not sampled here drive the model into endless reasoning
};

enum class Images {
  placeholder,  // one <im_patch> for each image, as the template writes; expanded later
  refuse,       // the model reads text only: an image is an error, never dropped in silence
};

enum class FinalTurn {
  closed,
  // A conversation that ends with an assistant message is continued inside it: without content
  // inside its reasoning, otherwise in its content. Any other conversation is rendered as `closed`.
  continued,
};

struct RenderOptions {
  std::string bos{token::kBos};  // empty: the tokenizer adds it
  Trim trim = Trim::none;
  Images images = Images::placeholder;
  FinalTurn final_turn = FinalTurn::closed;
  // Between two text parts of one message. The template of Step-3.5 writes nothing; a space is
  // reported for Step-3.7.
  std::string part_separator{};
};

// Errors: an image where they are refused, a tool or arguments that are not a JSON object (with the
// place), a continued turn that already ended in a call.
Result<Prompt> render(const Conversation& conversation, const RenderOptions& options = {});

}  // namespace stride::chat
