// SPDX-License-Identifier: Apache-2.0
// Fills rows of fixed length with whole documents. A document that does not fit the rest of a row
// waits for a later one, so little is padded and nothing is cut. The state is the number of the
// next document and those that wait, which makes the cursor a short line of text.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "nano/mixture.h"

namespace stride::nano {

struct PackedRow {
  std::vector<text::Token> tokens;  // [length]
  std::vector<uint8_t> weights;     // [length] hundredths, 0 in padding
  std::vector<uint32_t>
      starts;  // [length] index of the first token of the document; padding is its own document
  std::vector<Skill> skills;  // [length]
  uint32_t n_used = 0;        // tokens before the padding
};

class Packer {
 public:
  explicit Packer(Mixture mixture) : mixture_(mixture) {}

  // Fails with the mixture's error, or if the vocabulary has no token to pad with.
  Result<PackedRow> next_row(uint32_t length);

  // "nano seed=1 next=812 waiting=805@512,809@512"
  std::string cursor() const;
  // Fails with format if the text is no cursor, or one of another seed.
  Result<> seek(std::string_view cursor);

 private:
  struct Waiting {
    uint64_t index;
    uint32_t length;  // of the row it was made for, on which its content depends
    Document document;
  };

  Mixture mixture_;
  uint64_t next_ = 0;
  std::deque<Waiting> waiting_;
};

}  // namespace stride::nano
