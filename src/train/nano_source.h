// SPDX-License-Identifier: Apache-2.0
// The exercises of step-nano (src/nano) as a source for the trainer.
//
//   auto source = STRIDE_TRY(NanoSource::open("models/step-nano-tokenizer.json", seed));
//   const Batch batch = STRIDE_TRY(source->next_batch(16, 512));
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nano/packing.h"
#include "text/tokenizer.h"
#include "train/data_source.h"

namespace stride::train {

class NanoSource final : public DataSource {
 public:
  // Fails if the file is no tokenizer or has more tokens than a batch can name.
  static Result<std::unique_ptr<NanoSource>> open(const std::string& tokenizer_path, uint64_t seed);
  static Result<std::unique_ptr<NanoSource>> create(text::Tokenizer tokenizer, uint64_t seed);

  uint32_t n_vocab() const override { return static_cast<uint32_t>(tokenizer_.size()); }
  std::vector<std::string> skills() const override;
  Result<Batch> next_batch(uint32_t n_row, uint32_t length) override;
  std::string cursor() const override { return packer_.cursor(); }
  Result<> seek(std::string_view cursor) override { return packer_.seek(cursor); }

  const text::Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  NanoSource(text::Tokenizer tokenizer, uint64_t seed);

  text::Tokenizer tokenizer_;
  nano::Packer packer_;
};

}  // namespace stride::train
