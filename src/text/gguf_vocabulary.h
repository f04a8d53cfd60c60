// SPDX-License-Identifier: Apache-2.0
// A vocabulary in the metadata of a GGUF file: the keys tokenizer.ggml.*.
#pragma once

#include "base/error.h"
#include "format/metadata.h"
#include "text/tokenizer.h"

namespace stride::text {

// Errors name the key. unsupported: another tokenizer model or pre-tokenizer than ours, which would
// silently give wrong tokens. The result is checked further by Tokenizer::create().
Result<Vocabulary> read_vocabulary(const format::Metadata& metadata);

// The reverse: sets the keys that read_vocabulary() reads, byte for byte.
void write_vocabulary(const Vocabulary& vocabulary, format::Metadata& metadata);

}  // namespace stride::text
