// SPDX-License-Identifier: Apache-2.0
// Only the model, the type of the cache and the precision of activations may make a difference to
// an answer: they define groups. Every member of a group, whatever else differs, is compared with
// its plainest one. Members are the product of all settings in the long run, else a fixed sample.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/random.h"
#include "cli/slab.h"
#include "exercises.h"
#include "format/test_folder.h"

namespace stride::engine {

struct Group {
  const char* name;
  const char* mix;  // of a random model; null = step-nano
  model::KvType kv_type;
  model::Activations activations;
  uint32_t n_prompt;
  size_t n_sample;  // members in the short run
};

inline void PrintTo(const Group& group, std::ostream* out) {
  *out << group.name;
}

inline std::string name_of(const ::testing::TestParamInfo<Group>& group) {
  return group.param.name;
}

// All of them in the long run. Selection sampling keeps the order.
template <class Member>
std::vector<Member> sample_of(std::vector<Member> all, size_t n_sample) {
  if (run_everything()) return all;
  Random random(n_sample);
  std::vector<Member> out;
  for (size_t i = 0; i < all.size(); ++i)
    if (random.below(all.size() - i) < n_sample - out.size()) out.push_back(all[i]);
  return out;
}

class GroupTest : public ::testing::TestWithParam<Group> {
 protected:
  void SetUp() override {
    path_ = STRIDE_NANO;
    const Group& group = GetParam();
    if (!group.mix) return;
    path_ = folder_ / "slab.gguf";
    const auto size = cli::write_slab(
        path_, {{true, 5, 3, 1, 512}, *format::Mix::parse(group.mix), 7, 2, nullptr, {}});
    ASSERT_TRUE(size) << size.error().message;
  }

  std::unique_ptr<Engine> load(uint32_t n_threads, uint32_t max_rows) const {
    std::vector<std::string> warnings;
    auto engine = Engine::load({.model = path_,
                                .options = {.n_threads = n_threads,
                                            .max_rows = max_rows,
                                            .kv_type = GetParam().kv_type,
                                            .activations = GetParam().activations}},
                               warnings);
    EXPECT_TRUE(engine) << engine.error().message;
    return *std::move(engine);
  }

  // Exercises one after the other, or any tokens where the model is random.
  std::vector<Token> text(const Engine& engine, uint32_t first_exercise = 0) const {
    std::vector<Token> out;
    Random random(5 + first_exercise);
    for (uint32_t i = first_exercise; out.size() < GetParam().n_prompt; ++i) {
      if (GetParam().mix) {
        out.push_back(static_cast<Token>(random.below(engine.tokenizer().size())));
      } else {
        const auto prompt = exercise(engine, i)->input.prompt;
        out.insert(out.end(), prompt.begin(), prompt.end());
      }
    }
    out.resize(GetParam().n_prompt);
    return out;
  }

 private:
  std::filesystem::path path_;
  format::TestFolder folder_;
};

}  // namespace stride::engine
