// SPDX-License-Identifier: Apache-2.0
// The flags by which commands that run a model choose it and its memory, and what they do with
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/memory_info.h"
#include "cli/command_line.h"
#include "engine/engine.h"

namespace stride::cli {

struct ModelFlags {
  std::string model;
  std::optional<std::string> mtp;
  uint32_t context = 0;  // tokens; 0 = choose
  uint32_t batch = 512;
  uint32_t ubatch = 512;
  uint32_t threads = 0;
  std::string path = "fast";
  std::string kv = "f16";
  std::string weights = "auto";
  std::string activations = "auto";
  std::string flash = "on";
};

void declare(CommandLine& line, ModelFlags& flags);

// `-fa` alone means `-fa on`, as in older versions of llama.cpp; newer ones give it a value.
std::vector<std::string> complete_flash_flag(Arguments args);

// The flag that says where weights are read from, and its meaning.
void declare_weights(CommandLine& line, std::string& weights);
model::Placement placement_of(std::string_view weights);

// The flag that says how activations are quantised, and its meaning.
void declare_activations(CommandLine& line, std::string& activations);
model::Activations activations_of(std::string_view activations);

// Fails if so many threads would only stand in each other's way.
Result<> check_threads(uint32_t n_threads);

// Opens the model and reports what is suspicious about its file, also on failure.
Result<std::unique_ptr<engine::Engine>> open_engine(const ModelFlags& flags);

// The number of tokens to make room for. A wish is granted or refused with what it needs and what
// would fit; without one it is the training context, at most kDefaultContext, and at most what half
// the free memory holds.
inline constexpr uint32_t kDefaultContext = 32768;
Result<uint32_t> choose_context(const model::Model& model, uint32_t wish,
                                const std::optional<MemoryInfo>& memory);
// Reports a context that is longer than the model was trained for.
void report_long_context(const model::Config& config, uint32_t context);

}  // namespace stride::cli
