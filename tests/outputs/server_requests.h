// SPDX-License-Identifier: Apache-2.0
// The requests by which a script is asked for over HTTP: in each dialect, whole and as a stream,
// with what clients choose to see.
#pragma once

#include <string>
#include <string_view>

#include "adversarial_outputs.h"
#include "api/dialect.h"
#include "net/testing/client.h"
#include "run_setting.h"

namespace stride {

inline constexpr uint32_t kContext = 8000;
inline constexpr api::Dialect kDialects[] = {api::Dialect::chat, api::Dialect::completions,
                                             api::Dialect::responses, api::Dialect::messages};

// What the client wants to see; a function of the seed.
struct View {
  bool logprobs = false;
  bool hide_reasoning = false;        // chat, messages
  bool reasoning_in_content = false;  // chat
  bool summaries = false;             // responses
  bool custom_tool = false;           // responses
};

View view_of(api::Dialect dialect, uint64_t seed);

struct Asked {
  uint64_t seed = 0;
  api::Dialect dialect = api::Dialect::chat;
  AdversarialOutput output{};
  Setting setting{};
  View view{};
  std::string marks[2]{};  // of the whole answer and the stream
  net::Answer answers[2]{};
};

std::string_view path_of(api::Dialect dialect);
std::string body_of(const Asked& asked, bool stream);

}  // namespace stride
