// SPDX-License-Identifier: Apache-2.0
#include "train/nano_source.h"

#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include "nano/skills.h"
#include "text/tokenizer_json.h"

namespace stride::train {

NanoSource::NanoSource(text::Tokenizer tokenizer, uint64_t seed)
    : tokenizer_(std::move(tokenizer)), packer_(nano::Mixture(tokenizer_, seed)) {}

Result<std::unique_ptr<NanoSource>> NanoSource::open(const std::string& tokenizer_path,
                                                     uint64_t seed) {
  std::ifstream file(tokenizer_path, std::ios::binary);
  if (!file) return fail(Errc::io, "{} cannot be opened", tokenizer_path);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  text::Vocabulary vocabulary = STRIDE_TRY_AT(tokenizer_path, text::read_tokenizer_json(bytes));
  return create(STRIDE_TRY_AT(tokenizer_path, text::Tokenizer::create(std::move(vocabulary))),
                seed);
}

Result<std::unique_ptr<NanoSource>> NanoSource::create(text::Tokenizer tokenizer, uint64_t seed) {
  if (tokenizer.size() > std::numeric_limits<uint16_t>::max())
    return fail(Errc::unsupported, "a vocabulary of {} tokens is too large to train on",
                tokenizer.size());
  return std::unique_ptr<NanoSource>(new NanoSource(std::move(tokenizer), seed));
}

std::vector<std::string> NanoSource::skills() const {
  std::vector<std::string> names;
  for (int s = 0; s < nano::kSkills; ++s)
    names.emplace_back(nano::skill_name(static_cast<nano::Skill>(s)));
  return names;
}

Result<Batch> NanoSource::next_batch(uint32_t n_row, uint32_t length) {
  Batch batch{
      .n_row = n_row, .length = length, .tokens = {}, .weights = {}, .starts = {}, .skills = {}};
  for (uint32_t r = 0; r < n_row; ++r) {
    const nano::PackedRow row = STRIDE_TRY(packer_.next_row(length));
    for (const text::Token token : row.tokens) batch.tokens.push_back(static_cast<uint16_t>(token));
    for (const nano::Skill skill : row.skills) batch.skills.push_back(static_cast<uint8_t>(skill));
    batch.weights.insert(batch.weights.end(), row.weights.begin(), row.weights.end());
    batch.starts.insert(batch.starts.end(), row.starts.begin(), row.starts.end());
  }
  return batch;
}

}  // namespace stride::train
