// SPDX-License-Identifier: Apache-2.0
// The forms in which clients ask and read.
#pragma once

#include <cstdint>

namespace stride::api {

enum class Dialect : uint8_t {
  chat,         // OpenAI, /v1/chat/completions
  completions,  // OpenAI, /v1/completions: raw text
  responses,    // OpenAI, /v1/responses
  messages,     // Anthropic, /v1/messages
};

}  // namespace stride::api
