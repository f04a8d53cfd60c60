// SPDX-License-Identifier: Apache-2.0
// What a client gets out of an answer, in one form for all dialects, whether it came whole or as a
// stream. The reader of streams is as strict as the strictest client: an event out of its order, a
// block that is not closed, a sum that is wrong, or a stream without its end is an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/dialect.h"
#include "base/error.h"

namespace stride::api::testing {

struct ToldBlock {
  enum class Kind : uint8_t { reasoning, content, call };

  Kind kind = Kind::content;
  std::string name{};  // of a call
  std::string text{};  // of a call its arguments

  bool operator==(const ToldBlock&) const = default;
};

struct ToldUsage {
  uint64_t prompt = 0;  // tokens, those from the cache included
  uint64_t completion = 0;
  uint64_t reasoning = 0;  // 0 in Messages, which do not tell it

  bool operator==(const ToldUsage&) const = default;
};

struct ToldAnswer {
  std::vector<ToldBlock> blocks{};  // in their order
  std::string finish_reason{};      // in the dialect's word
  std::string finish_cause{};
  std::string stop{};  // the stop string that ended it, where one did and is told
  ToldUsage usage{};
  std::vector<std::string> logprobs{};  // an entry for each token, as JSON

  bool operator==(const ToldAnswer&) const = default;

  std::string joined(ToldBlock::Kind kind) const;
  std::vector<ToldBlock> calls() const;
};

// With one block of reasoning, one of content and the calls behind them: some dialects keep the
// order of blocks in streams only.
ToldAnswer merged(const ToldAnswer& answer);

Result<ToldAnswer> read_whole(Dialect dialect, std::string_view body);
Result<ToldAnswer> read_stream(Dialect dialect, std::string_view events);

}  // namespace stride::api::testing
