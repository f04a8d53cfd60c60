// SPDX-License-Identifier: Apache-2.0
// The strings by which the special tokens with a role are found. Ids differ between vocabularies
// and files name only some roles, so nothing relies on numbers.
#pragma once

#include <string_view>

#include "text/tokenizer.h"

namespace stride::text {

inline constexpr std::string_view kBeginOfText = "<｜begin▁of▁sentence｜>";
inline constexpr std::string_view kEndOfText = "<｜end▁of▁sentence｜>";
inline constexpr std::string_view kPadding = "<｜▁pad▁｜>";
inline constexpr std::string_view kEndOfTurn = "<|im_end|>";

// What a model may write to end its answer, besides the eos that its file names.
inline constexpr std::string_view kEndNames[] = {kEndOfText, kPadding, kEndOfTurn};

// Sets bos, eos (the end of a turn, as the model's files have it, else of the text) and pad to the
// control tokens of these names, or -1.
void set_roles_by_name(Vocabulary& vocabulary);

}  // namespace stride::text
