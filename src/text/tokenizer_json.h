// SPDX-License-Identifier: Apache-2.0
// A vocabulary in the tokenizer.json of a Hugging Face model.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "text/tokenizer.h"

namespace stride::text {

// Accepts byte-level BPE with the deepseek-v3 pre-tokenizer, without normalisation, and merges as
// "a b" or as pairs. Anything that would tokenise differently is unsupported: other regular
// expressions, dropout, byte fallback, prefixes or suffixes, added tokens that strip spaces or
// match whole words only. Ids must be distinct and without holes. The file does not say which
// tokens begin and end a text; they are looked up by their usual names.
Result<Vocabulary> read_tokenizer_json(std::string_view text);

// The file that read_tokenizer_json() reads back as the same vocabulary. Its ids are the order of
// the tokens.
std::string write_tokenizer_json(const Vocabulary& vocabulary);

}  // namespace stride::text
