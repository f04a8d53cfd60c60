// SPDX-License-Identifier: Apache-2.0
// The flags of `run` and `chat` about how an answer is made, under the names of llama.cpp where
// they mean the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/message.h"
#include "cli/command_line.h"
#include "engine/generate.h"

namespace stride::cli {

struct GenerationFlags {
  int32_t n_predict = -1;
  std::string seed = "random";
  double temperature = 1;
  uint32_t top_k = 0;
  double top_p = 0.95;
  double min_p = 0;
  double typical_p = 1;
  double repeat_penalty = 1;
  int32_t repeat_last_n = 64;
  double presence_penalty = 0;
  double frequency_penalty = 0;
  double dry_multiplier = 0;
  double dry_base = 1.75;
  uint32_t dry_allowed_length = 2;
  int32_t dry_last_n = -1;
  std::vector<std::string> dry_breakers;
  std::vector<std::string> logit_bias;
  std::vector<std::string> stop;
  bool ignore_eos = false;
  std::string mtp_depth = "auto";
  std::string think = "on";
  std::optional<uint64_t> think_budget;
  std::optional<uint64_t> answer_reserve;
  std::string effort = "default";
  std::string loop_guard = "reasoning";
  std::string system;
};

void declare(CommandLine& line, GenerationFlags& flags);

// Checks what has a fixed form (the seed, biases, counts); ranges are checked by the sampler.
Result<engine::GenerationOptions> generation_options(const GenerationFlags& flags,
                                                     const engine::Engine& engine);

// An empty conversation with the system text, effort and thinking that the flags ask for.
chat::Conversation start_conversation(const GenerationFlags& flags);

// "TOKEN_ID+BIAS" or "TOKEN_ID-BIAS"; a bias of "-inf" rules the token out.
Result<decode::TokenBias> parse_logit_bias(const std::string& text);

// A number, or a random one for "random" and "-1".
Result<uint64_t> parse_seed(const std::string& text);

}  // namespace stride::cli
