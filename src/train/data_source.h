// SPDX-License-Identifier: Apache-2.0
// Where the trainer gets its text: an endless, reproducible stream of packed rows of tokens.
//
// A row is `length` tokens that hold one or more whole documents one behind the other. Attention
// and next-token targets never cross from one document into another, and positions restart with
// each. What a source yields depends only on its construction and its cursor, so that a run which
// stores the cursor in its checkpoint continues as if it had not been interrupted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace stride::train {

// Loss weights are hundredths: kFullWeight counts as 1, 0 masks the token from the loss.
inline constexpr uint8_t kFullWeight = 100;

struct Batch {
  uint32_t n_row = 0;
  uint32_t length = 0;           // tokens in a row, padding included
  std::vector<uint16_t> tokens;  // [n_row, length]
  // Weight of *predicting* the token at this place from the ones before it. Ignored at the first
  // token of a document, which nothing predicts. Padding has weight 0.
  std::vector<uint8_t> weights;  // [n_row, length]
  // Index within its row of the first token of the document that a token belongs to: never
  // decreasing along a row, and starts[i] <= i. Padding behind the last document starts one of
  // its own.
  std::vector<uint32_t> starts;  // [n_row, length]
  // What each token practises, an index into DataSource::skills(); empty if the source has none.
  std::vector<uint8_t> skills;  // [n_row, length] or []
};

class DataSource {
 public:
  virtual ~DataSource() = default;

  virtual uint32_t n_vocab() const = 0;
  virtual std::vector<std::string> skills() const { return {}; }

  // The next n_row rows of `length` tokens. Documents longer than a row are not cut: the source
  // leaves them out of rows this short. Fails where the data itself is at fault, naming the file
  // and line, or the generator and index.
  virtual Result<Batch> next_batch(uint32_t n_row, uint32_t length) = 0;

  // The place in the stream as one line of text; seek() brings a source of the same construction
  // back to it, or says why the text is no cursor of this source.
  virtual std::string cursor() const = 0;
  virtual Result<> seek(std::string_view cursor) = 0;
};

// That a batch keeps the promises above; the error names row and column.
Result<> check_batch(const Batch& batch, uint32_t n_vocab);

}  // namespace stride::train
